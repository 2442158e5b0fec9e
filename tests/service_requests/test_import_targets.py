"""Rules about where a row goes: its place, its service, its queue."""

from datetime import datetime
from pathlib import Path

import pytest

from onehall.casework.models import Case
from onehall.catalog.models import Service
from onehall.catalog.queries import forget
from onehall.kernel import cells
from onehall.places import queries as places
from onehall.places.models import City, Street
from onehall.service_requests.importing.profile import Profile
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import (
    bring_in,
    rejected,
    small_profile,
    write_csv,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(now: datetime) -> City:
    return build_city(now)


@pytest.fixture
def rules(tmp_path: Path) -> Profile:
    return small_profile(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def only() -> Case:
    return Case.objects.select_related("service", "queue").get()


def entry_data(case: Case, kind: str) -> dict[str, object]:
    data: dict[str, object] = case.timeline.get(kind=kind).data
    return data


class TestPlaces:
    def test_a_place_gets_its_cell_its_areas_and_its_words(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(city, rules, write_csv(file, [{"Street": "  9   Elm  St "}]), now)
        case = only()
        assert (case.lon, case.lat, case.cell is not None) == (2.0, 3.0, True)
        assert case.areas["district"] == "west"
        assert case.place_words == "9 Elm St, Town"

    def test_the_next_words_are_taken_where_columns_are_empty(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(city, rules, write_csv(file, [{"Street": ""}]), now)
        assert only().place_words == "near Pothole"

    @pytest.mark.parametrize(
        ("lon", "lat", "repair"),
        [
            ("", "", "place_missing"),
            ("2", "", "place_unreadable"),
            ("x", "3", "place_unreadable"),
            ("nan", "3", "place_unreadable"),
            ("0", "0", "place_unreadable"),
            ("200", "3", "place_unreadable"),
            ("1.5", "1.50", "place_default"),
        ],
    )
    def test_rows_without_a_usable_place_are_kept_without_one(
        self, city: City, rules: Profile, file: Path, now: datetime, lon: str, lat: str, repair: str
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Lon": lon, "Lat": lat}]), now)
        assert run.repairs == {repair: 1}
        assert (only().lon, only().lat, only().cell, only().areas) == (None, None, None, {})

    def test_a_pin_without_words_is_named_after_its_street(
        self, city: City, file: Path, tmp_path: Path, now: datetime
    ) -> None:
        line = [[1.99, 3.0], [2.01, 3.0]]
        Street.objects.create(
            city=city, name="Main Street", lon=2, lat=3, cell=cells.cell_of(2, 3), geometry=[line]
        )
        places.forget()
        rules = small_profile(tmp_path, (', "near {Kind}"', ""))
        write_csv(file, [{"Street": "", "Lat": "3.0001"}, {"Street": "", "Lat": "4"}, {}])
        run = bring_in(city, rules, file, now)
        words = list(Case.objects.order_by("id").values_list("place_words", flat=True))
        assert words == ["On Main Street", "", "1 Main St, Town"]
        assert run.repairs == {"place_named": 1}
        assert Case.objects.earliest("id").timeline.get(kind="imported").data["repairs"] == [
            "place_named"
        ]

    def test_outside_the_limit_the_pin_is_dropped_and_its_coordinates_kept_inside(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Lon": "20.5"}]), now)
        assert run.repairs == {"pin_dropped": 1}
        assert (only().lon, only().place_words) == (None, "1 Main St, Town")
        entry = only().timeline.get(kind="imported")
        assert entry.data["outside"] == {"lon": 20.5, "lat": 3.0}
        assert not entry.public

    def test_outside_the_limit_the_pin_may_stay_or_the_row_be_rejected(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        write_csv(file, [{"Lon": "20.5"}])
        rules = small_profile(tmp_path, ("outside: drop_pin", "outside: reject"))
        assert bring_in(city, rules, file, now).reasons == {"outside": 1}
        rules = small_profile(tmp_path, ("outside: drop_pin", "outside: keep"))
        assert bring_in(city, rules, file, now).repairs == {"place_outside": 1}
        assert only().lon == 20.5


class TestServicesAndQueues:
    @pytest.mark.parametrize(
        ("kind", "service"),
        [
            ("Hole in road", "pothole"),
            ("  POTHOLE ", "pothole"),
            ("graffiti  removal", "graffiti"),
            ("graffiti", "graffiti"),
            ("Street Condition", "pothole"),
            ("Loud music", "something-else"),
            ("", "something-else"),
        ],
    )
    def test_a_service_is_found_by_map_name_key_or_search_word(
        self, city: City, rules: Profile, file: Path, now: datetime, kind: str, service: str
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Kind": kind}]), now)
        assert only().service.key == service
        assert run.repairs.get("service_kept_as", 0) == (service == "something-else")

    def test_the_privacy_of_the_service_holds(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(city, rules, write_csv(file, [{"Kind": "graffiti"}]), now)
        assert not only().is_public

    def test_unknown_services_may_be_rejected(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ("unknown: keep_as", "unknown: reject"))
        run = bring_in(city, rules, write_csv(file, [{"Kind": "Loud music"}]), now)
        assert rejected(file) == [(2, "Unknown service: Loud music")]
        assert run.reasons == {"service": 1}

    def test_without_any_of_the_fallbacks_unknown_services_are_rejected(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ("[nowhere, something-else]", "[nowhere]"))
        run = bring_in(city, rules, write_csv(file, [{}, {"Kind": "Loud music"}]), now)
        assert (run.imported, run.reasons) == (1, {"service": 1})

    def test_old_requests_keep_a_service_that_is_offered_no_more(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        Service.objects.filter(city=city, key="pothole").update(active=False)
        forget()
        bring_in(city, rules, write_csv(file, [{}]), now)
        assert only().service.key == "pothole"

    @pytest.mark.parametrize(
        ("row", "queue", "because"),
        [
            ({}, "roads", "All of it"),
            ({"Dept": " public works "}, "roads", "All of it"),
            ({"Dept": "PWD", "Lon": "7"}, "lights", "East side"),
            ({"Dept": "Lamps"}, "lights", "Lamps"),
            ({"Dept": "Parks & Trees"}, "parks", "Parks & Trees"),
            ({"Dept": ""}, "roads", "All potholes"),
            ({"Dept": "Moon Office", "Lon": "7"}, "lights", "East side"),
        ],
    )
    def test_the_department_chooses_the_queue_and_the_service_inside_it(
        self,
        city: City,
        rules: Profile,
        file: Path,
        now: datetime,
        row: dict[str, str],
        queue: str,
        because: str,
    ) -> None:
        bring_in(city, rules, write_csv(file, [row]), now)
        case = only()
        expected = because.replace("All of it", "All potholes")
        assert case.queue.key == queue
        assert case.route_reason == {"because": expected}
        assert entry_data(case, "imported")["queue"] == case.queue_id

    def test_blank_and_unknown_departments_are_counted(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [{"Dept": ""}, {"Dept": "NULL"}, {"Dept": "Moon Office"}]
        run = bring_in(city, rules, write_csv(file, rows), now)
        assert run.repairs == {"department_blank": 2, "department_unknown": 1}

    def test_a_private_answer_becomes_a_note_for_staff(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ("public: true", "public: false"))
        bring_in(city, rules, write_csv(file, [{"Note": "Ask Jo."}]), now)
        entry = only().timeline.get(kind="noted")
        assert (entry.data, entry.public) == ({"words": "Ask Jo."}, False)
        assert "words" not in entry_data(only(), "moved")

    def test_an_unknown_status_is_rejected_or_taken_as_stated(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        write_csv(file, [{"State": "Limbo", "Closed": ""}])
        assert bring_in(city, small_profile(tmp_path), file, now).reasons == {"status": 1}
        rules = small_profile(tmp_path, ("unknown: reject\n  refine", "unknown: start\n  refine"))
        assert bring_in(city, rules, file, now).repairs == {"status_unknown": 1}
