"""Figures out of sums by day are those out of the cases, whatever happens to the cases in between."""

import datetime as dt
import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onehall.casework.models import Case, CaseTarget, Photo
from onehall.insights import periods, queries, rollups
from onehall.insights.models import DayFigure, RollUp, StaleMoment
from onehall.kernel.clock import now
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.places.models import City
from tests.cast import START, Cast
from tests.console.made_cases import make_cases

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def counted(city: City, actor: Actor, key: periods.Key) -> queries.Figures:
    caches["local"].clear()
    period = periods.period(key, now=now(), zone=ZoneInfo(city.time_zone))
    return queries.figures(city, actor, period, now=now())


def from_cases(city: City, actor: Actor, key: periods.Key) -> queries.Figures:
    """The same with no sums to read."""
    with transaction.atomic():
        RollUp.objects.all().delete()
        found = counted(city, actor, key)
        transaction.set_rollback(True)
    return found


def same(city: City, *actors: Actor) -> None:
    for actor in actors:
        for key in periods.KEYS:
            assert counted(city, actor, key) == from_cases(city, actor, key), key


def live_days(city: City) -> set[dt.date]:
    """The days that would be read from the cases, as marked."""
    zone = ZoneInfo(city.time_zone)
    return {
        at.astimezone(zone).date()
        for at in StaleMoment.objects.filter(city_id=city.pk).values_list("at", flat=True)
    }


def test_sums_are_the_cases(cast: Cast) -> None:
    make_cases(cast.city, 300, days=400)
    assert rollups.rebuild(cast.city, now=now()) > 390
    assert not live_days(cast.city) - {START.date()}
    same(cast.city, cast.dana, cast.mo, cast.kim)
    DayFigure.objects.all().delete()
    assert counted(cast.city, cast.dana, "year") != from_cases(cast.city, cast.dana, "year")


# What may happen to cases, each by a way of its own.


def _close(case: Case, rng: random.Random) -> None:
    if case.is_open:
        case.is_open, case.category = False, "resolved"
        case.closed_at = case.opened_at + (now() - case.opened_at) * rng.random()
        case.save()


def _reopen(case: Case, _rng: random.Random) -> None:
    if not case.is_open and case.merged_into_id is None:
        case.is_open, case.closed_at, case.category = True, None, "review"
        case.reopened += 1
        case.save()


def _restate(case: Case, rng: random.Random) -> None:
    moved = Case.objects.filter(pk=case.pk, closed_at__isnull=False)
    moved.update(closed_at=case.opened_at + (now() - case.opened_at) * rng.random())


def _requeue(case: Case, rng: random.Random) -> None:
    ids = [q.id for q in queues(case.city)]
    Case.objects.filter(pk=case.pk).update(queue_id=rng.choice(ids))


def _replace(case: Case, rng: random.Random) -> None:
    Case.objects.filter(pk=case.pk).update(areas=rng.choice([{}, {"district": "north"}]))


def _join(case: Case, rng: random.Random) -> None:
    others = list(Case.objects.filter(is_open=True).exclude(pk=case.pk).order_by("id")[:5])
    if others and not Case.objects.filter(merged_into=case).exists():
        case.is_open, case.merged_into = False, rng.choice(others)
        case.save()


def _late_entry(case: Case, rng: random.Random) -> None:
    case.pk, case.number = None, f"L-{rng.randrange(10**9)}"
    case._state.adding = True
    case.opened_at -= dt.timedelta(days=rng.uniform(0, 300))
    case.save()


def _photo(case: Case, _rng: random.Random) -> None:
    pictures = Photo.objects.filter(case=case)
    if pictures.filter(removed_at=None).exists():
        pictures.update(removed_at=now())
    else:
        pictures.update(removed_at=None, kind="after")


def _retarget(case: Case, rng: random.Random) -> None:
    rows = CaseTarget.objects.filter(case=case)
    if rows.exists():
        rng.choice(
            (rows.delete, lambda: rows.update(met_at=None), lambda: rows.update(due_at=now()))
        )()
    else:
        at = case.opened_at + rng.choice([-DAY, DAY])
        CaseTarget.objects.create(
            city_id=case.city_id, case=case, kind="on_site", due_at=at, risk_at=at,
            met_at=case.opened_at, ended_at=case.opened_at,
        )  # fmt: skip


def _gone(case: Case, _rng: random.Random) -> None:
    if not Case.objects.filter(merged_into=case).exists():
        case.delete()


CHANGES: tuple[Callable[[Case, random.Random], None], ...] = (
    _close, _reopen, _restate, _requeue, _replace, _join, _late_entry, _photo, _retarget, _gone,
)  # fmt: skip


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10_000),
    acts=st.lists(st.sampled_from([*CHANGES, None]), min_size=3, max_size=14),
)
def test_whatever_happens(
    cast: Cast, seed: int, acts: list[Callable[[Case, random.Random], None] | None]
) -> None:
    """None stands for the worker's turn."""
    with transaction.atomic():
        rng = random.Random(seed)
        make_cases(cast.city, 60, seed=seed, days=400)
        rollups.keep_current(now=now())
        for act in acts:
            if act is None:
                rollups.keep_current(now=now())
            else:
                act(rng.choice(list(Case.objects.order_by("id"))), rng)
        same(cast.city, cast.dana)
        rollups.keep_current(now=now())
        same(cast.city, cast.dana, cast.mo)
        for day in sorted({d.day for d in DayFigure.objects.all()}):
            assert rollups.prove_day(cast.city, day, now=now())
        transaction.set_rollback(True)


class TestKeeping:
    def test_only_days_that_changed_are_summed_again(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        kept = set(DayFigure.objects.values_list("pk", flat=True))
        case = Case.objects.filter(is_open=True).order_by("opened_at")[0]
        Case.objects.filter(pk=case.pk).update(reopened=9)
        rollups.keep_current(now=now())
        zone = ZoneInfo(cast.city.time_zone)
        fresh = DayFigure.objects.exclude(pk__in=kept)
        assert {d.day for d in fresh} == {case.opened_at.astimezone(zone).date()}
        rollups.keep_current(now=now())
        assert set(fresh) == set(DayFigure.objects.exclude(pk__in=kept))

    def test_a_move_that_changes_no_figure_marks_nothing(self, cast: Cast) -> None:
        case = cast.case()
        StaleMoment.objects.all().delete()
        cast.move(case, "check")
        cast.move(case, "hold", reason="Rain.")
        assert not StaleMoment.objects.exists()
        cast.move(case, "close", outcome="nothing_found", words="Nothing there.")
        assert StaleMoment.objects.exists()

    def test_another_reckoning_sums_everything_anew(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        before = RollUp.objects.get().basis
        City.objects.filter(pk=cast.city.pk).update(time_zone="Asia/Kathmandu")
        cast.city.refresh_from_db()
        same(cast.city, cast.dana)
        rollups.keep_current(now=now())
        assert RollUp.objects.get().basis != before
        same(cast.city, cast.dana)

    def test_a_second_worker_leaves_it_to_the_first(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_cases(cast.city, 20)
        monkeypatch.setattr(rollups, "_alone", lambda _city: False)
        rollups.keep_current(now=now())
        assert not DayFigure.objects.exists()
        assert not RollUp.objects.exists()

    def test_another_city_has_sums_of_its_own(self, cast: Cast) -> None:
        make_cases(cast.city, 40)
        other = City.objects.create(
            slug="other", name="Other", languages=["en"], time_zone="UTC", calendar={}
        )
        rollups.keep_current(now=now())
        assert set(DayFigure.objects.values_list("city_id", flat=True)) == {cast.city.pk}
        assert RollUp.objects.filter(pk=other.pk).exists()

    def test_reads_the_year_without_the_cases_of_the_year(self, cast: Cast) -> None:
        make_cases(cast.city, 200, days=400)
        rollups.keep_current(now=now())
        caches["local"].clear()
        with CaptureQueriesContext(connection) as found:
            counted(cast.city, cast.dana, "year")
        assert len(found.captured_queries) == 3
        assert "ANY('{2026-03-04}'::date[]" in found.captured_queries[-1]["sql"]

    def test_a_target_of_a_closed_case_that_changes_marks_its_day(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        row = CaseTarget.objects.filter(case__closed_at__lt=now() - 2 * DAY).order_by("id")[0]
        StaleMoment.objects.all().delete()
        CaseTarget.objects.filter(pk=row.pk).update(due_at=row.due_at + DAY)
        zone = ZoneInfo(cast.city.time_zone)
        assert row.case.closed_at is not None
        assert live_days(cast.city) == {row.case.closed_at.astimezone(zone).date()}
        same(cast.city, cast.dana)


class TestProof:
    def test_finds_a_wrong_sum_says_so_and_mends_it(
        self, cast: Cast, caplog: pytest.LogCaptureFixture
    ) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        row = DayFigure.objects.filter(kind=DayFigure.Kind.SERVICE, opened__gt=0).order_by("day")[0]
        DayFigure.objects.filter(pk=row.pk).update(opened=row.opened + 1)
        assert rollups.prove_day(cast.city, row.day, now=now()) is False
        assert "event=figures.wrong" in caplog.text
        assert RollUp.objects.get().wrong_day == row.day
        same(cast.city, cast.dana)
        assert rollups.prove_day(cast.city, row.day, now=now()) is True

    def test_picks_a_day_by_itself(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        rollups.prove(now=now())
        assert RollUp.objects.get().proved_at == now()
        assert RollUp.objects.get().wrong_day is None

    def test_says_nothing_of_a_day_that_is_stale(self, cast: Cast) -> None:
        make_cases(cast.city, 60)
        rollups.keep_current(now=now())
        case = Case.objects.filter(opened_at__lt=now() - 3 * DAY).order_by("id")[0]
        Case.objects.filter(pk=case.pk).update(reopened=5)
        day = case.opened_at.astimezone(ZoneInfo(cast.city.time_zone)).date()
        assert rollups.prove_day(cast.city, day, now=now()) is None
