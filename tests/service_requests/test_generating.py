"""Made-up history: believable, whole, and the same again."""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from onehall.casework import actions, clock, verify
from onehall.casework.models import Case, TimelineEntry, Timer
from onehall.casework.queries import calendar_of
from onehall.casework.rules import Given
from onehall.catalog import categories
from onehall.catalog.flows import parse
from onehall.catalog.queries import catalogue
from onehall.catalog.services import parse as parse_service
from onehall.insights import rollups
from onehall.insights.models import StaleMoment
from onehall.messaging.models import Message, Outbox
from onehall.people.models import Person
from onehall.people.queries import members
from onehall.places.models import LIMIT_LAYER, City
from onehall.service_requests.generating import indexes, plan, pools, profile, storing
from onehall.service_requests.generating.profile import Kind, Profile, ProfileError
from onehall.service_requests.generating.running import run_to_end
from onehall.service_requests.generating.storing import HistoryRefused
from onehall.service_requests.generating.ways import ways_of
from onehall.service_requests.models import HistoryRun, ServiceRequest
from tests.cast import Cast
from tests.service_requests.import_city import FLOW, build_city, service_doc

UNTIL = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
LA = profile.load("la")


CALENDAR = {"hours": {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}


def build(now: datetime) -> City:
    """A city without streets."""
    made = build_city(now)
    City.objects.filter(pk=made.pk).update(calendar=CALENDAR)
    made.refresh_from_db()
    return made


@pytest.fixture
def city(db: None, now: datetime) -> City:
    """A city whose tables may be changed in the transaction of the test."""
    made = build(now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return made


def begun(city: City, *, cases: int = 600, part_size: int = 100, **values: Any) -> HistoryRun:
    facts: dict[str, Any] = {"profile": LA, "seed": 1, "years": 2, "lanes": 2} | values
    return storing.begin(
        city=city, cases=cases, until=UNTIL, now=UNTIL, part_size=part_size, **facts
    )


def finish(run: HistoryRun, rules: Profile = LA, **values: Any) -> list[int]:
    """Run it in this process; what was told of it."""
    told: list[int] = []
    facts: dict[str, Any] = {"processes": 1, "rebuild": False, "now": UNTIL} | values
    run_to_end(run, rules, told=told.append, rebuilt=lambda *_: None, **facts)
    return told


def ways_taken(city: City) -> int:
    """Follow every case of a city through its flow, as `casework` would have it; how many moves there were."""
    listed, steps = catalogue(city), 0
    for case in Case.objects.filter(city=city).order_by("id").prefetch_related("timeline"):
        flow = listed.flow_version(case.flow_version_id)
        state, last = flow.start, case.opened_at
        for entry in case.timeline.all():
            assert last <= entry.at <= UNTIL
            last = entry.at
            if entry.kind == "moved":
                move, to = flow.moves[entry.data["move"]], entry.data["to"]
                assert entry.data["from"] == state
                assert state in move.sources
                assert entry.actor_kind == "staff" or entry.actor_kind in move.by
                assert to == (
                    flow.outcomes[entry.data["outcome"]].to if move.to == "$outcome" else move.to
                )
                state, steps = to, steps + 1
        assert (case.state, case.category) == (state, flow.states[state].category)
        assert case.is_open == categories.is_open(case.category) == (case.closed_at is None)
        assert case.opened_at <= (case.closed_at or UNTIL) <= UNTIL
        assert case.updated_at == last
    return steps


class TestProfiles:
    def test_those_that_come_along_are_read(self) -> None:
        assert profile.names() == ["la", "nyc"]
        for name in profile.names():
            found = profile.load(name)
            assert len(found.week) == 7
            assert sum(kind.weight for kind in found.kinds) > 0

    def test_an_unknown_name_is_said(self) -> None:
        with pytest.raises(ProfileError, match=r'no profile "sf"\. Use one of la, nyc'):
            profile.load("sf")

    def test_mistakes_are_told_with_their_line(self, tmp_path: Path) -> None:
        text = (profile.FOLDER / "nyc.yaml").read_text("utf-8")
        text = text.replace("months: [1,", "months: [").replace("per_year: 2", "per_year: many")
        path = tmp_path / "own.yaml"
        path.write_text(text.replace("hours: [0.6344, 2.545", "hours: [3, 2.545"), "utf-8")
        with pytest.raises(ProfileError) as refused:
            profile.load(str(path))
        said = str(refused.value)
        assert '"months" has 11 weights' in said
        assert "own.yaml:" in said
        assert "must be a number" in said or "a number" in said
        assert '"hours" must grow' in said


class TestPlan:
    made = plan.make(LA, seed=7, zone=ZONE, until=UNTIL, cases=5_000, years=2)

    def test_every_case_has_its_moment_in_order(self) -> None:
        found = [at for _, at in self.made.moments(0, 5_000)]
        assert len(found) == 5_000
        assert found[-1] < UNTIL
        days = [day for day, _ in self.made.moments(0, 5_000)]
        assert days == sorted(days)
        assert all(a <= b for (d, a), (e, b) in pairwise(self.made.moments(0, 5_000)) if d == e)

    def test_a_part_alone_is_what_it_is_in_the_whole(self) -> None:
        whole = list(self.made.moments(0, 5_000))
        assert list(self.made.moments(1_234, 2_345)) == whole[1_234:2_345]

    def test_weekdays_are_as_in_the_profile(self) -> None:
        days = Counter(day.weekday() for day, _ in self.made.moments(0, 5_000))
        assert days[0] > 2 * days[6]

    def test_a_storm_is_a_day_of_many_times(self) -> None:
        calm = plan.make(LA, seed=7, zone=ZONE, until=UNTIL, cases=50_000, years=2)
        counts = [b - a for a, b in pairwise(calm.starts)]
        usual = sorted(counts)[len(counts) * 9 // 10]
        assert max(counts) > 1.5 * usual

    def test_reports_are_counted_without_making_them(self) -> None:
        made = self.made
        by_hand = 0
        for case in range(2_500):
            assert made.requests_before(case) == by_hand
            by_hand += made.people_of(case)
        assert 1.05 < made.requests / made.cases < 1.2


class TestCatalogue:
    def test_kinds_fall_on_services_by_name_and_the_others_on_the_rest(self) -> None:
        services = {
            key: parse_service(service_doc(key, name, "desk"))
            for key, name in (("a", "Graffiti Removal"), ("b", "B"), ("c", "C"), ("d", "D"))
        }
        kinds = [Kind("Noise", 5, (1, 2, 3)), Kind("graffiti removal", 9, (1, 2, 3))]
        found = pools.shared_out([*kinds, Kind("Trees", 2, (1, 2, 3))], services)
        assert [(key, kind.name) for key, kind, _ in found[:3]] == [
            ("a", "graffiti removal"),
            ("b", "Noise"),
            ("c", "Trees"),
        ]
        assert found[3][0] == "d"
        assert found[3][2] < 1

    def test_kinds_fall_on_the_service_that_has_most_words_in_common(self) -> None:
        services = {
            key: parse_service(service_doc(key, name, "desk", keywords={"en": words}))
            for key, name, words in (
                ("rats", "Rats", ["pest"]),
                ("bulky-pickup", "Bulky item pick-up", ["sofa", "appliances"]),
                ("noise", "Noise", ["loud music"]),
            )
        }
        kinds = [
            Kind(name, 1, (1, 2, 3)) for name in ("Bulky Items", "Household Appliance", "Sewer")
        ]
        found = {kind.name: key for key, kind, _ in reversed(pools.shared_out(kinds, services))}
        assert found == {
            "Bulky Items": "bulky-pickup",
            "Household Appliance": "bulky-pickup",
            "Sewer": "rats",
        }

    def test_a_flow_that_waits_for_tasks_is_left_out(self) -> None:
        service = parse_service(service_doc("pothole", "Pothole", "roads"))
        words = (["Done."], ["No."], ["Still there."])
        assert ways_of(service, parse(FLOW), *words) is not None
        task = {"key": "look", "label": "Look", "queue": "roads"}
        received = FLOW["states"]["received"] | {"tasks": [task]}
        doc = FLOW | {"states": FLOW["states"] | {"received": received}}
        assert ways_of(service, parse(doc), *words) is None

    def test_a_city_without_services_is_refused(self, db: None, now: datetime) -> None:
        city = City.objects.create(slug="bare", name="Bare", languages=["en"], revision=1)
        with pytest.raises(HistoryRefused, match="Bare has no working hours"):
            begun(city)
        City.objects.filter(pk=city.pk).update(calendar=CALENDAR)
        city.refresh_from_db()
        with pytest.raises(HistoryRefused, match="Bare has no service that staff can end"):
            begun(city)


class TestRows:
    @pytest.fixture
    def run(self, city: City) -> HistoryRun:
        run = begun(city)
        finish(run)
        return run

    def test_everything_is_there_and_every_chain_holds(self, run: HistoryRun) -> None:
        assert Case.objects.count() == run.cases == storing.count_cases(run) == run.written == 600
        assert list(verify.faults()) == []
        assert ServiceRequest.objects.count() == run.requests
        people = sum(Case.objects.values_list("people_count", flat=True))
        assert people == run.requests
        numbers = ServiceRequest.objects.values_list("number", flat=True)
        assert len(set(numbers)) == run.requests
        assert ServiceRequest.objects.exclude(person=None).count() == Person.objects.count() > 200
        assert ServiceRequest.objects.filter(token=None).count() == 0

    def test_every_case_took_a_way_of_its_flow(self, run: HistoryRun, city: City) -> None:
        assert ways_taken(city) > 500

    def test_most_is_closed_and_some_is_reopened_or_told_of_by_many(self, run: HistoryRun) -> None:
        closed = Case.objects.exclude(closed_at=None)
        assert 0.85 < closed.count() / 600 < 0.97
        assert Case.objects.filter(people_count__gt=1).exists()
        assert not Case.objects.filter(people_count__gt=1, is_public=False).exists()
        assert sum(closed.values_list("lock", flat=True)) / closed.count() < 3.5

    def test_promises_are_those_of_the_citys_calendar(self, run: HistoryRun, city: City) -> None:
        calendar, listed = calendar_of(city), catalogue(city)
        for case in Case.objects.filter(reopened=0).order_by("id")[:200]:
            promise = listed.by_id(case.service_id).promise_for("normal")
            assert case.due_at == clock.due(promise, case.opened_at, calendar)

    def test_places_lie_within_the_city(self, run: HistoryRun) -> None:
        placed = Case.objects.exclude(lon=None)
        assert placed.exists()
        assert {code for areas in placed.values_list("areas", flat=True) for code in areas} == {
            LIMIT_LAYER,
            "district",
        }

    def test_days_are_marked_and_their_sums_hold(self, run: HistoryRun, city: City) -> None:
        assert StaleMoment.objects.filter(city_id=city.pk).exists()
        rollups.rebuild(city, now=UNTIL)
        day = UNTIL.date() - timedelta(days=30)
        assert rollups.prove_day(city, day, now=UNTIL) is True

    def test_some_mails_are_there_as_sent(self, run: HistoryRun) -> None:
        assert Message.objects.filter(state="sent").exists()
        assert not Message.objects.exclude(state="sent").exists()
        assert not Outbox.objects.filter(done_at=None).exists()
        message = Message.objects.order_by("id")[0]
        assert message.to_address.endswith("@resident.example")
        assert message.case_number in message.subject

    def test_new_reports_go_on_after_it(self, run: HistoryRun, city: City) -> None:
        again = begun(city, seed=2, cases=50)
        assert again.first_ids["case"] >= run.first_ids["case"] + 600
        finish(again)
        assert Case.objects.count() == 650
        assert list(verify.faults()) == []


class TestTestford:
    """A city from a pack: staff, a flow with timers, targets, several languages."""

    @pytest.fixture
    def run(self, cast: Cast) -> HistoryRun:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        run = begun(cast.city, cases=400)
        finish(run)
        return run

    def test_cases_take_the_ways_of_its_flows(self, run: HistoryRun, cast: Cast) -> None:
        assert ways_taken(cast.city) > 300
        assert list(verify.faults()) == []
        staff = TimelineEntry.objects.filter(actor_kind="staff").order_by("case_id", "seq")
        known = {(member.user_id, member.name) for member in members(cast.city)}
        assert set(staff.values_list("actor_id", "actor_name")) <= known

    def test_what_waits_for_a_timer_has_it(self, run: HistoryRun, cast: Cast) -> None:
        timers = list(Timer.objects.select_related("case").order_by("id"))
        assert timers
        listed = catalogue(cast.city)
        for timer in timers:
            assert timer.fired_at is None
            assert timer.at > UNTIL
            assert timer.entered == timer.case.entered
            state = listed.flow_version(timer.case.flow_version_id).states[timer.case.state]
            assert timer.move in {t.move for t in state.timers}

    def test_a_case_of_it_can_be_worked_on(self, run: HistoryRun, cast: Cast) -> None:
        case = Case.objects.filter(state="received").order_by("-id")[0]
        flow = catalogue(cast.city).flow_version(case.flow_version_id)
        move = next(m for m in flow.leaving("received", ["agent"]) if not m.needs)
        actions.make_move(
            city=cast.city, case_id=case.pk, move=move.key, by=cast.dana, now=UNTIL, given=Given()
        )
        assert list(verify.faults()) == []


FACTS = """
SELECT string_agg(md5(concat_ws('|', opened_at, state, category, outcome, closed_at, due_at, lon, lat, areas,
    place_words, people_count, reopened, queue_id, service_id, assignee_id, lock)), '' ORDER BY id),
  (SELECT string_agg(md5(concat_ws('|', created_at, channel, words, language, token, rating, answers)), '' ORDER BY id)
   FROM service_requests_servicerequest),
  (SELECT string_agg(md5(concat_ws('|', name, email, language)), '' ORDER BY id) FROM people_person),
  (SELECT string_agg(md5(concat_ws('|', at, kind, actor_kind)), '' ORDER BY case_id, seq)
   FROM casework_timelineentry)
FROM casework_case
"""


def digest(run: HistoryRun) -> str:
    """Of all that was made up: everything but keys, numbers, and the hashes that cover keys."""
    finish(run)
    with connection.cursor() as cursor:
        cursor.execute(FACTS)
        return hashlib.sha256(repr(cursor.fetchone()).encode()).hexdigest()


class TestAgain:
    def digest_of(self, city: City, **values: Any) -> str:
        """Of a history that is taken back afterwards."""
        with transaction.atomic():
            found = digest(begun(city, cases=250, **values))
            transaction.set_rollback(True)
        return found

    def test_the_same_seed_makes_the_same_rows(self, city: City) -> None:
        one = self.digest_of(city)
        assert self.digest_of(city) == one
        assert self.digest_of(city, lanes=1) == one
        assert self.digest_of(city, seed=2) != one

    def test_it_goes_on_where_it_was_broken_off(
        self, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = self.digest_of(city)
        run = begun(city, cases=250)
        write, left = storing._write, iter((True, True, False))

        def failing(*given: Any) -> None:
            if not next(left):
                raise RuntimeError("the light went out")
            write(*given)

        monkeypatch.setattr(storing, "_write", failing)
        with pytest.raises(RuntimeError):
            finish(run)
        monkeypatch.undo()
        run.refresh_from_db()
        assert (run.written, run.finished_at) == (150, None)
        assert Case.objects.count() == 150
        found = storing.found(city=city, profile=LA, seed=1, cases=250, years=2)
        assert found == run
        assert digest(run) == whole
        assert finish(run) == [250]

    def test_another_size_with_the_same_seed_is_refused(self, city: City) -> None:
        begun(city, cases=250)
        with pytest.raises(HistoryRefused, match="250 cases in 2 years with the seed 1 already"):
            storing.found(city=city, profile=LA, seed=1, cases=300, years=2)
        assert storing.found(city=city, profile=LA, seed=2, cases=300, years=2) is None

    def test_two_processes_do_not_write_the_same_part(self, city: City) -> None:
        run = begun(city, cases=250)
        other = storing.write_lane(HistoryRun.objects.get(pk=run.pk), LA, 0)
        finish(run)
        with pytest.raises(HistoryRefused, match="Another process"), transaction.atomic():
            next(other)


def structure() -> set[str]:
    """Every index and constraint of the large tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = ANY(%s) UNION"
            " SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY(%s)",
            [list(indexes.TABLES)] * 2,
        )
        return {row[0] for row in cursor.fetchall()}


class TestIndexes:
    def test_they_are_left_out_of_empty_tables_and_come_back(self, city: City) -> None:
        before = structure()
        run = begun(city, cases=50)
        indexes.leave_out(run)
        assert len(structure()) < len(before) - 30
        run.refresh_from_db()
        assert run.put_back
        finish(run)
        assert structure() == before
        assert run.put_back == []

    def test_they_stay_where_there_are_cases(
        self, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finish(begun(city, cases=50))
        called: list[HistoryRun] = []
        monkeypatch.setattr(indexes, "leave_out", called.append)
        finish(begun(city, cases=50, seed=2))
        assert called == []
        finish(begun(city, cases=50, seed=3), rebuild=True)
        assert len(called) == 1

    def test_what_a_killed_history_left_out_comes_back_with_the_next(self, city: City) -> None:
        before = structure()
        indexes.leave_out(begun(city, cases=50))
        finish(begun(city, cases=50, seed=2))
        assert structure() == before


@pytest.mark.django_db(transaction=True)
def test_two_processes_write_one_history(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    city = build(now)
    run = begun(city, cases=300, part_size=50)
    told = finish(run, processes=2)
    assert told[0] == 0
    assert told[-1] == Case.objects.count() == 300
    run.refresh_from_db()
    assert run.done == [3, 3]
    assert run.finished_at is not None
    assert list(verify.faults()) == []
    assert not Timer.objects.filter(fired_at__isnull=False).exists()
