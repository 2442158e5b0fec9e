"""Live cases and new versions of their flow: pinned, rehearsed, moved one by one, put back."""

import datetime as dt
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from onehall.casework import migrating, tasks
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Task, Timer
from onehall.casework.replay import replay
from onehall.catalog.models import FlowVersion
from onehall.cli import city as city_cli
from tests.cast import START, Cast, entries, kinds, sound
from tests.packs import WrongPack
from tests.reviewed import finish, hole, open_tasks, pack, reviewed

DAY = dt.timedelta(days=1)
LATER = START + DAY

NEW_TASK = """      - {key: sign, label: {en: Put up a sign, es: Poner una señal}, queue: roads, due: {days: 2}}
"""


@pytest.fixture
def cast(db: None) -> Cast:
    return reviewed()


@pytest.fixture
def changed(tmp_path: Path) -> WrongPack:
    """The pack with another review: no more papers, a sign instead, and no reminder."""
    found = pack(tmp_path / "changed")
    text = (found.folder / "flows/reviewed.yaml").read_text(encoding="utf-8")
    a = text.index("      - key: clerk")
    b = text.index("      - key: deep")
    text = text[:a] + NEW_TASK + text[b:]
    text = text[: text.index("scenarios:")]
    (found.folder / "flows/reviewed.yaml").write_text(text, encoding="utf-8")
    return found


def publish(cast: Cast, changed: WrongPack) -> FlowVersion:
    cast.city = city_cli.apply(changed.folder)
    return migrating.version_of(cast.city, "reviewed", None)


def in_review(cast: Cast) -> Case:
    case = hole(cast)
    cast.move(case, "accept")
    return case


def migrate(cast: Cast, case: Case, version: FlowVersion, **states: str) -> migrating.Outlook:
    return migrating.migrate_case(
        city=cast.city, case_id=case.pk, version=version, states=states, by=cast.ada, now=LATER
    )


def told(case: Case) -> None:
    found = replay(entries(case), "received")
    stored = sound(case)
    assert found.state == stored.state
    rows = Task.objects.filter(case=case, state="open").values_list("key", "cycle")
    assert found.open_tasks == set(rows)


class TestPublishing:
    def test_says_how_many_cases_stay_where(self, cast: Cast, changed: WrongPack) -> None:
        in_review(cast)
        in_review(cast)
        details = [c.detail for c in city_cli.plan(changed.folder) if c.what == "flow"]
        assert "2 cases stay on version 1" in details[0]

    def test_leaves_live_cases_on_their_version(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        publish(cast, changed)
        assert open_tasks(case) == ["clerk", "roads"]
        assert open_tasks(in_review(cast)) == ["roads", "sign"]
        assert migrating.live_by_version(cast.city)["reviewed"] == [(2, 1), (1, 1)]

    def test_a_version_never_changes(self, cast: Cast) -> None:
        row = FlowVersion.objects.get(flow__key="reviewed")
        row.doc["start"] = "review"
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            row.save()


class TestRehearsal:
    def test_shows_everything_and_changes_nothing(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        version = publish(cast, changed)
        ids = migrating.candidates(cast.city, version)
        lock = Case.objects.get(pk=case.pk).lock
        (look,) = migrating.rehearse(
            city=cast.city, case_ids=ids, version=version, states={}, by=cast.ada, now=LATER
        )
        assert (look.before, look.after) == ("review", "review")
        assert (look.kept, look.added, look.cancelled) == (("roads",), ("sign",), ("clerk",))
        assert dict(look.due)["sign"] == LATER + 2 * DAY
        assert "escalate" in dict(look.due)
        assert Case.objects.get(pk=case.pk).lock == lock
        assert open_tasks(case) == ["clerk", "roads"]

    def test_says_which_cases_cannot_go(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        path = changed.folder / "flows/reviewed.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("  review:\n", "  checks:\n")
            .replace("to: review,", "to: checks,")
            .replace("from: [review]", "from: [checks]"),
            encoding="utf-8",
        )
        version = publish(cast, changed)
        (look,) = migrating.rehearse(
            city=cast.city, case_ids=[case.pk], version=version, states={}, by=cast.ada, now=LATER
        )
        assert "has no state “review”" in look.refused
        assert migrate(cast, case, version, review="checks").after == "checks"
        told(case)
        finish(cast, case, "sign")
        finish(cast, case, "roads")
        assert Case.objects.get(pk=case.pk).state == "ready"


class TestMigrating:
    def test_keeps_what_is_done_and_asks_what_is_new(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        finish(cast, case, "roads")
        version = publish(cast, changed)
        migrate(cast, case, version)
        assert open_tasks(case) == ["sign"]
        told(case)
        finish(cast, case, "sign", now=LATER)
        assert Case.objects.get(pk=case.pk).state == "ready"
        told(case)

    def test_moves_on_where_nothing_is_left_to_do(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        finish(cast, case, "roads")
        changed.replace("flows/reviewed.yaml", NEW_TASK, "")
        look = migrate(cast, case, publish(cast, changed))
        assert look.after == "ready"
        told(case)

    def test_no_timer_fires_twice(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        assert tasks.sweep_timers(START + 3 * DAY) == 1
        version = publish(cast, changed)
        migrating.migrate_case(
            city=cast.city, case_id=case.pk, version=version, states={}, by=cast.ada,
            now=START + 3 * DAY,
        )  # fmt: skip
        assert tasks.sweep_timers(START + 4 * DAY) == 0
        assert tasks.sweep_timers(START + 30 * DAY) == 1
        assert kinds(case).count("reminded") == 1
        assert kinds(case).count("escalated") == 1

    def test_of_ended_cases_is_refused(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        cast.move(case, "close", outcome="fixed", words="Done.")
        with pytest.raises(MoveRefused):
            migrate(cast, case, publish(cast, changed))


class TestUndoing:
    def test_puts_version_tasks_and_timers_back(self, cast: Cast, changed: WrongPack) -> None:
        case = in_review(cast)
        before = Case.objects.get(pk=case.pk)
        migrate(cast, case, publish(cast, changed))
        migrating.undo_migration(city=cast.city, case_id=case.pk, by=cast.ada, now=LATER)
        after = sound(case)
        assert (after.flow_version_id, after.state) == (before.flow_version_id, "review")
        assert open_tasks(case) == ["clerk", "roads"]
        told(case)
        live = Timer.objects.filter(case=case, entered=after.entered, fired_at=None)
        assert sorted(live.values_list("kind", flat=True)) == ["escalate", "remind"]
        finish(cast, case, "clerk", now=LATER)
        finish(cast, case, "roads", now=LATER)
        assert Case.objects.get(pk=case.pk).state == "ready"

    def test_is_refused_after_the_next_move_and_the_second_time(
        self, cast: Cast, changed: WrongPack
    ) -> None:
        version, given = None, {"city": cast.city, "by": cast.ada, "now": LATER}
        case, other = in_review(cast), in_review(cast)
        version = publish(cast, changed)
        given["city"] = cast.city
        for one in (case, other):
            migrate(cast, one, version)
        cast.move(case, "close", outcome="fixed", words="Done.", now=LATER)
        with pytest.raises(MoveRefused, match="moved on"):
            migrating.undo_migration(**given, case_id=case.pk)
        migrating.undo_migration(**given, case_id=other.pk)
        with pytest.raises(MoveRefused, match="moved on"):
            migrating.undo_migration(**given, case_id=other.pk)
