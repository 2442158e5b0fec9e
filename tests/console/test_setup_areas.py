"""Areas in the console: drawn as text, taken over from a file, refused in words, counted before, and cases moved after."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework.actions import CasePlace
from onehall.casework.models import Case, TimelineEntry
from onehall.kernel.clock import now
from onehall.people.models import Membership
from onehall.places.models import Area, City
from onehall.places.queries import areas_at
from onehall.setup import area_moves, queries
from onehall.setup.area_models import AreaMove, AreaUpload
from onehall.setup.models import ChangeEntry, Publication
from tests.console.people import Person, hire, report

AREAS = "/set-up/areas"
DISTRICTS = f"{AREAS}/10-district"
PATH = "areas/10-district.geojson"
WEST, EAST, SOUTH, NORTH = -121.0, -120.98, 40.0, 40.016
HARBOR = "-121.0 40.0\n-120.98 40.0\n-120.98 40.004\n-121.0 40.004"


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


def square(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(shape: Any, **said: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": said,
        "geometry": {"type": "Polygon", "coordinates": shape},
    }


def sent(*features: Any, **more: Any) -> SimpleUploadedFile:
    doc = {"type": "FeatureCollection", "features": list(features), **more}
    return SimpleUploadedFile("wards.geojson", json.dumps(doc).encode(), "application/geo+json")


def stored(city: City, path: str = PATH) -> dict[str, Any]:
    view = queries.draft_view(city).files[path]
    found: dict[str, Any] = json.loads(view.text or "")
    return found


def codes(city: City, path: str = PATH) -> list[str]:
    return [f["properties"]["code"] for f in stored(city, path)["features"]]


def seen(city: City, path: str = PATH) -> str:
    file = queries.draft_view(city).files.get(path)
    return str(file.version if file else 0)


def draw(ada: Person, url: str = f"{DISTRICTS}/area", **more: Any) -> Any:
    given = {
        "seen": seen(ada.city), "was": "", "code": "harbor", "name.en": "Harbor",
        "name.es": "Puerto", "corners": HARBOR, "do": "save",
    }  # fmt: skip
    return ada.post(url, **(given | more))


def publish(city: City, ada: Person) -> Any:
    view = queries.draft_view(city)
    return ada.post("/set-up/publish", seen=view.fingerprint, note="Redrawn.", do="publish")


def work(row: AreaMove) -> AreaMove:
    key = f"{row.pk}:{row.round}"
    area_moves.work({"move": row.pk}, city_id=row.city_id, key=key, now=now())
    row.refresh_from_db()
    return row


def at(city: City, lat: float, *, lon: float = -120.99) -> CasePlace:
    return CasePlace(words="Here", lon=lon, lat=lat, areas=areas_at(city, lon, lat))


def placed(city: City, lat: float) -> Case:
    return Case.objects.get(number=report(city, place=at(city, lat)).number)


class TestSeeing:
    def test_every_layer_with_its_areas_the_limit_first(self, city: City, ada: Person) -> None:
        placed(city, 40.002)
        page = ada.get(AREAS).content.decode()
        assert page.index("Testford") < page.index("North Side") < page.index("Lado Sur")
        assert "<path" in page
        assert "/tiles/light/" in page

    def test_the_open_cases_of_each_are_counted(self, city: City, ada: Person) -> None:
        for lat in (40.002, 40.003, 40.012):
            placed(city, lat)
        Case.objects.filter(pk=placed(city, 40.013).pk).update(is_open=False, closed_at=now())
        rows = ada.get(DISTRICTS).context["layer"]["rows"]
        assert {r["code"]: r["open"] for r in rows} == {"north": 1, "south": 2}

    def test_saved_as_it_is_nothing_changes(self, city: City, ada: Person) -> None:
        given = {"label.en": "District", "label.es": "Distrito", "public": "yes"}
        assert ada.post(DISTRICTS, seen="0", do="save", **given).status_code == 302
        assert queries.draft_view(city).changed == []

    def test_no_more_questions_for_more_cases(self, city: City, ada: Person) -> None:
        placed(city, 40.002)
        draw(ada)
        ada.get(AREAS)
        with CaptureQueriesContext(
            connection,
        ) as few:
            ada.get(AREAS)
        for n in range(6):
            placed(city, 40.002 + n / 10_000)
        with CaptureQueriesContext(connection) as many:
            ada.get(AREAS)
        assert len(many) <= len(few)


class TestDrawing:
    def test_by_text_without_a_script(self, city: City, ada: Person) -> None:
        assert draw(ada).status_code == 302
        assert codes(city) == ["north", "south", "harbor"]
        new = stored(city)["features"][-1]
        assert new["properties"]["name"] == {"en": "Harbor", "es": "Puerto"}
        assert new["geometry"]["coordinates"][0][0] == new["geometry"]["coordinates"][0][-1]

    def test_parts_and_holes(self, city: City, ada: Person) -> None:
        text = (
            f"{HARBOR}\nhole\n-120.995 40.001\n-120.99 40.001\n-120.99 40.002\n\n"
            "-120.99, 40.01\n-120.985, 40.01\n-120.985, 40.012\n"
        )
        draw(ada, corners=text)
        shape = stored(city)["features"][-1]["geometry"]
        assert shape["type"] == "MultiPolygon"
        assert [len(part) for part in shape["coordinates"]] == [2, 1]
        again = ada.get(f"{DISTRICTS}/area", n="2").content.decode()
        assert "hole\n-120.995 40.001" in again

    def test_an_area_gets_other_names_and_keeps_its_outline(self, city: City, ada: Person) -> None:
        page = ada.get(f"{DISTRICTS}/area", n="0")
        typed = page.context["typed"]
        draw(
            ada, f"{DISTRICTS}/area?n=0", was="north", code="north", corners=typed.corners,
            **{"name.en": "Uptown", "name.es": "Arriba"},
        )  # fmt: skip
        first = stored(city)["features"][0]
        assert first["properties"]["name"] == {"en": "Uptown", "es": "Arriba"}
        assert first["geometry"]["coordinates"] == square(WEST, 40.008, EAST, NORTH)

    def test_removed(self, city: City, ada: Person) -> None:
        ada.post(DISTRICTS, seen="0", do="remove:1")
        assert codes(city) == ["north"]

    def test_a_new_layer_and_its_end(self, city: City, ada: Person) -> None:
        answer = ada.post(AREAS, **{"label.en": "Ward", "label.es": "Barrio"})
        assert answer.url == "/desk/set-up/areas/20-ward"
        assert stored(city, "areas/20-ward.geojson")["onehall"]["label"]["es"] == "Barrio"
        refused = ada.post(AREAS, **{"label.en": "Ward"})
        assert refused.status_code == 422
        ada.post(f"{AREAS}/20-ward", seen="1", do="drop")
        assert queries.draft_view(city).changed == []

    def test_the_city_limit_stays(self, city: City, ada: Person) -> None:
        ada.post(f"{AREAS}/00-city-limit", seen="0", do="drop")
        page = ada.get("/set-up").content.decode()
        assert "There is no city limit." in page

    @pytest.mark.parametrize(
        ("corners", "words"),
        [
            ("", "Draw the area, or write its corners."),
            ("40.0 -121.0\n40.0 -120.98\n40.004 -120.98", "Write longitude first"),
            ("-71.0 42.3\n-71.1 42.3\n-71.1 42.4", "is far from the city"),
            ("-121.0 40.0\n-120.98 40.0", "at least three different corners"),
            ("-121.0 40.0\n-120.98 40.004\n-120.98 40.0\n-121.0 40.004", "crosses itself"),
            ("here 40.0\n-120.98 40.0", "Line 1: write longitude and latitude"),
            ("6034567 4567890\n1 2\n3 4", "Line 1: these are no degrees"),
            ("hole\n-120.98 40.0", "a hole lies in an area"),
        ],
    )
    def test_refused_in_words_and_nothing_is_lost(
        self, city: City, ada: Person, corners: str, words: str
    ) -> None:
        answer = draw(ada, corners=corners)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        assert 'value="harbor"' in page
        assert queries.draft_view(city).changed == []

    def test_a_key_twice_and_no_name_are_told_at_the_field(self, city: City, ada: Person) -> None:
        page = draw(ada, code="north", **{"name.en": ""}).content.decode()
        assert "Another area of this layer has that key." in page
        assert "Write a name, at least in the first language." in page

    def test_two_at_once(self, city: City, ada: Person) -> None:
        draw(ada)
        late = draw(ada, seen="0", code="port")
        assert late.status_code == 409
        assert 'value="port"' in late.content.decode()
        assert codes(city) == ["north", "south", "harbor"]

    def test_a_file_that_was_broken_as_text_leads_to_the_text(
        self, city: City, ada: Person
    ) -> None:
        ada.post(f"/set-up/files/{PATH}", text="nothing", seen="0", do="save")
        assert ada.get(DISTRICTS).url.startswith("/desk/set-up/files/")
        assert "can not be read as areas" in ada.get(AREAS).content.decode()


class TestUploading:
    WARDS = (
        feature(square(WEST, SOUTH, -120.99, NORTH), WARD=1, LABEL="First", note="x"),
        feature(square(-120.99, SOUTH, EAST, NORTH), WARD=2, LABEL="Second", note="x"),
    )

    def send(self, ada: Person, file: SimpleUploadedFile) -> Any:
        return ada.post(f"{DISTRICTS}/file", file=file)

    def take(self, ada: Person, file: SimpleUploadedFile, **chosen: str) -> Any:
        answer = self.send(ada, file)
        assert answer.status_code == 302, answer.content.decode()
        given = {"seen": seen(ada.city), "do": "save", "how": "instead"} | chosen
        return ada.post(answer.url.removeprefix("/desk"), **given)

    def test_the_key_and_the_name_are_chosen(self, city: City, ada: Person) -> None:
        answer = self.send(ada, sent(*self.WARDS))
        page = ada.get(answer.url.removeprefix("/desk"))
        assert page.context["key"] == "WARD"
        assert page.context["names"][0][2] == "LABEL"
        self.take(ada, sent(*self.WARDS), key="WARD", **{"name.en": "LABEL", "name.es": "LABEL"})
        assert codes(city) == ["1", "2"]
        assert stored(city)["features"][0]["properties"]["name"] == {"en": "First", "es": "First"}
        # Only the one that was looked at and left is still kept.
        assert AreaUpload.objects.count() == 1

    def test_beside_those_that_are_there(self, city: City, ada: Person) -> None:
        more = feature(square(WEST, SOUTH, EAST, 40.001), code="pier", name="Pier")
        again = feature(square(WEST, 40.001, EAST, 40.008), code="south", name="South")
        self.take(ada, sent(more, again), key="code", how="beside", **{"name.en": "name"})
        assert codes(city) == ["north", "south", "pier"]

    def test_repaired_and_said_so(self, city: City, ada: Person) -> None:
        turned = [[[y, x] for x, y in ring] for ring in square(WEST, SOUTH, EAST, 40.002)]
        opened = [[[40.004, -121.0], [40.004, -120.98], [40.006, -120.98], [40.006, -121.0]]]
        bow = [
            [
                [40.01, -121.0],
                [40.012, -120.98],
                [40.01, -120.98],
                [40.012, -121.0],
                [40.01, -121.0],
            ]
        ]
        file = sent(feature(turned, id=1), feature(opened, id=2), feature(bow, id=3))
        page = ada.get(self.send(ada, file).url.removeprefix("/desk")).content.decode()
        assert "Latitude stood before longitude; 3 areas were turned." in page
        assert "was open and was closed" in page
        assert "crossed itself and was put right" in page

    def test_metres_of_a_web_map_become_degrees(self, city: City, ada: Person) -> None:
        metres = [[[-13469658.0, 4865942.0], [-13467432.0, 4865942.0], [-13467432.0, 4868267.0],
                   [-13469658.0, 4868267.0], [-13469658.0, 4865942.0]]]  # fmt: skip
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
        self.take(ada, sent(feature(metres, id="all"), crs=crs), key="id", **{"name.en": "id"})
        x, y = stored(city)["features"][0]["geometry"]["coordinates"][0][0]
        assert (round(x, 3), round(y, 2)) == (-121.0, 40.0)

    def test_parts_of_one_key_become_one_area(self, city: City, ada: Person) -> None:
        parts = [
            feature(square(WEST, s, EAST, s + 0.002), code="a", name="A") for s in (40.0, 40.006)
        ]
        self.take(ada, sent(*parts), key="code", **{"name.en": "name"})
        assert codes(city) == ["a"]
        assert stored(city)["features"][0]["geometry"]["type"] == "MultiPolygon"

    def test_missing_keys_and_names_are_told_and_nothing_is_changed(
        self, city: City, ada: Person
    ) -> None:
        lame = feature(square(WEST, SOUTH, EAST, NORTH), WARD="", LABEL="")
        answer = self.take(ada, sent(*self.WARDS, lame), key="WARD", **{"name.en": "LABEL"})
        assert answer.status_code == 422
        assert "1 area has no key in that property" in answer.content.decode()
        assert queries.draft_view(city).changed == []

    def test_what_is_no_area_is_left_out_in_words(self, city: City, ada: Person) -> None:
        point = {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        }
        page = ada.get(self.send(ada, sent(*self.WARDS, point)).url.removeprefix("/desk"))
        assert "Feature 3" in page.content.decode()
        assert "The geometry is a Point." in page.content.decode()

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b"no json", "This is not a GeoJSON file."),
            (b'{"type": "FeatureCollection", "features": []}', "There are no areas in it."),
            (b'{"type": "Topology"}', "This is not a FeatureCollection."),
            (b"\xff\xfe", "This is not UTF-8 text."),
            (b'{"type":"FeatureCollection","features":[' + b"[" * 100_000, "This is not a GeoJSON"),
            (
                json.dumps({"type": "FeatureCollection", "features": [feature([[[1e400, 2]]], a=1)]})
                .replace("Infinity", "1e400").encode(),
                "fewer than three corners|not a number|not closed",
            ),
            (
                json.dumps(
                    {
                        "type": "FeatureCollection",
                        "crs": {"properties": {"name": "EPSG:2229"}},
                        "features": [feature(square(6e6, 1e6, 7e6, 2e6), code="1")],
                    }
                ).encode(),
                "its coordinates are in",
            ),
            (
                json.dumps(
                    {"type": "FeatureCollection", "features": [feature(square(6e6, 1e6, 7e6, 2e6))]}
                ).encode(),
                "it looks like feet or meters",
            ),
        ],
    )  # fmt: skip
    def test_a_file_that_can_not_be_used(
        self, city: City, ada: Person, data: bytes, words: str
    ) -> None:
        answer = self.send(ada, SimpleUploadedFile("a.geojson", data))
        assert answer.status_code == 422
        assert any(part in answer.content.decode() for part in words.split("|"))
        assert not AreaUpload.objects.exists()

    def test_too_large(self, city: City, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("onehall.setup.area_uploads.MOST_BYTES", 100)
        answer = self.send(ada, sent(*self.WARDS))
        assert answer.status_code == 422
        assert "too large" in answer.content.decode()

    def test_the_file_of_another_city_is_not_there(
        self, city: City, ada: Person, other_city: City
    ) -> None:
        url = self.send(ada, sent(*self.WARDS)).url.removeprefix("/desk")
        other = Person(other_city, "ada@elsewhere.example")
        assert other.get(url).status_code == 404
        assert ada.get(url).status_code == 200


class TestBefore:
    def test_cases_that_would_lie_elsewhere(self, city: City, ada: Person) -> None:
        for lat in (40.002, 40.003, 40.007, 40.012):
            placed(city, lat)
        ada.post(DISTRICTS, seen="0", do="remove:1")
        draw(ada)
        found = ada.get(AREAS).context
        assert found["effect"].moved == 3
        ways = {(w["layer"], w["old"], w["new"]): w["count"] for w in found["ways"]}
        assert ways == {
            ("District", "South Side", "Harbor"): 2,
            ("District", "South Side", "no area"): 1,
        }
        assert found["effect"].whole

    def test_the_overview_says_it_too(self, city: City, ada: Person) -> None:
        placed(city, 40.012)
        ada.post(DISTRICTS, seen="0", do="remove:0")
        draw(ada, code="north")
        page = ada.get("/set-up").content.decode()
        assert "1 of 1 open cases on the map would lie in another area." in page

    def test_rules_and_people_that_name_an_area_that_goes(self, city: City, ada: Person) -> None:
        Membership.objects.filter(user__email="carl@testford.example").update(
            areas={"district": ["north"]}
        )
        ada.post(DISTRICTS, seen="0", do="remove:0")
        found = ada.get(AREAS).context["effect"]
        assert found.people == 1
        named = {(m.path, m.code) for m in found.mentions}
        problems = ada.get("/set-up").context["problems"]
        assert {p.problem.file for p in problems} == {path for path, _code in named}
        assert named

    def test_a_rule_about_a_layer_that_is_empty_is_a_mistake(self, city: City, ada: Person) -> None:
        ada.post(DISTRICTS, seen="0", do="remove:0")
        ada.post(DISTRICTS, seen="1", do="remove:0")
        page = ada.get("/set-up").content.decode()
        assert "but the layer &quot;district&quot; has no areas." in page

    def test_the_time_is_bounded(
        self, city: City, ada: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for lat in (40.002, 40.003, 40.012):
            placed(city, lat)
        draw(ada)
        monkeypatch.setattr("onehall.casework.redistricting.READ", 1)
        monkeypatch.setattr("onehall.console.views.setup.areas.SECONDS", 0.0)
        found = ada.get(AREAS)
        assert (found.context["effect"].seen, found.context["effect"].total) == (1, 3)
        assert "not all could be counted" in found.content.decode()


class TestAfter:
    @pytest.fixture
    def moved(self, city: City, ada: Person) -> AreaMove:
        """The south is gone and the harbor is there; two open cases, one of them elsewhere now; one ended."""
        self.stays, self.goes, self.over = (placed(city, lat) for lat in (40.012, 40.002, 40.003))
        Case.objects.filter(pk=self.over.pk).update(is_open=False, closed_at=now())
        draw(ada, f"{DISTRICTS}/area?n=1", was="south", corners=HARBOR)
        answer = publish(city, ada)
        assert answer.status_code == 302, answer.content.decode()
        assert Area.objects.filter(city=city, code="harbor").exists()
        return AreaMove.objects.get(city=city)

    @pytest.fixture(autouse=True)
    def _without_rules_about_the_south(self, city: City, ada: Person) -> None:
        for path, file in queries.draft_view(city).files.items():
            if path.startswith("services/") and "area.district" in (file.text or ""):
                text = (file.text or "").replace("south", "harbor")
                ada.post(f"/set-up/files/{path}", text=text, seen="0", do="save")

    def test_open_cases_go_where_they_lie_and_ended_ones_stay(
        self, city: City, moved: AreaMove
    ) -> None:
        queue = self.goes.queue_id
        done = work(moved)
        assert (done.state, done.looked_at, done.moved) == ("done", 2, 1)
        for case in (self.stays, self.goes, self.over):
            case.refresh_from_db()
        assert self.goes.areas["district"] == "harbor"
        assert self.goes.queue_id == queue
        assert self.over.areas["district"] == "south"
        assert self.stays.areas["district"] == "north"
        told = TimelineEntry.objects.filter(kind="redistricted")
        assert [t.case_id for t in told] == [self.goes.pk]
        assert not told[0].public
        assert told[0].data["changes"][0]["from_name"] == {"en": "South Side", "es": "Lado Sur"}

    def test_it_stands_on_the_case_and_on_the_page_of_areas(
        self, city: City, ada: Person, moved: AreaMove
    ) -> None:
        work(moved)
        assert (
            "District: South Side → Harbor"
            in ada.get(f"/cases/{self.goes.number}").content.decode()
        )
        assert "1 of 2 open cases lies in another area now." in ada.get(AREAS).content.decode()

    def test_stopped_and_resumed(
        self, city: City, ada: Person, moved: AreaMove, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("onehall.casework.redistricting.BATCH", 1)
        monkeypatch.setattr("onehall.setup.area_moves.ROUND", 0.0)
        ada.post(f"/set-up/area-moves/{moved.pk}", do="stop")
        stopped = work(moved)
        assert (stopped.state, stopped.looked_at) == ("stopped", 0)
        ada.post(f"/set-up/area-moves/{moved.pk}", do="resume")
        moved.refresh_from_db()
        monkeypatch.setattr("onehall.setup.area_moves.ROUND", 5.0)
        assert work(moved).moved == 1

    def test_a_round_ends_and_the_next_goes_on(
        self, city: City, moved: AreaMove, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("onehall.casework.redistricting.BATCH", 1)
        ticks = iter([0.0, 0.0, 99.0])
        with monkeypatch.context() as patched:
            patched.setattr("onehall.setup.area_moves.time.monotonic", lambda: next(ticks))
            first = work(moved)
        assert (first.state, first.round, first.looked_at) == ("running", 1, 1)
        # The row of the round before does nothing a second time.
        area_moves.work({"move": first.pk}, city_id=city.pk, key=f"{first.pk}:0", now=now())
        assert work(first).looked_at == 2

    def test_a_second_change_takes_the_first_work_over(
        self, city: City, ada: Person, moved: AreaMove
    ) -> None:
        draw(ada, f"{DISTRICTS}/area?n=1", was="harbor", code="port", corners=HARBOR)
        for path, file in queries.draft_view(city).files.items():
            if path.startswith("services/") and "harbor" in (file.text or ""):
                text = (file.text or "").replace("harbor", "port")
                ada.post(f"/set-up/files/{path}", text=text, seen=str(file.version), do="save")
        assert publish(city, ada).status_code == 302
        moved.refresh_from_db()
        newer = AreaMove.objects.latest("pk")
        assert (moved.state, work(newer).moved) == ("overtaken", 1)
        told = TimelineEntry.objects.get(kind="redistricted")
        assert told.data["changes"][0]["from_name"]["en"] == "South Side"

    def test_what_a_resident_said_of_the_side_stays(
        self, city: City, ada: Person, moved: AreaMove
    ) -> None:
        side = {"layer": "district", "code": "north", "name": {"en": "North Side"}}
        place = CasePlace(words="Here", lon=-120.99, lat=40.003, areas={"district": "north"})
        said = report(city, place=place, side=side)
        work(moved)
        assert Case.objects.get(number=said.number).areas["district"] == "north"

    def test_a_broken_off_one_can_be_resumed(
        self, city: City, ada: Person, moved: AreaMove
    ) -> None:
        AreaMove.objects.filter(pk=moved.pk).update(
            state="running", beat_at=now() - timedelta(minutes=5)
        )
        assert "It broke off." in ada.get(AREAS).content.decode()
        ada.post(f"/set-up/area-moves/{moved.pk}", do="resume")
        moved.refresh_from_db()
        assert work(moved).state == "done"

    def test_history_and_zip_have_it(self, city: City, ada: Person, moved: AreaMove) -> None:
        published = ChangeEntry.objects.filter(kind="published", path=PATH)
        assert "harbor" in published[0].after
        assert Publication.objects.filter(entries__path=PATH).exists()
        assert ada.get("/set-up/city.zip").status_code == 200

    def test_another_city_can_not_stop_it(
        self, city: City, ada: Person, moved: AreaMove, other_city: City
    ) -> None:
        other = Person(other_city, "ada@elsewhere.example")
        assert other.post(f"/set-up/area-moves/{moved.pk}", do="stop").status_code == 404


WRITES = (AREAS, DISTRICTS, f"{DISTRICTS}/area", f"{DISTRICTS}/file", "/set-up/area-moves/1")


@pytest.mark.parametrize("role", ["agent", "crew", "supervisor", "auditor"])
def test_others_change_nothing_and_only_auditors_look(city: City, role: str) -> None:
    hire(city, "x@testford.example", role, "works")
    person = Person(city, "x@testford.example")
    for url in (AREAS, DISTRICTS, f"{DISTRICTS}/area", f"{DISTRICTS}/shapes.json"):
        answer = person.get(url)
        assert answer.status_code == (200 if role == "auditor" else 403), url
        if role == "auditor":
            assert "csrfmiddlewaretoken" not in answer.content.decode().split("<main")[-1], url
    for url in WRITES:
        assert person.post(url, seen="0", do="save").status_code == 403, url
    assert queries.draft_view(city).changed == []


def test_a_layer_that_is_not_there(city: City, ada: Person) -> None:
    for url in (f"{AREAS}/30-beat", f"{AREAS}/30-beat/area", f"{AREAS}/30-beat/shapes.json"):
        assert ada.get(url).status_code == 404
    assert ada.get(f"{DISTRICTS}/area", n="99").status_code == 404
    assert ada.get(f"{DISTRICTS}/file/1").status_code == 404
