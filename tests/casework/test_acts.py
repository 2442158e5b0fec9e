"""What staff do to a case besides moving it: reply, note, assign, priority, queue, place; and what it costs."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from onehall.casework import actions, clock
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, TimelineEntry
from onehall.messaging.models import Outbox
from onehall.people.actor import Actor
from onehall.people.queries import queue_named
from onehall.service_requests import actions as requests
from onehall.service_requests import joining
from tests.cast import NORTH, START, Cast, elsewhere, entries, kinds, sound

pytestmark = pytest.mark.django_db

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def queue_id(cast: Cast, key: str) -> int:
    found = queue_named(cast.city, key)
    assert found is not None
    return found.id


def acts(cast: Cast, case: Case) -> dict[str, Callable[[Actor], object]]:
    """Every act of staff on a case, by name."""
    common = {"city": cast.city, "case_id": case.id, "now": START}
    return {
        "reply": lambda by: actions.reply(**common, words="Hello.", by=by),
        "note": lambda by: actions.note(**common, words="Hello.", by=by),
        "assign": lambda by: actions.assign(
            **common, user_id=cast.ben.user_id, user_name="Ben", by=by
        ),
        "priority": lambda by: actions.set_priority(**common, priority=1, by=by),
        "route": lambda by: actions.route(
            **common, queue_id=queue_id(cast, "roads-north"), reason="Theirs.", by=by
        ),
        "place": lambda by: actions.place(**common, new=NORTH, by=by),
    }


@pytest.mark.parametrize("act", ["reply", "note", "assign", "priority", "route", "place"])
@pytest.mark.parametrize(
    ("who", "ok"),
    [
        ("ben", True),
        ("mo", True),
        ("dana", True),
        ("ada", True),
        ("kim", False),
        ("owen", False),
        ("sam", False),
    ],
)
def test_role_may_act(cast: Cast, act: str, who: str, ok: bool) -> None:
    case = cast.case()
    if ok:
        acts(cast, case)[act](cast.named(who))
        assert sound(case).lock > 2
    else:
        with pytest.raises(MoveRefused, match="can read this case but not change it"):
            acts(cast, case)[act](cast.named(who))
        assert sound(case).lock == 2


class TestReply:
    def test_is_public_and_answers_what_was_unread(self, cast: Cast) -> None:
        request = cast.report()
        requests.write(city=cast.city, request=request, words="Anyone?", by=cast.sam, now=START)
        assert sound(request.case).unread_reply
        actions.reply(
            city=cast.city, case_id=request.case_id, words=" Yes. ", by=cast.dana, now=START
        )
        stored = sound(request.case)
        assert not stored.unread_reply
        last = entries(stored)[-1]
        assert (last.kind, last.public, last.data) == ("replied", True, {"words": "Yes."})

    def test_needs_words_and_not_too_many(self, cast: Cast) -> None:
        case = cast.case()
        for words in ("", "  \n ", "x" * 4001):
            with pytest.raises(MoveRefused) as no:
                actions.reply(city=cast.city, case_id=case.id, words=words, by=cast.dana, now=START)
            assert no.value.missing == ("words",)

    def test_reading_is_no_entry(self, cast: Cast) -> None:
        request = cast.report()
        requests.write(city=cast.city, request=request, words="Anyone?", by=cast.sam, now=START)
        actions.read_replies(city=cast.city, case_id=request.case_id, by=cast.owen)
        assert sound(request.case).unread_reply
        actions.read_replies(city=cast.city, case_id=request.case_id, by=cast.dana)
        stored = sound(request.case)
        assert not stored.unread_reply
        assert stored.lock == 3


class TestNote:
    def test_is_for_staff_alone_and_tells_nobody(self, cast: Cast) -> None:
        case = cast.case()
        Outbox.objects.all().delete()
        actions.note(city=cast.city, case_id=case.id, words="Angry dog.", by=cast.ben, now=START)
        assert not entries(sound(case))[-1].public
        assert [row.topic for row in Outbox.objects.order_by("id")] == ["live"]


class TestAssign:
    def test_gives_and_takes_back(self, cast: Cast) -> None:
        case = cast.case()
        common = {"city": cast.city, "case_id": case.id, "by": cast.mo, "now": START}
        actions.assign(**common, user_id=cast.ben.user_id, user_name="Ben Crew")
        actions.assign(**common, user_id=cast.ben.user_id, user_name="Ben Crew")
        assert sound(case).assignee_id == cast.ben.user_id
        actions.assign(**common, user_id=None, user_name="")
        assert sound(case).assignee_id is None
        assert kinds(case)[2:] == ["assigned", "assigned"]

    def test_only_to_people_who_work_here(self, cast: Cast, tmp_path: object) -> None:
        _city, ida = elsewhere(tmp_path)  # type: ignore[arg-type]
        case = cast.case()
        for user_id in (ida.user_id, 10**9):
            with pytest.raises(MoveRefused, match="somebody who works here"):
                actions.assign(
                    city=cast.city,
                    case_id=case.id,
                    user_id=user_id,
                    user_name="?",
                    by=cast.mo,
                    now=START,
                )

    def test_the_slower_of_two_is_told(self, cast: Cast) -> None:
        case = cast.case()
        common = {"city": cast.city, "case_id": case.id, "now": START, "seen": case.lock}
        actions.assign(**common, user_id=cast.ben.user_id, user_name="Ben", by=cast.ben)
        with pytest.raises(CaseChanged):
            actions.assign(**common, user_id=cast.mo.user_id, user_name="Mo", by=cast.mo)
        assert sound(case).assignee_id == cast.ben.user_id


class TestPriority:
    def set(self, cast: Cast, case: Case, priority: int, now: dt.datetime) -> Case:
        actions.set_priority(
            city=cast.city, case_id=case.id, priority=priority, by=cast.dana, now=now
        )
        return sound(case)

    def test_a_service_with_its_own_promise_for_it_gets_a_sooner_date(self, cast: Cast) -> None:
        case = cast.case()
        stored = self.set(cast, case, 1, START + HOUR)
        calendar = actions.queries.calendar_of(cast.city)
        assert stored.due_at == calendar.add_hours(START + HOUR, 8)
        assert stored.promised_at == case.due_at
        assert kinds(case)[2:] == ["priority", "promised"]

    def test_going_up_never_gives_a_later_date(self, cast: Cast) -> None:
        case = cast.case()
        assert case.due_at is not None
        assert self.set(cast, case, 1, case.due_at - HOUR).due_at == case.due_at

    def test_going_down_never_makes_a_case_late(self, cast: Cast) -> None:
        case = cast.case(priority=1)
        stored = self.set(cast, case, 0, START + 20 * DAY)
        assert stored.due_at is not None
        assert case.due_at is not None
        assert stored.due_at > case.due_at

    def test_the_same_again_is_nothing_and_another_without_own_promise_moves_no_date(
        self, cast: Cast
    ) -> None:
        case = cast.case(service_key="question")
        self.set(cast, case, 0, START)
        assert kinds(case) == ["received", "routed"]
        assert self.set(cast, case, 2, START).due_at == case.due_at
        assert kinds(case)[2:] == ["priority"]

    def test_while_waiting_it_counts_from_the_pause(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "ask", words="Which side?", now=START + HOUR)
        stored = self.set(cast, case, 1, START + 2 * HOUR)
        calendar = actions.queries.calendar_of(cast.city)
        assert stored.paused_at == START + HOUR
        assert stored.due_at == calendar.add_hours(START + HOUR, 8)
        cast.move(case, "answer", now=START + 10 * DAY)
        assert sound(case).due_at == calendar.add_hours(START + 10 * DAY, 8)

    def test_an_unknown_priority_is_refused(self, cast: Cast) -> None:
        with pytest.raises(MoveRefused, match="listed priorities"):
            self.set(cast, cast.case(), 7, START)


class TestRoute:
    def test_keeps_the_reason_and_gives_the_case_to_nobody(self, cast: Cast) -> None:
        case = cast.case()
        actions.assign(
            city=cast.city,
            case_id=case.id,
            user_id=cast.ben.user_id,
            user_name="Ben",
            by=cast.ben,
            now=START,
        )
        neighbors = queue_id(cast, "neighbors")
        actions.route(
            city=cast.city,
            case_id=case.id,
            queue_id=neighbors,
            reason=" A quarrel. ",
            by=cast.dana,
            now=START,
        )
        stored = sound(case)
        assert (stored.queue_id, stored.assignee_id) == (neighbors, None)
        assert stored.route_reason == {"because": "A quarrel.", "by": "Dana Agent"}
        last = entries(case)[-1]
        assert last.data["because"] == "A quarrel."
        assert last.data["from"] == case.queue_id

    def test_the_other_department_works_on_it_from_then_on(self, cast: Cast) -> None:
        case = cast.case()
        actions.route(
            city=cast.city,
            case_id=case.id,
            queue_id=queue_id(cast, "neighbors"),
            reason="x",
            by=cast.ben,
            now=START,
        )
        cast.move(case, "check", cast.kim)
        with pytest.raises(MoveRefused):
            cast.move(case, "start", cast.ben)

    def test_is_refused_without_a_reason_and_to_no_or_the_same_queue(self, cast: Cast) -> None:
        case = cast.case()
        common = {"city": cast.city, "case_id": case.id, "by": cast.dana, "now": START}
        with pytest.raises(MoveRefused) as no:
            actions.route(**common, queue_id=queue_id(cast, "neighbors"), reason=" ")
        assert no.value.missing == ("reason",)
        with pytest.raises(MoveRefused, match="listed queues"):
            actions.route(**common, queue_id=-1, reason="x")
        with pytest.raises(MoveRefused, match="in this queue already"):
            actions.route(**common, queue_id=case.queue_id, reason="x")


class TestPlace:
    def test_is_corrected_with_its_cell_and_areas(self, cast: Cast) -> None:
        case = cast.case()
        actions.place(city=cast.city, case_id=case.id, new=NORTH, by=cast.ben, now=START)
        stored = sound(case)
        assert (stored.lon, stored.lat, stored.areas) == (
            NORTH.lon,
            NORTH.lat,
            {"district": "north"},
        )
        assert stored.cell != case.cell
        assert entries(case)[-1].data == {
            "place_from": "300 Elm Street",
            "place_to": "300 Pine Street",
        }


class TestNothingIsOverwritten:
    """`save()` writes every column, so what an action holds must be what the row says."""

    def test_follow_join_and_undo_keep_counts_and_chain(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        cast.follow(first)
        cast.follow(second)
        assert sound(first).people_count == 2
        joining.join(
            city=cast.city, case_id=second.id, into_number=first.number, by=cast.dana, now=START
        )
        assert (sound(first).people_count, sound(second).people_count) == (4, 0)
        assert not sound(second).is_open
        assert sound(second).merged_into_id == first.id
        joining.unjoin(city=cast.city, case_id=second.id, by=cast.dana, now=START)
        assert (sound(first).people_count, sound(second).people_count) == (2, 2)

    def test_an_action_reads_the_row_as_it_is_now(self, cast: Cast) -> None:
        case = cast.case()
        Case.objects.filter(pk=case.id).update(people_count=7)
        actions.note(city=cast.city, case_id=case.id, words="x", by=cast.dana, now=START)
        assert sound(case).people_count == 7


class TestTheTimelineOnlyGrows:
    def test_changes_and_deletions_are_refused_by_the_database(self, cast: Cast) -> None:
        case = cast.case()
        rows = TimelineEntry.objects.filter(case_id=case.id)
        for spoil in (
            lambda: rows.update(actor_name="Somebody else"),
            lambda: rows._raw_delete("default"),
        ):
            with pytest.raises(DatabaseError, match="timeline can only grow"), transaction.atomic():
                spoil()
        assert sound(case).lock == 2

    def test_an_erasure_says_so_first_and_only_for_its_own_transaction(self, cast: Cast) -> None:
        case = cast.case()
        rows = TimelineEntry.objects.filter(case_id=case.id)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL onehall.erase = 'on'")
            rows.filter(seq=1).update(actor_name="Gone")
            rows.filter(seq=2)._raw_delete("default")
            assert rows.count() == 1
            cursor.execute("SET LOCAL onehall.erase = ''")
        with pytest.raises(DatabaseError, match="timeline can only grow"), transaction.atomic():
            rows.update(actor_name="Somebody else")

    def test_an_unknown_kind_of_entry_is_a_mistake_of_the_program(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(ValueError, match="Unknown kind"):
            actions.hear(
                city=cast.city,
                case_id=case.id,
                entry=actions.NewEntry(kind="whatever"),
                by=cast.dana,
                now=START,
            )


class TestWhatItCosts:
    """Statements, with BEGIN and COMMIT (here SAVEPOINT and RELEASE)."""

    def count(self, act: Callable[[], object], most: int) -> None:
        with CaptureQueriesContext(connection) as found:
            act()
        texts = [q["sql"][:90] for q in found.captured_queries]
        assert len(texts) <= most, "\n".join(texts)

    def test_a_move(self, cast: Cast) -> None:
        case = cast.case()
        self.count(lambda: cast.move(case, "start", cast.ben, seen=case.lock), 4)

    def test_a_close_with_a_photo(self, cast: Cast) -> None:
        case = cast.case()
        from tests.cast import after_photo

        photo = after_photo(cast, case, by=cast.ben)
        given = {"outcome": "fixed", "words": "x", "photo_ids": (photo,)}
        self.count(lambda: cast.move(case, "close", cast.ben, **given), 7)

    def test_a_reply(self, cast: Cast) -> None:
        case = cast.case()
        self.count(
            lambda: actions.reply(
                city=cast.city, case_id=case.id, words="x", by=cast.dana, now=START
            ),
            4,
        )


def test_the_order_of_a_case_without_promise_is_behind_all_others() -> None:
    assert clock.order(None) > START + 1000 * DAY
