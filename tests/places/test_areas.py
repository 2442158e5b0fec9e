"""Which areas a point lies in, on made-up and on real data."""

import json
from typing import Any

import pytest

from onehall.places import areas, geometry, queries
from onehall.places.areas import AreaIndex
from onehall.places.models import City
from tests import shared_data
from tests.places.conftest import LAT, LON


def test_a_point_lies_in_its_district_and_inside_the_limit(town: City) -> None:
    assert queries.areas_at(town, LON - 0.001, LAT) == {"city_limit": "all", "district": "west"}
    assert queries.inside_limit(town, LON - 0.001, LAT)
    assert areas.label(town, "district", "west", "es") == "Lado oeste"
    assert areas.layer_label(town, "district", "es") == "Distrito"
    assert queries.area_codes(town, "district") == ["west", "east"]


def test_a_point_on_the_edge_counts_as_inside_and_has_one_district(town: City) -> None:
    assert queries.inside_limit(town, LON - 0.01, LAT)
    assert queries.areas_at(town, LON, LAT)["district"] == "west"


def test_a_point_outside_lies_nowhere(town: City) -> None:
    assert not queries.inside_limit(town, LON + 0.02, LAT)
    assert queries.areas_at(town, LON + 0.02, LAT) == {}


def test_boroughs_agree_with_the_city_s_own_column() -> None:
    document = json.loads(shared_data.shared("boundaries/new-york/boroughs.geojson").read_text())
    rows = []
    for item in document["features"]:
        name = next(str(v) for v in item["properties"].values() if str(v).upper() in BOROUGHS)
        assert geometry.faults_of(item["geometry"], kinds=geometry.POLYGONS) == []
        rows.append(("borough", name.upper(), {"en": name}, geometry.flat(item["geometry"])))
    index = AreaIndex(rows)
    asked = agreed = 0
    for file in ("2014-2019-sample", "2022-05-01-sample", "2024-04-api-sample"):
        for row in shared_data.rows(f"311/nyc-311-{file}.csv"):
            facts = {key.lower(): value for key, value in row.items()}
            if not facts["latitude"]:
                continue
            there = index.at(float(facts["longitude"]), float(facts["latitude"]))
            asked += 1
            agreed += [f.code for f in there] == [facts["borough"].upper()]
    assert asked == 2783
    assert agreed >= 2776


BOROUGHS = {"BRONX", "BROOKLYN", "MANHATTAN", "QUEENS", "STATEN ISLAND"}


@pytest.mark.parametrize(
    "name",
    ["santa-monica/zip-codes", "santa-monica/police-beats", "los-angeles/council-districts-2012"],
)
def test_real_boundaries_are_accepted(name: str) -> None:
    document = json.loads(shared_data.shared(f"boundaries/{name}.geojson").read_text())
    assert geometry.declared_crs(document) is None
    for item in document["features"]:
        assert geometry.faults_of(item["geometry"], kinds=geometry.POLYGONS) == []


def test_a_real_file_in_state_plane_feet_is_refused() -> None:
    name = "streets-and-places/santa-monica-truck-routes-epsg2229.geojson"
    document = json.loads(shared_data.shared(name).read_text())
    for item in document["features"]:
        (fault,) = geometry.faults_of(item["geometry"], kinds=geometry.LINES)
        assert "feet or meters" in fault.message
        assert "EPSG:4326" in fault.advice


def ring(*points: tuple[float, float]) -> dict[str, Any]:
    """A polygon of one ring."""
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (None, "no geometry"),
        ({"type": "Point", "coordinates": [1, 2]}, "is a Point"),
        ({"type": "Polygon", "coordinates": []}, "not lists"),
        ({"type": "Polygon", "coordinates": [[["a", 1]]]}, "not lists"),
        (ring((0, 0), (1, 0), (1, 1), (0, 1)), "not closed"),
        (ring((0, 0), (1, 0), (0, 0)), "fewer than three"),
        (ring((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)), "crosses itself"),
        (ring((0, 0), (1, 1), (2, 2), (0, 0)), "broken"),
        (ring((40, -120), (41, -120), (41, -121), (40, -120)), "swapped"),
        (ring((6409910.1, 1832800.0), (6, 7), (8, 9), (6409910.1, 1832800.0)), "feet or meters"),
    ],
)
def test_a_broken_polygon_is_told_in_words(shape: dict[str, Any] | None, words: str) -> None:
    (fault, *_) = geometry.faults_of(shape, kinds=geometry.POLYGONS)
    assert words in fault.message
    assert fault.advice


def test_many_points_at_once_lie_where_each_of_them_does(town: City) -> None:
    index = areas.index_of(town)
    steps = [number / 2000 for number in range(-30, 31)]
    points = [(LON + east, LAT + north) for east in steps for north in steps]
    assert index.at_many(points) == [index.at(*point) for point in points]
    assert index.at_many([]) == []
    assert AreaIndex([]).at_many(points[:2]) == [[], []]
