"""Imported cases that are still open have the tasks of their state, as if a move had led there."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onehall.casework import task_actions
from onehall.casework.models import Case, Task
from onehall.casework.replay import replay
from onehall.catalog.models import Flow, FlowVersion
from onehall.catalog.queries import forget
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests.importing.profile import Profile
from tests.cast import entries, sound
from tests.service_requests.import_city import FLOW, build_city
from tests.service_requests.import_city_files import bring_in, small_profile, write_csv

pytestmark = pytest.mark.django_db
OPENED = datetime(2024, 7, 1, 17, tzinfo=UTC)
EAST = {"eq": ["area.district", "east"]}


@pytest.fixture
def city(now: datetime) -> City:
    """A city whose cases are looked at first; those of the east by the lights too."""
    city = build_city(now)
    city.calendar = {"hours": {day: ["08:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}}
    city.save(update_fields=["calendar"])
    flow = deepcopy(FLOW)
    flow["states"]["received"] |= {
        "tasks": [
            {"key": "look", "label": "Look", "queue": "desk", "due": {"days": 3}},
            {"key": "lamp", "label": "Lamp", "queue": "lights", "when": EAST},
        ],
        "join": {"rule": "all", "outcomes": {"ok": {"label": "OK", "fire": "go"}}},
    }
    flow["states"]["working"] |= {
        "enter": [
            {"add_task": {"key": "sign", "label": "Sign", "queue": "roads", "due": {"working_days": 1}}}
        ],
    }  # fmt: skip
    flow["moves"]["go"] = {"from": ["received"], "to": "working", "by": ["system"]}
    # A version never changes: this one follows on the first.
    FlowVersion.objects.create(
        flow=Flow.objects.get(city=city), number=2, doc=flow, sha256="1" * 64, published_at=now
    )
    forget()
    return city


@pytest.fixture
def rules(tmp_path: Path) -> Profile:
    return small_profile(tmp_path)


def test_they_are_opened_with_the_dates_of_the_row(
    city: City, rules: Profile, tmp_path: Path, now: datetime
) -> None:
    rows = [{"State": "Open", "Closed": ""}, {"State": "Open", "Closed": "", "Lon": "7"}]
    bring_in(city, rules, write_csv(tmp_path / "rows.csv", rows), now)
    west, east = Case.objects.order_by("lon")
    (look,) = Task.objects.filter(case=west)
    assert (look.key, look.queue.key, look.state, look.during) == (
        "look",
        "desk",
        "open",
        "received",
    )
    assert (look.opened_at, look.due_at) == (OPENED, OPENED + timedelta(days=3))
    assert (look.entered, look.cycle, look.joins) == (0, 1, True)
    both = Task.objects.filter(case=east).order_by("position")
    assert [(t.key, t.position, t.due_at is None) for t in both] == [("look", 0, False), ("lamp", 1, True)]  # fmt: skip
    for case in (west, east):
        told = replay(entries(case), "received")
        assert told.open_tasks == {(t.key, 1) for t in Task.objects.filter(case=case)}
        assert sound(case).state == "received"
    at = [(e.kind, e.at) for e in entries(west)]
    assert [kind for kind, _at in at] == ["received", "task_opened", "imported"]
    assert at[1][1] == OPENED


def test_one_that_had_moved_counts_from_then_and_gets_what_the_state_adds(
    city: City, rules: Profile, tmp_path: Path, now: datetime
) -> None:
    row = {"State": "Doing", "Closed": "", "Updated": "2024-07-03 09:00:00"}
    bring_in(city, rules, write_csv(tmp_path / "rows.csv", [row]), now)
    task = Task.objects.get()
    moved = datetime(2024, 7, 3, 16, tzinfo=UTC)
    assert (task.key, task.queue.key, task.joins, task.during) == ("sign", "roads", False, "")
    assert (task.opened_at, task.entered, task.label) == (moved, 1, {"en": "Sign"})
    assert task.due_at is not None
    assert task.due_at > moved
    sound(Case.objects.get())


def test_those_that_have_ended_have_none(
    city: City, rules: Profile, tmp_path: Path, now: datetime
) -> None:
    bring_in(city, rules, write_csv(tmp_path / "rows.csv", [{}, {"State": "Void"}]), now)
    assert Case.objects.count() == 2
    assert not Task.objects.exists()


def test_they_are_worked_like_any_other(
    city: City, rules: Profile, tmp_path: Path, now: datetime
) -> None:
    row = {"State": "Open", "Closed": ""}
    bring_in(city, rules, write_csv(tmp_path / "rows.csv", [row]), now)
    case, task = Case.objects.get(), Task.objects.get()
    clerk = Actor(kind="staff", city_id=city.pk, roles=frozenset({"agent"}))
    done = task_actions.complete_task(
        city=city, case_id=case.pk, task_id=task.pk, outcome="ok", by=clerk, now=now
    )
    assert done.state == "working"
    assert [t.key for t in Task.objects.filter(case=case, state="open")] == ["sign"]
