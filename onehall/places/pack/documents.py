"""city.yaml and calendar.yaml: read strictly, kept as plain documents."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from onehall.kernel import yamlfile
from onehall.kernel.contrast import HEX
from onehall.kernel.spelling import nearest
from onehall.kernel.work_calendar import CalendarMistake, WorkCalendar
from onehall.kernel.yamlfile import Node, Plain, Problems
from onehall.places import brand, geocoders, retention
from onehall.places.rows import CityFacts

_LANGUAGE: Final = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
_HOST: Final = r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"


def read_city(folder: Path, problems: Problems) -> CityFacts:
    """city.yaml; with problems, a harmless stand-in for what could not be read."""
    node = yamlfile.load(folder / "city.yaml", folder, problems)
    slug = node.key("slug")
    name = node.text("name", required=True, max_length=120)
    time_zone = _time_zone(node)
    languages = _languages(node)
    facts = CityFacts(
        slug=slug,
        name=name,
        time_zone=time_zone,
        languages=languages,
        hosts=_hosts(node),
        contact=_contact(node.mapping("contact"), languages),
        emergency=_emergency(node.mapping("emergency"), languages),
        outside=_outside(node.mapping("outside"), languages),
        brand=_brand(node.mapping("brand")),
        numbering=_numbering(node.mapping("numbering")),
        map=_map(node.mapping("map")),
        publishing=_publishing(node.mapping("publishing")),
        retention=retention.read(node.mapping("retention")),
    )
    node.finish()
    return facts


def _time_zone(node: Node) -> str:
    name = node.text("time_zone", required=True)
    known = available_timezones()
    if name and name not in known:
        guess = nearest(name, known)
        advice = f'Did you mean "{guess}"?' if guess else 'Write one like "America/Chicago".'
        node.problem(f'There is no time zone "{name}".', advice, key="time_zone")
        return "UTC"
    return name or "UTC"


def _languages(node: Node) -> list[str]:
    found: list[str] = []
    for item in node.listing("languages", required=True):
        code = item.as_text()
        if code and not re.fullmatch(_LANGUAGE, code):
            item.problem(f'"{code}" is not a language code.', 'Write one like "en" or "es".')
        elif code in found:
            item.problem(f'The language "{code}" is listed twice.', "Remove one.")
        elif code:
            found.append(code)
    return found or ["en"]


def _hosts(node: Node) -> list[str]:
    hosts: list[str] = []
    for item in node.listing("hosts"):
        host = item.as_text()
        if host and not re.fullmatch(_HOST, host):
            item.problem(
                f'"{host}" is not a host name.',
                'Write it like "311.example.gov", without https://.',
            )
        elif host:
            hosts.append(host)
    return hosts


def _texts(node: Node, *names: str) -> dict[str, Plain]:
    """The text fields that are filled in."""
    found = {name: node.text(name, max_length=500) for name in names}
    return {name: text for name, text in found.items() if text}


def _words(node: Node, languages: Sequence[str], *names: str) -> dict[str, Plain]:
    """The localized fields that are filled in, as maps."""
    found = {name: node.localized(name, languages) for name in names}
    return {name: dict(words) for name, words in found.items() if words}


def _contact(node: Node, languages: Sequence[str]) -> dict[str, Plain]:
    found = {
        **_texts(node, "phone", "text", "email", "url"),
        **_words(node, languages, "phone_hours", "address", "words"),
    }
    node.finish()
    return found


def _emergency(node: Node, languages: Sequence[str]) -> dict[str, Plain]:
    found = {**_texts(node, "number"), **_words(node, languages, "words")}
    node.finish()
    return found


def _outside(node: Node, languages: Sequence[str]) -> dict[str, Plain]:
    found = _words(node, languages, "words")
    contacts: list[Plain] = []
    for item in node.listing("contacts"):
        contacts.append(
            {**_words(item, languages, "name"), **_texts(item, "phone", "email", "url")}
        )
        item.finish()
    node.finish()
    return found | ({"contacts": contacts} if contacts else {})


def _brand(node: Node) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for scheme in ("light", "dark"):
        colors = node.mapping(scheme)
        chosen = {
            name: colors.text(name, pattern=HEX.pattern, shape='a color like "#0b5a70"')
            for name in brand.NAMES
        }
        colors.finish()
        kept = {name: color for name, color in chosen.items() if color}
        for wrong in brand.check({scheme: kept}):
            colors.problem(f"In the {scheme} scheme, {wrong.what}.", wrong.advice, key=wrong.name)
        if kept:
            found[scheme] = dict(kept)
    node.finish()
    return found


def _numbering(node: Node) -> dict[str, Plain]:
    width = node.whole("width", minimum=3, maximum=9)
    node.finish()
    return {} if width is None else {"width": width}


def _publishing(node: Node) -> dict[str, Plain]:
    two_people = node.flag("two_people")
    node.finish()
    return {"two_people": True} if two_people else {}


def _map(node: Node) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    center = node.listing("center")
    values = [item.value for item in center]
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if center:
        fits = len(values) == len(numbers) == 2 and abs(numbers[0]) <= 180 and abs(numbers[1]) <= 90
        if fits:
            found["center"] = [float(number) for number in numbers]
        else:
            node.problem(
                '"map.center" is not a point.', "Write [longitude, latitude].", key="center"
            )
    zoom = node.whole("zoom", minimum=10, maximum=19)
    if zoom is not None:
        found["zoom"] = zoom
    if credit := node.text("credit", max_length=120):
        found["credit"] = credit
    tiles = _tiles(node.mapping("tiles"))
    if tiles and not credit:
        node.problem(
            '"map.tiles" needs "map.credit".', "Say whom the map server asks to name.", key="tiles"
        )
    if tiles:
        found["tiles"] = tiles
    geocoder = _geocoder(node.mapping("geocoder"))
    if geocoder:
        found["geocoder"] = geocoder
    node.finish()
    return found


def _tiles(node: Node) -> dict[str, Plain]:
    if not node.present:
        return {}
    url = node.text(
        "url", required=True, max_length=300,
        pattern=r"https?://[^\s/?#{}]+/(?=[^\s]*\{z\})(?=[^\s]*\{x\})(?=[^\s]*\{y\})(?:[^\s{}]|\{[xyz]\})+",
        shape='an address with {z}, {x} and {y} in it, like "https://tiles.example.gov/{z}/{x}/{y}.png"',
    )  # fmt: skip
    size = node.whole("size", minimum=256, maximum=512)
    deepest = node.whole("deepest", minimum=10, maximum=22)
    if size not in (None, 256, 512):
        node.problem('"size" is not 256 or 512.', "Write 256 or 512 pixels.", key="size")
    node.finish()
    return {"url": url, "size": size or 256, "deepest": deepest or 19} if url else {}


def _geocoder(node: Node) -> dict[str, Plain]:
    if not node.present:
        return {}
    use = node.choice("use", geocoders.known(), required=True)
    url = node.text(
        "url", required=True, pattern=r"https?://[^\s/?#]+(?:/[^\s?#]*[^\s?#/])?",
        shape='an address like "https://search.example.gov", without a / at the end',
    )  # fmt: skip
    node.finish()
    return {"use": use, "url": url} if use and url else {}


def read_calendar(folder: Path, problems: Problems) -> dict[str, Plain]:
    """calendar.yaml as the document that `kernel.work_calendar` takes; {} when there is none."""
    path = folder / "calendar.yaml"
    if not path.exists():
        return {}
    node = yamlfile.load(path, folder, problems)
    plain = node.plain()
    if not isinstance(plain, dict):
        node.expected("hours, seasons, holidays, extra_holidays, half_days")
        return {}
    try:
        WorkCalendar.from_doc(plain, "UTC")
    except CalendarMistake as mistake:
        text = str(mistake)
        part = text.partition(":")[0].partition(".")[0].partition("[")[0]
        node.problem(text, "", key=part if part in plain else None)
    return plain
