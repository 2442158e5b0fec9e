"""A small made-up town on a grid, as a pack in a folder and applied to the database."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from onehall.places import pack
from onehall.places.models import City

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

LON, LAT = -120.0, 40.0
STEP = 0.002

type Coordinates = list[Any]


def feature(properties: dict[str, Any], kind: str, coordinates: Coordinates) -> dict[str, Any]:
    """One GeoJSON feature."""
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": kind, "coordinates": coordinates},
    }


def square(west: float, south: float, east: float, north: float) -> Coordinates:
    """The one ring of a box."""
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write_features(path: Path, features: list[dict[str, Any]], **extra: object) -> None:
    """A FeatureCollection, one feature per line from line 2 on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"type": "FeatureCollection", **extra})[:-1]
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in features)
    path.write_text(f'{head}, "features": [\n{lines}\n]}}\n', "utf-8")


def write_town(folder: Path) -> None:
    """Six streets, forty-odd houses, a park, a library, two street lights, two districts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "city.yaml").write_text(
        "slug: millbrook\nname: Millbrook\ntime_zone: America/Los_Angeles\nlanguages: [en, es]\n"
        "hosts: [millbrook.example]\n"
        "contact: {phone: '555-0100', phone_hours: {en: weekdays, es: entre semana}}\n"
        "emergency: {number: '911', words: {en: Call 911 first., es: Llame primero al 911.}}\n"
        "outside: {words: Ask the county., contacts: [{name: County, phone: '555-0101'}]}\n"
        "numbering: {width: 5}\nmap: {center: [-120.0, 40.0], zoom: 15}\n",
        "utf-8",
    )
    (folder / "calendar.yaml").write_text(
        "hours: {mon: ['08:00-17:00'], tue: ['08:00-12:00', '13:00-17:00']}\n"
        "extra_holidays: [{date: 2026-11-27, name: Day after Thanksgiving}]\n",
        "utf-8",
    )
    half = 0.01
    write_features(
        folder / "areas/00-city-limit.geojson",
        [
            feature(
                {"code": "all", "name": "Millbrook"},
                "Polygon",
                square(LON - half, LAT - half, LON + half, LAT + half),
            )
        ],
    )
    write_features(
        folder / "areas/10-district.geojson",
        [
            feature(
                {"code": "west", "name": {"en": "West side", "es": "Lado oeste"}},
                "Polygon",
                square(LON - half, LAT - half, LON, LAT + half),
            ),
            feature(
                {"code": "east", "name": {"en": "East side", "es": "Lado este"}},
                "Polygon",
                square(LON, LAT - half, LON + half, LAT + half),
            ),
        ],
        onehall={"label": {"en": "District", "es": "Distrito"}, "public": True},
    )
    across = ["Mill Lane", "Gull Street", "Calle José Martí"]
    down = ["Main Street", "4th Street", "14th Street"]
    reach = 0.008
    streets = [
        feature(
            {"name": name, "kind": "street"},
            "LineString",
            [[LON - reach, LAT + row * STEP], [LON + reach, LAT + row * STEP]],
        )
        for row, name in enumerate(across)
    ]
    streets += [
        feature(
            {"name": name, "kind": "main" if column == 0 else "street"},
            "LineString",
            [[LON + column * STEP, LAT - reach], [LON + column * STEP, LAT + reach]],
        )
        for column, name in enumerate(down)
    ]
    streets.append(
        feature(
            {
                "name": "Numbers Way", "kind": "lane",
                "left_from": 1, "left_to": 99, "right_from": 2, "right_to": 100,
            },
            "LineString",
            [[LON - 0.004, LAT - 0.004], [LON - 0.002, LAT - 0.004]],
        )
    )  # fmt: skip
    write_features(folder / "streets.geojson", streets)
    lines = ["number,street,unit,lon,lat"]
    lines += [
        f"{number},Mill Lane,,{LON + number * 0.0001:.6f},{LAT + 0.0001:.6f}"
        for number in range(2, 42, 2)
        if number != 16
    ]
    lines += [
        f"{number},Gull Street,,{LON + number * 0.0001:.6f},{LAT + STEP - 0.0001:.6f}"
        for number in range(1, 41, 2)
    ]
    lines.append(f"14B,Gull Street,,{LON:.6f},{LAT + STEP:.6f}")
    lines.append(f'7,Calle José Martí,"Apt 3",{LON + 0.003:.6f},{LAT + 2 * STEP:.6f}')
    (folder / "addresses.csv").write_text("\n".join(lines) + "\n", "utf-8")
    write_features(
        folder / "places.geojson",
        [
            feature(
                {"key": "library", "name": {"en": "Town Library", "es": "Biblioteca"},
                 "kind": "building", "aliases": ["Book House"]},
                "Point",
                [LON - 0.005, LAT - 0.006],
            ),
            feature(
                {"kind": "park", "name": "Cooper Green"},
                "Polygon",
                square(LON - 0.007, LAT + 0.005, LON - 0.004, LAT + 0.007),
            ),
            feature({"kind": "water"}, "Polygon", square(LON - 0.01, LAT - 0.01, LON, LAT - 0.009)),
        ],
    )  # fmt: skip
    write_features(
        folder / "assets/street-light.geojson",
        [
            feature({"code": "SL-1042", "name": "Mill Lane", "lamp": "LED"}, "Point", [LON + 0.001, LAT]),
            feature({"code": "SL-1043"}, "Point", [LON + 0.0015, LAT]),
        ],
    )  # fmt: skip


@pytest.fixture
def town_folder(tmp_path: Path) -> Path:
    """The town's pack in a folder of its own."""
    folder = tmp_path / "millbrook"
    write_town(folder)
    return folder


@pytest.fixture
def town(town_folder: Path, now: datetime, db: None) -> City:
    """The town, applied."""
    found, problems = pack.read(town_folder)
    assert problems == []
    return pack.apply(found, by="tests", now=now)


type Break = Callable[[str, str, str], list[str]]


@pytest.fixture
def broken(town_folder: Path) -> Break:
    """Replace a text in a file of the pack and read it: the problems as text."""

    def read(file: str, old: str, new: str) -> list[str]:
        path = town_folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return [str(problem) for problem in pack.read(town_folder)[1]]

    return read
