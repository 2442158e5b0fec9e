"""Builds a city pack from the shared open data of Santa Monica: `python tools/santa_monica_pack.py DATA_DIR OUT_DIR`.

How each part is made:

- A service for each of the 193 topics of the city's intake list, in its 44 groups. Its key is the topic as written, so
  that the history finds it; its name says more where the topic alone says too little ("Hours", "Other").
- The topics that only the history knows become services too, in a group of their own; neither is active, so residents
  are not offered them and old requests keep their topic. A topic of one occasion that is over is not active either.
- The department of a topic is the one that answered most of its history; without history, the one that answered most of
  its group's. Rows without a department, or from an old import, do not count. One queue per department.
- The promise is the 80th percentile of the history's "Days to Respond", which counts working days with both ends; with
  fewer than five answers that of the group, then of the city.
- A place is required where 60 percent of the history has one, optional from 10 percent, else not asked for.
- The eight topics with the most history that are about something in particular are the tiles of the first page.
- What is mended in the street is closed with a photo of the work.

The data is not part of the repository, and neither is what comes out.
"""

import csv
import gzip
import json
import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

# Run as a script, only this folder is on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from onehall.kernel.yamlfile import dump
from tools.santa_monica_names import OVER, SUMMARIES, name_of
from tools.santa_monica_words import (
    CALENDAR,
    CITY,
    FLOW,
    GROUP_ICONS,
    GROUP_NAMES,
    NOT_PUBLIC,
    PROVEN,
    QUEUE_ICONS,
    SUFFIXES,
    SYNONYMS,
)

type Doc = dict[str, Any]

HISTORY: Final = "311/santa-monica-gorequest-2005-2015.csv.gz"
TOPICS: Final = "311/santa-monica-topics.csv"
BOUNDARIES: Final = "boundaries/santa-monica"
PLACES: Final = "streets-and-places/santa-monica"
NO_DEPARTMENT: Final = frozenset({"", "import_no_login"})
FORMER: Final = "Former topics"
FEWEST: Final = 5
MOST_COMMON: Final = 8


@dataclass
class Past:
    """What the history says about one topic, one group or the whole city."""

    days: list[int] = field(default_factory=list)
    departments: Counter[str] = field(default_factory=Counter)
    located: int = 0
    total: int = 0

    def add(self, row: dict[str, str]) -> None:
        """Count one row of the history."""
        self.total += 1
        self.located += bool(row["Latitude"].strip())
        department = row["Assigned Department"].strip()
        if department not in NO_DEPARTMENT:
            self.departments[department] += 1
        if row["Days to Respond"].strip():
            self.days.append(int(float(row["Days to Respond"])))

    @property
    def department(self) -> str:
        """The department that answered most; by name among equals."""
        return min(self.departments, key=lambda d: (-self.departments[d], d), default="")


def key_of(text: str) -> str:
    """A key for machines from words: "Refuse & Recycling Pick-up" gives "refuse-recycling-pick-up"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return key if key[:1].isalpha() else f"n-{key}"


def build(data: Path, out: Path) -> None:
    """Write the whole pack; `out` is made when it is not there."""
    for folder in ("areas", "assets", "services", "flows"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    _yaml(out / "city.yaml", CITY)
    _yaml(out / "calendar.yaml", CALENDAR)
    _yaml(out / "flows/request.yaml", FLOW)
    _catalogue(data, out)
    _areas(data, out)
    _streets(data, out)
    _places(data, out)
    _assets(data, out)


# --- services ------------------------------------------------------------------------------------


def _catalogue(data: Path, out: Path) -> None:
    with (data / TOPICS).open(encoding="utf-8", newline="") as file:
        groups = {row["topic"]: row["topic_group"] for row in csv.DictReader(file)}
    with gzip.open(data / HISTORY, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for topic in sorted({row["Topic"] for row in rows} - set(groups)):
        groups[topic] = FORMER
    topics: dict[str, Past] = defaultdict(Past)
    by_group: dict[str, Past] = defaultdict(Past)
    city = Past()
    for row in rows:
        for past in (topics[row["Topic"]], by_group[groups[row["Topic"]]], city):
            past.add(row)
    _yaml(
        out / "departments.yaml",
        {"departments": [_department(d) for d in sorted(city.departments)]},
    )
    names = list(dict.fromkeys(groups.values()))
    _yaml(out / "services/_groups.yaml", {"groups": [_group(name) for name in names]})
    common = _common(groups, topics)
    for topic, group in groups.items():
        levels = [topics[topic], by_group[group], city]
        doc = _service(topic, group, levels, common=topic in common)
        _yaml(out / f"services/{doc['key']}.yaml", doc)


def _department(name: str) -> Doc:
    key = key_of(name)
    queue = {"key": key, "name": name, "icon": QUEUE_ICONS.get(name, "inbox")}
    return {"key": key, "name": name, "queues": [queue]}


def _group(name: str) -> Doc:
    words = GROUP_NAMES.get(name, name)
    doc = {"key": key_of(name), "name": words, "icon": GROUP_ICONS.get(name, "question")}
    return {**doc, "active": False} if name == FORMER else doc


def _common(groups: dict[str, str], topics: dict[str, Past]) -> set[str]:
    named = [t for t, g in groups.items() if g != FORMER and not t.startswith("Other")]
    return set(sorted(named, key=lambda t: (-topics[t].total, t))[:MOST_COMMON])


def _service(topic: str, group: str, levels: Sequence[Past], *, common: bool) -> Doc:
    """The document of one topic; `levels` are the past of the topic, of its group and of the city."""
    department = next(p.department for p in levels if p.department)
    private = group in NOT_PUBLIC
    name = name_of(topic, GROUP_NAMES.get(group, group))
    doc: Doc = {
        "key": key_of(topic),
        "group": key_of(group),
        "name": name,
        "summary": SUMMARIES.get(topic, f"{department} answers."),
        "icon": GROUP_ICONS.get(group, "question"),
        "keywords": {"en": keywords(topic, group)},
        "common": common,
        "place": _place(levels),
        "photos": {"ask": not private, "public": "private" if private else "after_review"},
        "privacy": {"public": not private, "place": "block" if private else "exact"},
        "routing": [{"queue": key_of(department), "because": f"All requests about {name}"}],
        "promise": {"days": _promise(levels)},
        "flow": "request",
        "closing": {
            "outcomes": list(FLOW["outcomes"]),
            "needs": ["words", "after_photo"] if topic in PROVEN else ["words"],
        },
    }
    if topic == "Bike Parking":
        doc["asset"] = "bicycle-parking"
    if group == FORMER or topic in OVER:
        doc["active"] = False
    return doc


def _promise(levels: Sequence[Past]) -> int:
    """The 80th percentile (nearest rank) of the first level with enough answers, at least one day."""
    days = sorted(next(p.days for p in levels if len(p.days) >= FEWEST))
    return max(1, days[math.ceil(0.8 * len(days)) - 1])


def _place(levels: Sequence[Past]) -> str:
    past = next(p for p in levels if p.total >= 4 * FEWEST)
    share = past.located / past.total
    return "required" if share >= 0.6 else "optional" if share >= 0.1 else "none"


def keywords(topic: str, group: str) -> list[str]:
    """Words of the topic and its group, and what residents say instead."""
    bare = re.sub(r"[()]", " ", topic)
    parts = [p.strip().lower() for p in re.split(r"[/&,–-]| and | or ", bare)]
    found = [" ".join(bare.lower().split()), *parts, group.lower()]
    words = set(re.findall(r"[a-z0-9]+", f"{topic} {group}".lower()))
    for triggers, more in SYNONYMS:
        if words & triggers:
            found += more
    return [w for w in dict.fromkeys(found) if len(w) > 2 and w != "other"]


# --- the map -------------------------------------------------------------------------------------


def _features(path: Path) -> Iterator[tuple[Doc, Doc]]:
    """Properties and geometry of each feature that has one."""
    content = path.read_bytes()
    document = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    for feature in document["features"]:
        if feature["geometry"]:
            yield feature["properties"], _rounded(feature["geometry"])


def _rounded(geometry: Doc) -> Doc:
    """Seven decimals (about a centimetre), without heights."""

    def short(value: Any) -> Any:
        if isinstance(value[0], (int, float)):
            return [round(value[0], 7), round(value[1], 7)]
        return [short(part) for part in value]

    return {"type": geometry["type"], "coordinates": short(geometry["coordinates"])}


def _areas(data: Path, out: Path) -> None:
    folder = data / BOUNDARIES
    limit = [
        (g, "santa-monica", "Santa Monica")
        for _, g in _features(folder / "city-limit-derived.geojson")
    ]
    _layer(out, "00-city-limit", "City limit", limit)
    codes = (
        ("10-zip", "ZIP code", "zip-codes", lambda p: str(int(float(p["ZIPCODE"]))), "{}"),
        ("20-police-beat", "Police beat", "police-beats", lambda p: p["beat"], "Beat {}"),
        ("30-school-area", "Elementary school area", "elementary-school-areas",
         lambda p: str(int(float(p["SCHOOL_ID"]))), "School area {}"),
        ("40-rent-control", "Rent control area", "rent-control-areas", lambda p: p["name"], "Area {}"),
        ("50-downtown", "Downtown", "downtown-district", lambda _: "downtown", "Downtown"),
        ("60-tsunami-zone", "Tsunami zone", "tsunami-zone", lambda _: "tsunami", "Tsunami zone"),
    )  # fmt: skip
    for stem, label, file, code, name in codes:
        found = [
            (g, code(p), name.format(code(p))) for p, g in _features(folder / f"{file}.geojson")
        ]
        _layer(out, stem, label, sorted(found, key=lambda item: item[1]))


def _layer(out: Path, stem: str, label: str, areas: Iterable[tuple[Doc, str, str]]) -> None:
    features = [_feature(g, code=code, name=name) for g, code, name in areas]
    _geojson(
        out / f"areas/{stem}.geojson",
        features,
        {"onehall": {"label": {"en": label}, "public": True}},
    )


def street_name(full: str) -> str:
    """A street's name as people write it: "3RD STREET PROM" gives "3rd Street Promenade"."""
    return " ".join(SUFFIXES.get(w) or _written(w) for w in full.split())


def _written(word: str) -> str:
    return word.lower() if word[0].isdigit() or "-" in word else word.capitalize()


def _streets(data: Path, out: Path) -> None:
    features, named = [], set()
    for facts, geometry in _features(data / f"{PLACES}-street-segments.geojson"):
        name = street_name(facts["FULLNAME"])
        named.add(name)
        features.append(_feature(geometry, name=name, kind=_kind(facts)))
    for facts, geometry in _features(data / f"{PLACES}-truck-routes-wgs84-derived.geojson"):
        name = street_name(facts["FULLNAME"] or "")
        if name not in named:
            features.append(_feature(geometry, name=name, kind="main"))
    _geojson(out / "streets.geojson", features)


def _kind(facts: Doc) -> str:
    if facts["SUFTYPE"] == "BLVD":
        return "main"
    return "lane" if facts["SUFTYPE"] in {"LANE", "PL"} else "street"


def _spot(name: str) -> str:
    """A place of the list of restrooms without its shorthand: "OFW Lot 3 South", "Beach Park (North)"."""
    words = name.replace("OFW Lot", "Ocean Front Walk lot").replace("(", "").replace(")", "")
    return words if words != "Pier" else "Santa Monica Pier"


def _places(data: Path, out: Path) -> None:
    features = [
        _feature(geometry, key=f"restroom-{number}", name=f"{_spot(facts['Location'])} restroom", kind="restroom", aliases=["toilet"])
        for number, (facts, geometry) in enumerate(_features(data / f"{PLACES}-public-restrooms.geojson"), 1)
    ]  # fmt: skip
    stations = [g for _, g in _features(data / f"{PLACES}-expo-stations.geojson")]
    stations.sort(key=lambda g: g["coordinates"][0])
    names = ("Downtown Santa Monica", "17th Street", "26th Street")
    features += [
        _feature(g, key=key_of(f"station {name}"), name=f"{name} station", kind="station", aliases=["expo", "light rail"])
        for g, name in zip(stations, names, strict=True)
    ]  # fmt: skip
    features += [
        _feature(g, key="pier", name="Santa Monica Pier", kind="pier", aliases=["the pier"])
        for _, g in _features(data / BOUNDARIES / "pier.geojson")
    ]
    features += [
        _feature(g, kind="block")
        for _, g in _features(data / BOUNDARIES / "city-blocks.geojson.gz")
    ]
    _geojson(out / "places.geojson", features)


def _assets(data: Path, out: Path) -> None:
    features = []
    rows = _features(data / f"{PLACES}-bicycle-parking.geojson")
    for number, (facts, geometry) in enumerate(rows, 1):
        kept = {"rack": facts["RACKTYPE"], "capacity": facts["CAPACITY"], "condition": facts["COND"], "owner": facts["OWNER"]}  # fmt: skip
        known = {name: value for name, value in kept.items() if value not in (None, "None", "")}
        features.append(_feature(geometry, code=f"BR-{number:04d}", name="Bicycle rack", **known))
    _geojson(out / "assets/bicycle-parking.geojson", features)


# --- files ---------------------------------------------------------------------------------------


def _feature(geometry: Doc, **properties: Any) -> Doc:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _geojson(path: Path, features: Iterable[Doc], more: Doc | None = None) -> None:
    """One feature a line, so that a mistake has a line of its own."""
    head = json.dumps({"type": "FeatureCollection", **(more or {})}, ensure_ascii=False)[:-1]
    lines = ",\n".join(json.dumps(f, ensure_ascii=False) for f in features)
    path.write_text(f'{head}, "features": [\n{lines}\n]}}\n', encoding="utf-8")


def _yaml(path: Path, doc: Doc) -> None:
    path.write_text(dump(doc), encoding="utf-8")


def main() -> int:
    """The command."""
    if len(sys.argv) != 3:
        print("Usage: python tools/santa_monica_pack.py DATA_DIR OUT_DIR", file=sys.stderr)
        return 2
    build(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"The pack is in {sys.argv[2]}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
