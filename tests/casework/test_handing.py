"""Outside bodies: the mail with its link, answers without an account, reminders, taking back; and the clock by the flow."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from onehall.casework import actions, handing, tasks, telling_bodies
from onehall.casework.errors import MoveRefused
from onehall.casework.handing import LinkOver
from onehall.casework.models import Case, CasePause, HandOver
from onehall.cli import city as city_cli
from onehall.messaging.models import Message, Outbox
from onehall.people.bodies import body_of_key
from onehall.people.models import Body
from onehall.service_requests import joining, news
from tests.cast import START, Cast, build, elsewhere, entries, sound
from tests.packs import WrongPack

DAY = dt.timedelta(days=1)
MOVES = """moves:
  give:
    from: [received, checked]
    to: on_hold
    by: [agent, supervisor, system]
    purpose: hand_over
    label: {en: Handed over, es: Canalizado}
  back:
    from: [on_hold]
    to: checked
    by: [system]
    purpose: take_back
    label: {en: Taken up again, es: Retomado}
"""


@pytest.fixture
def pausing(db: None, tmp_path: Path) -> Cast:
    """Testford with a flow that pauses while somebody else has the case."""
    found = build()
    pack = WrongPack(tmp_path).replace("flows/repair.yaml", "moves:\n", MOVES)
    assert pack.problems() == []
    found.city = city_cli.apply(pack.folder, with_staff=True, by="tests")
    return found


def power(cast: Cast) -> Body:
    found = body_of_key(cast.city, "power")
    assert found is not None
    return found


def give(cast: Cast, case: Case, **more: Any) -> HandOver:
    given = {"body": power(cast), "words": "Please look.", "by": cast.dana, "now": START}
    return handing.hand_over(city=cast.city, case_id=case.pk, **{**given, **more})


def say(cast: Cast, given: HandOver, what: str, words: str = "", **more: Any) -> HandOver:
    now = more.pop("now", START)
    return handing.answer(
        city=cast.city, token=given.token, what=what, words=words, pictures=(), now=now, **more
    )


def mails(cast: Cast) -> list[Message]:
    for row in [*Outbox.objects.filter(topic=handing.TOPIC).order_by("id")] * 2:
        telling_bodies.tell_body(row.payload, city_id=cast.city.pk, key=row.key, now=START)
    return list(Message.objects.filter(key__startswith="body:").order_by("id"))


def told(case: Case) -> list[tuple[str, str, bool]]:
    return [(e.kind, e.data.get("what", ""), e.public) for e in entries(case) if "body" in e.data]


class TestHandOver:
    def test_mails_a_link_in_their_language_once(self, cast: Cast) -> None:
        given = give(cast, cast.case())
        (mail,) = mails(cast)
        assert (mail.to_address, mail.language) == ("lamps@power.example", "es")
        assert f"/outside/{given.token}" in mail.body_text
        assert "Please look." in mail.body_text
        assert "rosa@example.org" not in mail.body_text
        assert "555-0111" not in mail.body_text

    def test_the_resident_reads_who_has_it_and_not_what_we_asked(self, cast: Cast) -> None:
        case = cast.case()
        give(cast, case)
        assert told(case) == [("handed", "", True), ("outside", "asked", False)]
        Message.objects.all().delete()
        for row in Outbox.objects.filter(topic="case.news").order_by("id"):
            news.tell(row.payload, city_id=cast.city.pk, key=row.key, now=START)
        text = Message.objects.latest("id").body_text
        assert "Handed over to Testford Power" in text
        assert "Please look." not in text

    def test_the_clock_runs_on_where_the_flow_says_nothing(self, cast: Cast) -> None:
        case = cast.case()
        give(cast, case)
        assert sound(case).paused_at is None

    def test_the_clock_stands_where_the_flow_says_so_and_runs_again_after(
        self, pausing: Cast
    ) -> None:
        case = pausing.case()
        given = give(pausing, case)
        assert (sound(case).state, sound(case).paused_at) == ("on_hold", START)
        say(pausing, given, "done", "New lamp.", now=START + DAY)
        stored = sound(case)
        assert (stored.state, stored.paused_at) == ("checked", None)
        assert CasePause.objects.get(case_id=case.pk).ended_at == START + DAY

    def test_an_answer_on_a_joined_case_moves_nothing(self, pausing: Cast) -> None:
        into, case = pausing.case(), pausing.case()
        given = give(pausing, case)
        joining.join(
            city=pausing.city, case_id=case.pk, into_number=into.number, by=pausing.dana, now=START
        )
        say(pausing, given, "done", "New lamp.")
        stored = Case.objects.get(pk=case.pk)
        assert (stored.is_open, stored.state) == (False, "on_hold")

    def test_one_of_two_that_gives_it_back_does_not_start_the_clock(self, pausing: Cast) -> None:
        case = pausing.case()
        first = give(pausing, case)
        other = body_of_key(pausing.city, "paving")
        second = give(pausing, case, body=other)
        say(pausing, first, "not_ours", "Not our pole.")
        assert sound(case).paused_at == START
        say(pausing, second, "done", "Patched.")
        assert sound(case).paused_at is None

    def test_to_the_same_body_only_once_at_a_time(self, cast: Cast) -> None:
        case = cast.case()
        give(cast, case)
        with pytest.raises(MoveRefused, match="already"):
            give(cast, case)

    @pytest.mark.parametrize("who", ["kim", "owen", "sam"])
    def test_is_refused_to_others(self, cast: Cast, who: str) -> None:
        with pytest.raises(MoveRefused):
            give(cast, cast.case(), by=cast.named(who))
        assert not HandOver.objects.exists()

    def test_of_an_ended_case_or_to_a_body_of_another_city_is_refused(
        self, cast: Cast, tmp_path: Path
    ) -> None:
        other, _ida = elsewhere(tmp_path)
        theirs = body_of_key(other, "power")
        case = cast.case()
        with pytest.raises(MoveRefused):
            give(cast, case, body=theirs)
        cast.finish(case)
        with pytest.raises(MoveRefused, match="ended"):
            give(cast, case)


class TestAnswer:
    def test_accepted_and_done_are_public_their_words_are_not(self, cast: Cast) -> None:
        case = cast.case()
        given = give(cast, case)
        say(cast, given, "accepted")
        say(cast, given, "done", "Changed the bulb at Rosa's door.")
        assert told(case)[2:] == [
            ("outside", "accepted", True), ("outside", "done", True), ("outside", "wrote", False),
        ]  # fmt: skip
        row = HandOver.objects.get()
        assert (row.state, row.ended_at) == ("done", START)
        assert sound(case).unread_reply

    def test_the_same_twice_is_said_once(self, cast: Cast) -> None:
        case = cast.case()
        given = give(cast, case)
        say(cast, given, "accepted")
        say(cast, given, "accepted")
        assert [w for _, w, _ in told(case)].count("accepted") == 1

    @pytest.mark.parametrize("what", ["done", "not_ours", "words", "elsewhere"])
    def test_what_needs_words_or_is_no_answer_is_refused(self, cast: Cast, what: str) -> None:
        given = give(cast, cast.case())
        with pytest.raises(MoveRefused):
            say(cast, given, what)

    def test_after_the_end_nothing_more(self, cast: Cast) -> None:
        given = give(cast, cast.case())
        say(cast, given, "done", "Done.")
        with pytest.raises(LinkOver):
            say(cast, given, "words", "One more thing.")

    def test_looking_is_noted_the_first_time(self, cast: Cast) -> None:
        case = cast.case()
        given = give(cast, case)
        for _ in range(3):
            handing.opened(city=cast.city, hand_over_id=given.pk, now=START)
        assert [w for _, w, _ in told(case)].count("opened") == 1


class TestLink:
    def test_expires(self, cast: Cast) -> None:
        given = give(cast, cast.case())
        assert handing.by_token(cast.city, given.token, now=START + 29 * DAY) is not None
        assert handing.by_token(cast.city, given.token, now=START + 30 * DAY) is None
        with pytest.raises(LinkOver):
            say(cast, given, "accepted", now=START + 30 * DAY)

    def test_opens_nothing_once_it_is_taken_back_and_they_are_told(self, cast: Cast) -> None:
        case = cast.case()
        given = give(cast, case)
        handing.take_back(
            city=cast.city, case_id=case.pk, hand_over_id=given.pk, by=cast.dana, now=START
        )
        assert handing.by_token(cast.city, given.token, now=START) is None
        assert told(case)[-1] == ("outside", "withdrawn", True)
        (mail,) = [m for m in mails(cast) if given.token not in m.body_text]
        assert mail.to_address == "lamps@power.example"
        with pytest.raises(MoveRefused):
            handing.take_back(
                city=cast.city, case_id=case.pk, hand_over_id=given.pk, by=cast.dana, now=START
            )

    def test_is_bound_to_its_city(self, cast: Cast, tmp_path: Path) -> None:
        other, _ida = elsewhere(tmp_path)
        given = give(cast, cast.case())
        assert handing.by_token(other, given.token, now=START) is None


class TestReminders:
    def test_at_most_three_and_none_after_the_end(self, cast: Cast) -> None:
        case, ended = cast.case(), cast.case()
        given, over = give(cast, case), give(cast, ended)
        say(cast, over, "done", "Done.")
        assert tasks.sweep_bodies(START + DAY) == 0
        reminded = sum(tasks.sweep_bodies(START + n * DAY) for n in range(1, 30))
        assert reminded == 3
        given.refresh_from_db()
        assert (given.reminded, given.remind_at) == (3, None)
        assert [w for _, w, _ in told(case)].count("reminded") == 3
        sound(case)


class TestRouting:
    def test_a_rule_hands_over_at_once(self, db: None, tmp_path: Path) -> None:
        cast = build()
        last = "  - queue: roads\n    because: {en: All other"
        rule = f"  - {{when: {{eq: [size, large]}}, queue: roads, body: power}}\n{last}"
        pack = WrongPack(tmp_path).replace("services/pothole.yaml", last, rule)
        assert pack.problems() == []
        cast.city = city_cli.apply(pack.folder, with_staff=True, by="tests")
        case = cast.case(answers={"size": "large"})
        assert HandOver.objects.get(case_id=case.pk).body.key == "power"
        assert not HandOver.objects.filter(case_id=cast.case().pk).exists()
        sound(case)

    def test_work_of_the_city_goes_on_beside_it(self, cast: Cast) -> None:
        case = cast.case()
        give(cast, case)
        actions.reply(city=cast.city, case_id=case.pk, words="Soon.", by=cast.dana, now=START)
        cast.finish(case)
        assert tasks.sweep_bodies(START + 10 * DAY) == 0


class TestPack:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("email: lamps@power.example", "email: lamps", "e-mail"),
            ("key: paving", "key: power", "twice"),
            ("languages: [es, en]", "languages: [xx]", "xx"),
            ("phone:", "fone:", "fone"),
        ],
    )
    def test_mistakes_are_found(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        pack = WrongPack(tmp_path).replace("bodies.yaml", old, new)
        assert any(words in str(problem) for problem in pack.problems())
