"""The made-up city: its drawing repeats, its areas fit, and every text is there in both languages."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from shapely import STRtree
from shapely.geometry import LineString, MultiLineString, Point, shape
from shapely.ops import unary_union

from onehall.catalog import categories, flows
from onehall.cli import city
from onehall.cli.demo_pictures import KIND_OF, KINDS
from onehall.people.permissions import ROLES

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "cities" / "port-alder"
LANGUAGES = {"en", "es"}


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def features(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((PACK / name).read_text(encoding="utf-8"))["features"]
    return found


def shapes(layer: str) -> dict[str, Any]:
    rows = features(f"areas/{layer}.geojson")
    return {row["properties"]["code"]: shape(row["geometry"]) for row in rows}


def addresses() -> list[dict[str, str]]:
    with (PACK / "addresses.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


SERVICES = {
    path.stem: read_yaml(path)
    for path in sorted((PACK / "services").glob("*.yaml"))
    if path.stem != "_groups"
}
FLOWS = {path.stem: read_yaml(path) for path in sorted((PACK / "flows").glob("*.yaml"))}
DEPARTMENTS = read_yaml(PACK / "departments.yaml")
QUEUES = {q["key"] for d in DEPARTMENTS["departments"] for q in d["queues"]}


def localized(value: Any, where: str) -> Iterator[tuple[str, set[str]]]:
    """Every map that has one of the city's languages as a key, and where it is."""
    if isinstance(value, dict):
        if LANGUAGES & set(value):
            yield where, set(value)
        for key, part in value.items():
            yield from localized(part, f"{where}.{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from localized(part, f"{where}[{number}]")


def test_the_pack_has_no_mistakes() -> None:
    assert city.check(PACK) == []


class TestDrawing:
    def test_is_the_same_every_time(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "tools.port_alder", str(tmp_path)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        drawn = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
        assert len(drawn) >= 14
        changed = [str(p) for p in drawn if (PACK / p).read_bytes() != (tmp_path / p).read_bytes()]
        assert changed == []

    def test_is_small_enough_to_keep_in_the_repository(self) -> None:
        files = [*PACK.rglob("*.geojson"), PACK / "addresses.csv"]
        assert sum(path.stat().st_size for path in files) < 2_500_000

    def test_holds_a_whole_town(self) -> None:
        named = [row for row in features("places.geojson") if row["properties"].get("aliases")]
        assert len(features("streets.geojson")) >= 110
        assert len(addresses()) >= 6_500
        assert len(named) >= 60
        assert len(features("assets/street-light.geojson")) >= 1_200
        assert len(features("assets/bin.geojson")) >= 500
        assert len(features("assets/tree.geojson")) >= 800


class TestAreas:
    @pytest.mark.parametrize(("layer", "count"), [("10-district", 6), ("20-beat", 4)])
    def test_fill_the_limit_without_gaps_or_overlaps(self, layer: str, count: int) -> None:
        limit = shapes("00-city-limit")["port-alder"]
        parts = list(shapes(layer).values())
        assert len(parts) == count
        assert all(part.is_valid for part in parts)
        assert unary_union(parts).symmetric_difference(limit).area < 1e-12
        assert sum(part.area for part in parts) == pytest.approx(limit.area, abs=1e-12)

    def test_every_address_and_asset_lies_in_one_district(self) -> None:
        tree = STRtree(list(shapes("10-district").values()))
        points = [Point(float(a["lon"]), float(a["lat"])) for a in addresses()]
        for path in sorted((PACK / "assets").glob("*.geojson")):
            points += [shape(row["geometry"]) for row in features(f"assets/{path.name}")]
        hits = tree.query(points, predicate="within")[0].tolist()
        assert sorted(hits) == list(range(len(points)))


class TestAddresses:
    def test_those_that_people_talk_about_exist(self) -> None:
        found = {f"{a['number']} {a['street']}" for a in addresses()}
        wanted = {
            "14 Mill Lane", "40 Mill Lane", "44 Mill Lane", "2 Quay Street", "18 Quay Street", "60 Quay Street",
            "5 Gull Street", "31 Gull Street", "2 Ferry Road", "12 Orchard Row", "3 Cooper Green",
        }  # fmt: skip
        assert wanted - found == set()

    def test_are_unique(self) -> None:
        found = [(a["number"], a["street"], a["unit"]) for a in addresses()]
        assert len(found) == len(set(found))

    def test_odd_numbers_are_left_and_even_ones_right(self) -> None:
        lines = {
            row["properties"]["name"]: shape(row["geometry"]) for row in features("streets.geojson")
        }
        wrong = [a for a in addresses() if not on_its_side(a, lines[a["street"]])]
        assert wrong == []

    def test_lie_within_the_range_of_their_street(self) -> None:
        ranges = {
            row["properties"]["name"]: row["properties"] for row in features("streets.geojson")
        }
        for a in addresses():
            number, street = int(a["number"]), ranges[a["street"]]
            side = "left" if number % 2 else "right"
            assert street[f"{side}_from"] <= number <= street[f"{side}_to"], a


def on_its_side(address: dict[str, str], street: LineString | MultiLineString) -> bool:
    """Whether the front door is left of its street when odd, right of it when even."""
    # Degrees of longitude are narrower than those of latitude here; 0.712 is the cosine of 44.6 degrees.
    x, y = float(address["lon"]) * 0.712, float(address["lat"])
    lines = street.geoms if isinstance(street, MultiLineString) else [street]
    segments = [
        ((x0 * 0.712, y0), (x1 * 0.712, y1))
        for line in lines
        for (x0, y0), (x1, y1) in zip(line.coords, line.coords[1:], strict=False)
    ]
    (ax, ay), (bx, by) = min(segments, key=lambda s: LineString(s).distance(Point(x, y)))
    left: bool = (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0
    return left == (int(address["number"]) % 2 == 1)


class TestServices:
    def test_there_are_enough_of_them(self) -> None:
        assert len(SERVICES) >= 40
        assert len(DEPARTMENTS["departments"]) >= 8
        assert sum(1 for doc in SERVICES.values() if doc.get("common")) == 8

    @pytest.mark.parametrize("key", sorted(SERVICES))
    def test_speak_both_languages(self, key: str) -> None:
        doc = SERVICES[key]
        found = list(localized(doc, key))
        assert [where for where, languages in found if languages != LANGUAGES] == []
        assert set(doc["name"]) == set(doc["summary"]) == LANGUAGES
        assert all(set(rule["because"]) == LANGUAGES for rule in doc["routing"])
        for question in doc.get("questions", []):
            assert set(question["label"]) == LANGUAGES
            assert all(set(option["label"]) == LANGUAGES for option in question.get("options", []))

    @pytest.mark.parametrize("key", sorted(SERVICES))
    def test_are_found_by_six_words_in_each_language(self, key: str) -> None:
        words = SERVICES[key]["keywords"]
        for language in sorted(LANGUAGES):
            assert len(set(words[language])) >= 6

    def test_use_queues_flows_groups_and_assets_that_exist(self) -> None:
        groups = {g["key"] for g in read_yaml(PACK / "services" / "_groups.yaml")["groups"]}
        kinds = {path.stem for path in (PACK / "assets").glob("*.geojson")}
        for key, doc in SERVICES.items():
            assert doc["key"] == key
            assert {rule["queue"] for rule in doc["routing"]} <= QUEUES, key
            assert doc["flow"] in FLOWS, key
            assert doc["group"] in groups, key
            assert set(doc["closing"]["outcomes"]) <= set(FLOWS[doc["flow"]]["outcomes"]), key
            assert doc.get("asset") in {None, *kinds}, key

    def test_every_queue_gets_work(self) -> None:
        used = {rule["queue"] for doc in SERVICES.values() for rule in doc["routing"]}
        assert used == QUEUES

    def test_danger_to_life_ends_the_form(self) -> None:
        stops = [
            question["stop"]
            for doc in SERVICES.values()
            for question in doc.get("questions", [])
            if "stop" in question
        ]
        assert sum(1 for stop in stops if stop.get("call") == "911") >= 10

    def test_those_about_people_stay_private(self) -> None:
        for key in ("outreach", "missed-collection", "noise", "access-barrier"):
            assert SERVICES[key]["privacy"] == {"public": False, "place": "block"}


class TestFlows:
    @pytest.mark.parametrize("key", sorted(FLOWS))
    def test_speak_both_languages(self, key: str) -> None:
        found = list(localized(FLOWS[key], key))
        assert [where for where, languages in found if languages != LANGUAGES] == []
        assert all(set(state["words"]) == LANGUAGES for state in FLOWS[key]["states"].values())

    @pytest.mark.parametrize("key", sorted(FLOWS))
    def test_lead_to_states_that_exist(self, key: str) -> None:
        doc = FLOWS[key]
        states = set(doc["states"])
        targets = {move["to"] for move in doc["moves"].values()} - {"$previous", "$outcome"}
        targets |= {outcome["to"] for outcome in doc["outcomes"].values()}
        assert targets <= states

    @pytest.mark.parametrize("key", sorted(FLOWS))
    def test_give_every_worker_a_way_out_of_every_open_state(self, key: str) -> None:
        flow = flows.parse(FLOWS[key])
        for state in flow.states.values():
            if categories.is_open(state.category):
                for role in ("agent", "crew", "supervisor"):
                    assert flow.leaving(state.key, [role]), f"{role} is stuck in {state.key}"


class TestStaff:
    def test_work_in_departments_and_queues_that_exist(self) -> None:
        homes = {d["key"]: {q["key"] for q in d["queues"]} for d in DEPARTMENTS["departments"]}
        for member in DEPARTMENTS["staff"]:
            allowed = homes[member["department"]] if member["department"] else QUEUES
            assert set(member["queues"]) <= allowed, member["email"]

    def test_cover_every_role(self) -> None:
        roles = {role for member in DEPARTMENTS["staff"] for role in member["roles"]}
        assert roles == set(ROLES)


def test_pictures_belong_to_services_that_exist() -> None:
    assert set(KIND_OF) <= set(SERVICES)
    assert set(KIND_OF.values()) == set(KINDS)
