"""Every rule of a profile, on files of a few rows."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from onehall.casework.clock import NEVER
from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.importing.profile import Profile, ProfileError, load, names
from onehall.service_requests.models import ServiceRequest
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


def entry_kinds(case: Case) -> list[str]:
    return list(case.timeline.order_by("seq").values_list("kind", flat=True))


def entry_data(case: Case, kind: str) -> dict[str, object]:
    data: dict[str, object] = case.timeline.get(kind=kind).data
    return data


class TestAClosedRow:
    def test_becomes_a_closed_case_with_a_timeline(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Note": "Filled."}]), now)
        case = only()
        assert (run.imported, run.rejected, run.repairs) == (1, 0, {})
        assert (case.state, case.category, case.is_open) == ("closed", "closed", False)
        assert case.number == "2024-00001"
        assert case.opened_at == datetime(2024, 7, 1, 17, tzinfo=UTC)
        assert case.closed_at == case.updated_at == datetime(2024, 7, 2, 18, 30, tzinfo=UTC)
        assert (case.due_at, case.due_order) == (None, NEVER)
        assert (case.lock, case.entered, case.previous_state) == (3, 1, "received")
        assert entry_kinds(case) == ["received", "moved", "imported"]
        assert entry_data(case, "moved") == {
            "move": "close", "from": "received", "to": "closed", "purpose": "close",
            "words": "Filled.",
        }  # fmt: skip
        assert entry_data(case, "imported")["columns"] == {"Via": "Call"}
        assert not case.timeline.get(kind="imported").public

    def test_becomes_a_report_without_a_secret_link(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(city, rules, write_csv(file, [{"Id": "A-7"}]), now)
        report = ServiceRequest.objects.get()
        assert (report.source, report.source_id, report.channel) == ("small", "A-7", "phone")
        assert (report.token, report.key, report.wants_news) == (None, None, False)
        assert (report.words, report.number) == ("Pothole", only().number)
        assert report.created_at == only().opened_at

    def test_ends_as_denied_where_the_status_or_its_words_say_so(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [{"State": "Void"}, {"Note": "A Duplicate of 12"}, {}]
        bring_in(city, rules, write_csv(file, rows), now)
        ends = Case.objects.order_by("id").values_list("state", "category", "outcome")
        assert sorted(ends) == [
            ("closed", "closed", ""),
            ("declined", "denied", "declined"),
            ("declined", "denied", "declined"),
        ]


class TestAnOpenRow:
    def test_stands_at_the_start_or_in_work(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [
            {"State": "Open", "Closed": ""},
            {"State": "Doing", "Closed": "", "Updated": "2024-07-03 09:00:00"},
        ]
        bring_in(city, rules, write_csv(file, rows), now)
        first, second = Case.objects.order_by("id")
        assert (first.state, first.is_open, first.entered) == ("received", True, 0)
        assert (second.state, second.is_open, second.entered) == ("working", True, 1)
        assert entry_kinds(first) == ["received", "imported"]
        assert entry_data(second, "moved")["move"] == "start"
        assert second.timeline.get(kind="moved").at == datetime(2024, 7, 3, 16, tzinfo=UTC)

    def test_keeps_its_answer_as_a_reply(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(
            city, rules, write_csv(file, [{"State": "Open", "Closed": "", "Note": "Soon."}]), now
        )
        assert entry_data(only(), "replied") == {"words": "Soon."}

    def test_loses_a_closing_time(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"State": "Open"}]), now)
        assert run.repairs == {"closed_ignored": 1}
        assert only().closed_at is None


class TestTimes:
    def test_bare_dates_stand_for_the_stated_hour_in_the_citys_zone(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [{"Opened": "01/31/2024", "Closed": "2024-01-31"}]
        bring_in(city, rules, write_csv(file, rows), now)
        assert only().opened_at == datetime(2024, 1, 31, 16, tzinfo=UTC)
        assert only().closed_at == datetime(2024, 2, 1, 1, tzinfo=UTC)

    def test_two_formats_may_stand_in_one_row(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ('"%m/%d/%Y"]', '"%m/%d/%Y %I:%M:%S %p"]'))
        bring_in(city, rules, write_csv(file, [{"Closed": "07/02/2024 12:05:00 AM"}]), now)
        assert only().closed_at == datetime(2024, 7, 2, 7, 5, tzinfo=UTC)

    def test_midnight_may_stand_for_a_bare_date(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(
            tmp_path,
            ("closed: {column: Closed}", "closed: {column: Closed, midnight_is_bare: true}"),
        )
        bring_in(city, rules, write_csv(file, [{"Closed": "2024-07-01 00:00:00"}]), now)
        assert only().closed_at == datetime(2024, 7, 2, 0, tzinfo=UTC)

    def test_years_are_those_of_the_citys_zone(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [{"Opened": "2024-01-01T02:00:00+00:00"}]
        bring_in(city, rules, write_csv(file, rows), now)
        assert only().number == "2023-00001"

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ({"Opened": ""}, "No opening time"),
            ({"Opened": "NULL"}, "No opening time"),
            ({"Opened": "soon"}, "The opening time cannot be read: soon"),
            ({"Opened": "1889-07-01"}, "The opening time is outside the allowed years"),
            ({"Opened": "2027-07-01"}, "The opening time is outside the allowed years"),
            ({"Closed": "13/13/2024"}, "The closing time cannot be read: 13/13/2024"),
            ({"Closed": "2059-01-01"}, "The closing time is outside the allowed years"),
            ({"Closed": "2024-06-30"}, "Closed before it was opened"),
        ],
    )
    def test_impossible_times_are_rejected(
        self,
        city: City,
        rules: Profile,
        file: Path,
        now: datetime,
        row: dict[str, str],
        reason: str,
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{}, row]), now)
        assert (run.imported, run.rejected) == (1, 1)
        [(line, words)] = rejected(file)
        assert line == 3
        assert words.startswith(reason)

    def test_closed_before_opened_may_be_put_right(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ("opened: reject", "opened: use_opened"))
        run = bring_in(city, rules, write_csv(file, [{"Closed": "2024-06-30"}]), now)
        assert run.repairs == {"closed_at_opened": 1}
        assert only().closed_at == only().opened_at

    @pytest.mark.parametrize(
        ("rule", "updated", "repair", "closed"),
        [
            ("[empty]", "", "closed_unknown", None),
            ("[opened]", "", "closed_from_opened", datetime(2024, 7, 1, 17, tzinfo=UTC)),
            ("[updated, opened]", "2024-07-05 00:00", "closed_from_updated",
             datetime(2024, 7, 5, 7, tzinfo=UTC)),
        ],
    )  # fmt: skip
    def test_a_missing_closing_time_follows_the_rule(
        self,
        city: City,
        file: Path,
        now: datetime,
        tmp_path: Path,
        rule: str,
        updated: str,
        repair: str,
        closed: datetime | None,
    ) -> None:
        rules = small_profile(tmp_path, ("closed_missing: [empty]", f"closed_missing: {rule}"))
        run = bring_in(city, rules, write_csv(file, [{"Closed": "", "Updated": updated}]), now)
        assert run.repairs == {repair: 1}
        assert (only().closed_at, only().is_open) == (closed, False)

    def test_a_missing_closing_time_may_be_rejected(
        self, city: City, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        rules = small_profile(tmp_path, ("closed_missing: [empty]", "closed_missing: [updated]"))
        run = bring_in(city, rules, write_csv(file, [{"Closed": ""}]), now)
        assert run.reasons == {"closed_missing": 1}

    @pytest.mark.parametrize(
        ("due", "repair"),
        [
            ("2059-01-01 00:00:00", "due_far"),
            ("2024-06-01 00:00:00", "due_early"),
            ("later", "due_unreadable"),
        ],
    )
    def test_impossible_due_dates_are_dropped_and_counted(
        self, city: City, rules: Profile, file: Path, now: datetime, due: str, repair: str
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Due": due}]), now)
        assert run.repairs == {repair: 1}
        assert only().due_at is None

    def test_a_due_date_is_kept_as_the_promise(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        bring_in(city, rules, write_csv(file, [{"Due": "2024-07-08 12:00:00"}]), now)
        due = datetime(2024, 7, 8, 19, tzinfo=UTC)
        assert (only().due_at, only().due_order, only().promised_at) == (due, due, due)


class TestIds:
    def test_the_first_row_with_an_id_wins_also_across_batches(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        rows = [{"Id": i, "Street": f"{n} Main St"} for n, i in enumerate("aabacb")]
        run = bring_in(city, rules, write_csv(file, rows), now, size=2)
        assert (run.imported, run.reasons) == (3, {"duplicate": 3})
        assert [line for line, _ in rejected(file)] == [3, 5, 7]
        words = Case.objects.order_by("id").values_list("place_words", flat=True)
        assert sorted(words) == ["0 Main St, Town", "2 Main St, Town", "4 Main St, Town"]

    def test_a_second_run_imports_nothing(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        write_csv(file, [{}, {}, {"Opened": "x"}])
        bring_in(city, rules, file, now)
        again = bring_in(city, rules, file, now)
        assert (again.imported, again.already, again.rejected) == (0, 2, 1)
        assert Case.objects.count() == ServiceRequest.objects.count() == 2

    def test_the_same_ids_of_another_source_are_other_rows(
        self, city: City, rules: Profile, file: Path, now: datetime, tmp_path: Path
    ) -> None:
        write_csv(file, [{}])
        bring_in(city, rules, file, now)
        other = small_profile(tmp_path, ("name: Small", "name: Small\nsource: other"))
        assert bring_in(city, other, file, now).imported == 1

    def test_rows_without_an_id_or_with_a_long_one_are_rejected(
        self, city: City, rules: Profile, file: Path, now: datetime
    ) -> None:
        run = bring_in(city, rules, write_csv(file, [{"Id": " "}, {"Id": "x" * 81}]), now)
        assert run.reasons == {"no_id": 1, "long_id": 1}


class TestTheProfilesThatComeWithIt:
    @pytest.mark.parametrize("name", names())
    def test_each_is_without_mistakes(self, name: str) -> None:
        assert load(name).key == name

    def test_both_dialects_of_new_york_share_their_ids(self) -> None:
        assert load("nyc-311").source == load("nyc-311-api").source

    def test_mistakes_are_named_with_their_line(self, tmp_path: Path) -> None:
        with pytest.raises(ProfileError, match=r"small\.yaml:\d+: .*outsid"):
            small_profile(tmp_path, ("outside: drop_pin", "outsid: drop_pin"))
        with pytest.raises(ProfileError, match="There is no profile"):
            load("atlantis")
