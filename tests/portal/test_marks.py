"""The map of the report form: which things with a number it is told about, in which words, and what it never is."""

import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from onehall.casework.models import Case
from onehall.kernel.cells import cell_of
from onehall.kernel.clock import now
from onehall.places import in_view
from onehall.places.models import Asset, City
from onehall.portal import things
from tests.packs import changed
from tests.portal.conftest import filled, send
from tests.portal.test_city import service_id, twin

KIND = "street-light"
MARKS = "/report/pothole/things.json"
WHOLE = (-121.1, 39.9, -120.9, 40.1)


@pytest.fixture
def lit(city: City, tmp_path: Path) -> City:
    """Testford, where potholes are about street lights."""
    found = changed(
        tmp_path, "services/pothole.yaml", "place: required\n", f"place: required\nasset: {KIND}\n"
    )
    caches["local"].clear()
    return found


@pytest.fixture
def light(lit: City) -> Asset:
    """A light with a number."""
    return Asset.objects.filter(city=lit, kind=KIND).order_by("code")[0]


@pytest.fixture
def told(phone: Client, light: Asset) -> Case:
    """An open case about that light."""
    return send(phone, where=light.code).case


def around(asset: Asset, degrees: float = 0.0005) -> str:
    """A box with the thing in its middle."""
    sides = (asset.lon - degrees, asset.lat - degrees, asset.lon + degrees, asset.lat + degrees)
    return ",".join(str(side) for side in sides)


def asked(phone: Client, box: str) -> dict[str, Any]:
    answer = phone.get(MARKS, {"box": box})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def mark_of(phone: Client, light: Asset) -> dict[str, Any]:
    found = asked(phone, around(light))["things"]
    return next(one for one in found if one["code"] == light.code)


def lights(city: City, count: int, near: Asset, *, step: float = 0.000001) -> list[Asset]:
    """More lights in a row beside one, each some degrees from the last."""
    rows = []
    for n in range(count):
        lon = near.lon + (n + 1) * step
        rows.append(
            Asset(
                city=city, kind=KIND, code=f"ROW-{n}", lon=lon, lat=near.lat,
                cell=cell_of(lon, near.lat), name={"en": "Elm Street"},
            )
        )  # fmt: skip
    return Asset.objects.bulk_create(rows)


class TestMarks:
    def test_are_the_things_of_the_services_kind_in_view(self, phone: Client, light: Asset) -> None:
        Asset.objects.create(
            city=light.city, kind="bin", code="B-1", lon=light.lon, lat=light.lat, cell=light.cell
        )
        found = asked(phone, around(light))
        codes = [one["code"] for one in found["things"]]
        assert light.code in codes
        assert "B-1" not in codes
        assert found["more"] is False
        mark = mark_of(phone, light)
        assert mark["label"].startswith(f"Street light {light.code}")
        assert (mark["lon"], mark["lat"], mark["is_told"]) == (light.lon, light.lat, False)
        away = ",".join(str(side + 0.01) for side in map(float, around(light).split(",")))
        assert light.code not in [one["code"] for one in asked(phone, away)["things"]]

    @pytest.mark.parametrize(("days", "said"), [(0, "today"), (1, "yesterday"), (9, "on ")])
    def test_say_when_it_was_reported(
        self, phone: Client, light: Asset, told: Case, days: int, said: str
    ) -> None:
        Case.objects.filter(pk=told.pk).update(opened_at=now() - timedelta(days=days))
        mark = mark_of(phone, light)
        assert mark["is_told"] is True
        assert f", reported {said}" in mark["label"]

    @pytest.mark.parametrize(
        "state",
        [
            {"is_public": False},
            {"is_open": False, "category": "closed"},
            {"service_id": "noise"},
        ],
    )
    def test_say_nothing_of_what_not_everybody_may_see(
        self, phone: Client, light: Asset, told: Case, lit: City, state: dict[str, Any]
    ) -> None:
        if "service_id" in state:
            state = {"service_id": service_id(lit, "noise")}
        Case.objects.filter(pk=told.pk).update(**state)
        mark = mark_of(phone, light)
        assert mark["is_told"] is False
        assert "reported" not in mark["label"]
        assert set(mark) == {"code", "lon", "lat", "label", "is_told"}

    def test_are_never_many_and_the_nearest_to_the_middle(
        self, phone: Client, light: Asset, lit: City
    ) -> None:
        lights(lit, things.ON_MAP + 20, light)
        found = asked(phone, around(light))
        codes = [one["code"] for one in found["things"]]
        assert found["more"] is True
        assert len(codes) == things.ON_MAP
        assert codes[:3] == [light.code, "ROW-0", "ROW-1"]
        assert f"ROW-{things.ON_MAP + 10}" not in codes

    def test_of_a_wide_view_only_the_middle_is_looked_at(self, lit: City, light: Asset) -> None:
        found = in_view.in_view(lit, KIND, (-140.0, 20.0, -100.0, 60.0), limit=5, language="en")
        assert found.more is True

    def test_of_another_city_or_beyond_the_limit_are_not_there(
        self, phone: Client, light: Asset, lit: City
    ) -> None:
        other = City.objects.create(slug="elsewhere", name="Elsewhere")
        Asset.objects.create(
            city=other, kind=KIND, code="OUT-1", lon=light.lon, lat=light.lat, cell=light.cell
        )
        far = (light.lon + 2.0, light.lat)
        Asset.objects.create(
            city=lit, kind=KIND, code="OUT-2", lon=far[0], lat=far[1], cell=cell_of(*far)
        )
        codes = [one["code"] for one in asked(phone, around(light))["things"]]
        assert "OUT-1" not in codes
        beyond = Asset.objects.get(code="OUT-2")
        assert asked(phone, around(beyond))["things"] == []
        for code in ("OUT-1", "OUT-2", "none", "\0"):
            assert phone.get(MARKS, {"code": code}).status_code == 404

    @pytest.mark.parametrize("box", ["", "x", "1,2,3", "2,1,1,2", "nan,1,2,3", "1e999,1,2,3"])
    def test_a_box_that_is_none_is_refused(self, phone: Client, lit: City, box: str) -> None:
        assert phone.get(MARKS, {"box": box}).status_code == 400

    def test_there_are_none_where_the_service_asks_for_no_thing(
        self, phone: Client, city: City
    ) -> None:
        box = ",".join(map(str, WHOLE))
        assert phone.get(MARKS, {"box": box}).status_code == 404
        assert phone.get("/report/none/things.json", {"box": box}).status_code == 404
        assert b"data-things" not in phone.get("/report/pothole").content

    def test_many_cost_no_more_questions_than_one(
        self, phone: Client, light: Asset, lit: City, told: Case
    ) -> None:
        def questions() -> int:
            with CaptureQueriesContext(connection) as found:
                asked(phone, around(light))
            return len(found)

        questions()
        few = questions()
        for one in lights(lit, 60, light)[:30]:
            twin(told, asset=one)
        assert questions() == few
        assert few <= 5

    def test_the_index_of_cells_serves_them(self, lit: City, light: Asset) -> None:
        lights(lit, 600, light, step=0.0002)
        here = (light.lon - 0.001, light.lat - 0.001, light.lon + 0.001, light.lat + 0.001)
        with CaptureQueriesContext(connection) as found:
            in_view.in_view(lit, KIND, here, limit=5, language="en")
        with connection.cursor() as cursor:
            # A small table is read whole unless that is forbidden: what is asked is whether an index fits.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE places_asset")
            cursor.execute(f"EXPLAIN {found.captured_queries[0]['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "places_asset_kind_cell" in plan or "places_asset_city_cell" in plan, plan


class TestPickingOne:
    def test_a_mark_is_the_same_place_as_its_number(self, phone: Client, light: Asset) -> None:
        by_mark = phone.get(MARKS, {"code": light.code}).json()["place"]
        by_number = phone.get("/places/find", {"q": light.code}).json()["places"][0]
        same = ("words", "lon", "lat", "code")
        assert [by_mark[k] for k in same] == [by_number[k] for k in same]
        near = phone.get("/report/pothole/near", {"pick": by_mark["pick"]}).content.decode()
        assert re.search(r'name="asset" value="[^"]+" data-code="[^"]+" [^>]+ checked', near)

    def test_the_form_takes_it(self, phone: Client, light: Asset) -> None:
        place = phone.get(MARKS, {"code": light.code}).json()["place"]
        sent = send(phone, where=place["words"], pick=place["pick"])
        assert sent.case.asset_id == light.pk
        assert (sent.case.lon, sent.case.lat) == (light.lon, light.lat)

    def test_an_open_case_of_it_is_offered_to_follow(
        self, phone: Client, light: Asset, told: Case
    ) -> None:
        place = phone.get(MARKS, {"code": light.code}).json()["place"]
        near = phone.get("/report/pothole/near", {"pick": place["pick"]}).content.decode()
        assert f'value="follow:{told.number}"' in near
        fields = filled(where=place["words"], pick=place["pick"], key=str(uuid.uuid4()))
        assert phone.post("/report/pothole", fields).status_code == 409

    def test_the_form_says_where_its_map_asks(self, phone: Client, light: Asset) -> None:
        shown = phone.get("/report/pothole", {"thing": light.code}).content.decode()
        assert f'data-things="{MARKS}"' in shown
        assert 'role="status" data-things-say' in shown
        assert f"&quot;code&quot;:&quot;{light.code}&quot;" in shown
