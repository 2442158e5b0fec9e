"""Moves: who may make them, what they need, where they lead, and what they leave behind."""

import datetime as dt

import pytest

from onehall.casework import actions
from onehall.casework.errors import CaseChanged, MoveRefused
from onehall.casework.models import Case, Photo
from onehall.people.actor import resident
from onehall.service_requests import joining
from tests.cast import START, Cast, after_photo, elsewhere, entries, kinds, sound

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)

ROLE_MOVES: dict[str, dict[str, bool]] = {
    # move: who may make it, from a state in which it is open
    "check": {
        "ben": True,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "start": {
        "ben": True,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "close": {
        "ben": True,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "ask": {
        "ben": True,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "hold": {
        "ben": True,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "reopen": {
        "ben": False,
        "mo": True,
        "dana": True,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": False,
    },
    "accept": {
        "ben": False,
        "mo": False,
        "dana": False,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": True,
    },
    "dispute": {
        "ben": False,
        "mo": False,
        "dana": False,
        "kim": False,
        "owen": False,
        "ada": False,
        "sam": True,
    },
    "settle": {
        "ben": False,
        "mo": False,
        "dana": False,
        "kim": False,
        "owen": False,
        "ada": False,
        "machine": True,
    },
    "give_up": {"ben": False, "dana": False, "sam": False, "machine": True},
    "answer": {
        "ben": False,
        "mo": False,
        "dana": True,
        "owen": False,
        "sam": True,
        "machine": False,
    },
}
GIVEN = {
    "words": "What was done.",
    "reason": "Because.",
    "outcome": "nothing_found",
    "handed_to": "County",
}


def ready_for(cast: Cast, move: str) -> Case:
    """A case in a state that the move leaves from."""
    case = cast.case()
    if move in ("reopen", "accept", "dispute", "settle"):
        cast.finish(case)
    if move in ("give_up", "answer"):
        cast.move(case, "ask", words="Which side?")
    return case


@pytest.mark.parametrize(
    ("move", "who", "ok"), [(m, w, ok) for m, row in ROLE_MOVES.items() for w, ok in row.items()]
)
def test_role_may_make_move(cast: Cast, move: str, who: str, ok: bool) -> None:
    case = ready_for(cast, move)
    before = sound(case)
    if ok:
        cast.move(case, move, cast.named(who), **GIVEN)
        assert sound(case).lock == before.lock + 1
    else:
        with pytest.raises(MoveRefused):
            cast.move(case, move, cast.named(who), **GIVEN)
        assert sound(case).lock == before.lock


class TestMakeMove:
    def test_goes_where_the_flow_says_and_writes_one_entry(self, cast: Cast) -> None:
        case = cast.case()
        moved = cast.move(case, "start", cast.ben, now=START + DAY)
        stored = sound(case)
        assert (stored.state, stored.category, stored.previous_state) == (
            "working",
            "working",
            "received",
        )
        assert stored.updated_at == START + DAY
        assert moved.lock == stored.lock == 3
        last = entries(case)[-1]
        assert (last.kind, last.actor_name, last.actor_id) == (
            "moved",
            "Ben Crew",
            cast.ben.user_id,
        )
        assert last.data == {
            "move": "start",
            "from": "received",
            "to": "working",
            "purpose": "start",
        }

    def test_is_refused_in_words_from_another_state(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused, match="That step is not possible any more"):
            cast.move(case, "resume", reason="x")
        with pytest.raises(MoveRefused, match="That step is not possible any more"):
            cast.move(case, "no_such_move")
        assert kinds(case) == ["received", "routed"]

    def test_is_refused_in_words_to_other_roles(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused, match="Your role may not make this step"):
            cast.move(case, "check", cast.owen)
        with pytest.raises(MoveRefused, match="Your role can read this case but not change it"):
            cast.move(case, "check", cast.kim)

    def test_staff_of_another_city_may_do_nothing(self, cast: Cast, tmp_path: object) -> None:
        _city, ida = elsewhere(tmp_path)  # type: ignore[arg-type]
        case = cast.case()
        with pytest.raises(MoveRefused):
            cast.move(case, "check", ida)
        with pytest.raises(MoveRefused):
            actions.reply(city=cast.city, case_id=case.id, words="x", by=ida, now=START)
        with pytest.raises(Case.DoesNotExist):
            actions.reply(city=_city, case_id=case.id, words="x", by=ida, now=START)
        cast.finish(case)
        with pytest.raises(MoveRefused):
            cast.move(case, "accept", resident(_city.id))

    def test_names_every_missing_need(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "close", cast.ben, outcome="not_ours")
        assert no.value.missing == ("handed_to", "words")
        assert "Write who has it now." in str(no.value)
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "close", cast.ben)
        assert "outcome" in no.value.missing
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "ask", words="   ")
        assert no.value.missing == ("message",)
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "hold")
        assert no.value.missing == ("reason",)

    def test_too_many_words_are_refused(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused, match="too long") as no:
            cast.move(case, "ask", words="x" * 4001)
        assert no.value.missing == ("words",)

    def test_the_loser_of_a_race_is_told_what_changed(self, cast: Cast) -> None:
        case = cast.case()
        seen = case.lock
        cast.move(case, "check", cast.mo, seen=seen)
        with pytest.raises(CaseChanged) as changed:
            cast.move(case, "start", cast.ben, seen=seen)
        assert changed.value.seen == seen
        assert changed.value.case.state == "checked"
        news = [e for e in entries(case) if e.seq > changed.value.seen]
        assert [(e.kind, e.actor_name) for e in news] == [("moved", "Mo Supervisor")]
        cast.move(case, "start", cast.ben, seen=changed.value.case.lock)
        assert sound(case).state == "working"

    def test_a_message_of_the_resident_counts_as_a_change_too(self, cast: Cast) -> None:
        from onehall.service_requests import actions as requests

        request = cast.report()
        case = request.case
        requests.write(
            city=cast.city,
            request=request,
            words="Never mind.",
            by=resident(cast.city.id),
            now=START,
        )
        with pytest.raises(CaseChanged):
            cast.move(case, "start", cast.ben, seen=2)

    def test_an_outcome_sent_along_with_another_step_means_nothing(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "start", cast.ben, outcome="fixed")
        assert sound(case).outcome == ""
        assert "outcome" not in entries(case)[-1].data

    def test_a_joined_case_is_not_worked_on(self, cast: Cast) -> None:
        first, second = cast.case(), cast.case()
        joining.join(
            city=cast.city, case_id=second.id, into_number=first.number, by=cast.dana, now=START
        )
        with pytest.raises(MoveRefused, match="joined to another one"):
            cast.move(second, "check")
        for act in (
            lambda: actions.reply(
                city=cast.city, case_id=second.id, words="x", by=cast.dana, now=START
            ),
            lambda: actions.assign(
                city=cast.city,
                case_id=second.id,
                user_id=cast.ben.user_id,
                user_name="Ben",
                by=cast.dana,
                now=START,
            ),
            lambda: actions.set_priority(
                city=cast.city, case_id=second.id, priority=1, by=cast.dana, now=START
            ),
        ):
            with pytest.raises(MoveRefused, match="joined to another one"):
                act()
        sound(second)


class TestClosing:
    """The closing contract, per outcome."""

    def test_the_good_end_takes_words_and_an_after_photo(self, cast: Cast) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "close", cast.ben, outcome="fixed")
        assert no.value.missing == ("after_photo", "words")
        cast.finish(case, now=START + DAY)
        stored = sound(case)
        assert (stored.state, stored.outcome, stored.closed_at) == ("done", "fixed", START + DAY)

    def test_another_end_takes_words_alone(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "close", cast.ben, outcome="nothing_found", words="All is flat.")
        assert sound(case).outcome == "nothing_found"

    def test_handing_over_says_to_whom(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(
            case, "close", outcome="not_ours", words="The county owns it.", handed_to="County roads"
        )
        stored = sound(case)
        assert (stored.state, stored.category) == ("handed_over", "closed")
        assert entries(case)[-1].data["handed_to"] == "County roads"

    def test_an_end_that_the_service_does_not_list_is_refused(self, cast: Cast) -> None:
        case = cast.case()
        for outcome in ("declined", "answered", "no_such_end"):
            with pytest.raises(MoveRefused) as no:
                cast.move(case, "close", outcome=outcome, words="x", handed_to="y")
            assert no.value.missing == ("outcome",)

    def test_a_photo_of_another_case_does_not_count(self, cast: Cast) -> None:
        case, other = cast.case(), cast.case()
        foreign = after_photo(cast, other, by=cast.ben)
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "close", cast.ben, outcome="fixed", words="x", photo_ids=(foreign,))
        assert no.value.missing == ("after_photo",)

    def test_a_photo_added_before_is_enough(self, cast: Cast) -> None:
        case = cast.case()
        after_photo(cast, case, by=cast.ben)
        cast.move(case, "close", cast.ben, outcome="fixed", words="Filled.")
        assert sound(case).state == "done"

    def test_the_photo_of_the_last_round_is_not_enough_after_a_reopening(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        cast.move(case, "reopen", cast.mo, reason="It sank again.", now=START + DAY)
        with pytest.raises(MoveRefused) as no:
            cast.move(case, "close", cast.ben, outcome="fixed", words="x", now=START + 2 * DAY)
        assert no.value.missing == ("after_photo",)
        after_photo(cast, case, by=cast.ben, now=START + DAY)
        cast.move(case, "start", cast.ben, now=START + 2 * DAY)
        cast.move(case, "close", cast.ben, outcome="fixed", words="x", now=START + 2 * DAY)
        assert sound(case).state == "done"

    def test_a_refused_close_shows_no_photo(self, cast: Cast) -> None:
        case = cast.case()
        photo = after_photo(cast, case, by=cast.ben)
        with pytest.raises(MoveRefused):
            cast.move(case, "close", cast.ben, outcome="fixed", photo_ids=(photo,))
        assert not Photo.objects.get(pk=photo).is_public

    def test_the_photo_of_the_work_is_shown_to_followers(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        shown = Photo.objects.get(case=case)
        assert shown.is_public
        assert entries(case)[-1].data["photos"] == [shown.pk]


class TestEnding:
    def test_the_work_ends_once_even_when_the_resident_agrees_later(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case, now=START + DAY)
        cast.move(case, "accept", cast.sam, now=START + 3 * DAY)
        stored = sound(case)
        assert (stored.state, stored.closed_at) == ("closed", START + DAY)

    def test_reopening_takes_the_end_back_and_the_next_close_sets_its_own(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case, now=START + DAY)
        cast.move(case, "reopen", cast.mo, reason="Sank.", now=START + 2 * DAY)
        opened = sound(case)
        assert (opened.closed_at, opened.outcome, opened.reopened) == (None, "", 1)
        cast.finish(case, now=START + 5 * DAY)
        stored = sound(case)
        assert (stored.closed_at, stored.outcome, stored.reopened) == (START + 5 * DAY, "fixed", 1)

    def test_reopening_gives_a_new_date_and_keeps_the_first_promise(self, cast: Cast) -> None:
        case = cast.case()
        first = case.due_at
        cast.finish(case, now=START + 30 * DAY)
        cast.move(case, "reopen", cast.mo, reason="Sank.", now=START + 40 * DAY)
        stored = sound(case)
        assert stored.due_at is not None
        assert stored.due_at > START + 40 * DAY
        assert stored.promised_at == first


class TestPrevious:
    def test_after_waiting_a_case_goes_back_to_where_it_was(self, cast: Cast) -> None:
        for before in ("received", "checked", "working"):
            case = cast.case()
            if before != "received":
                cast.move(case, {"checked": "check", "working": "start"}[before])
            cast.move(case, "ask", words="Which side?")
            cast.move(case, "answer", cast.sam)
            assert sound(case).state == before

    def test_waiting_twice_goes_back_to_work_both_times(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "start")
        for _round in range(2):
            cast.move(case, "hold", reason="Rain.")
            cast.move(case, "resume")
            assert sound(case).state == "working"
            cast.move(case, "ask", words="Which side?")
            cast.move(case, "answer", cast.sam)
            assert sound(case).state == "working"
