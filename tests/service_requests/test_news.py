"""News by mail: who is told, in which language, once; and nobody about what is not theirs."""

import datetime as dt

import pytest

from onehall.casework import actions as casework
from onehall.casework import tasks
from onehall.casework.models import Case, TimelineEntry
from onehall.messaging.models import Message, Outbox
from onehall.service_requests import actions, joining, news
from onehall.service_requests.actions import Contact
from tests.cast import ROSA, START, Cast, entries

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
FLO = Contact(name="Flo", email="flo@example.org")


def deliver(cast: Cast) -> list[Message]:
    """Hand every waiting piece of news to its handler, as the worker does; the new messages."""
    known = set(Message.objects.values_list("pk", flat=True))
    for row in Outbox.objects.filter(topic="case.news", done_at=None).order_by("id"):
        news.tell(row.payload, city_id=row.city_id, key=row.key, now=START)
        Outbox.objects.filter(pk=row.pk).update(done_at=START)
    return list(Message.objects.exclude(pk__in=known).order_by("pk"))


def told(messages: list[Message]) -> list[str]:
    return sorted(m.to_address for m in messages)


class TestWhoIsTold:
    def test_the_reporter_that_it_was_received(self, cast: Cast) -> None:
        request = cast.report()
        [mail] = deliver(cast)
        assert mail.to_address == "rosa@example.org"
        assert request.number in mail.subject
        assert str(request.token) in mail.body_text
        assert (mail.case_number, mail.request_id) == (request.number, request.pk)

    def test_a_follower_gets_their_own_number_and_nobody_else_hears_of_it(self, cast: Cast) -> None:
        case = cast.case()
        deliver(cast)
        other = cast.follow(case, contact=FLO)
        [mail] = deliver(cast)
        assert mail.to_address == "flo@example.org"
        assert other.number in mail.subject
        assert str(other.token) in mail.body_text

    def test_everybody_about_a_reply_each_with_their_own_number_and_link(self, cast: Cast) -> None:
        request = cast.report()
        other = cast.follow(request.case, contact=FLO)
        deliver(cast)
        casework.reply(
            city=cast.city, case_id=request.case_id, words="Tomorrow.", by=cast.dana, now=START
        )
        mails = {m.to_address: m for m in deliver(cast)}
        assert set(mails) == {"rosa@example.org", "flo@example.org"}
        for report, address in ((request, "rosa@example.org"), (other, "flo@example.org")):
            assert report.number in mails[address].subject
            assert str(report.token) in mails[address].body_text
            assert "Tomorrow." in mails[address].body_text
        assert str(request.token) not in mails["flo@example.org"].body_text

    def test_not_those_who_stopped_or_left_no_address(self, cast: Cast) -> None:
        request = cast.report()
        cast.follow(request.case, contact=Contact(name="Paul", phone="555-0112"))
        cast.follow(request.case, contact=Contact())
        actions.set_news(city=cast.city, request=request, wanted=False)
        casework.reply(city=cast.city, case_id=request.case_id, words="x", by=cast.dana, now=START)
        assert deliver(cast) == []

    def test_nobody_about_what_is_for_staff_alone(self, cast: Cast) -> None:
        case = cast.case()
        deliver(cast)
        common = {"city": cast.city, "case_id": case.pk, "by": cast.mo, "now": START}
        casework.note(**common, words="Angry dog.")
        casework.assign(**common, user_id=cast.ben.user_id, user_name="Ben")
        casework.set_priority(**common, priority=2)
        assert deliver(cast) == []
        assert not Outbox.objects.filter(topic="case.news", done_at=None).exists()

    def test_even_a_note_queued_by_mistake_has_no_mail(self, cast: Cast) -> None:
        case = cast.case()
        deliver(cast)
        casework.note(city=cast.city, case_id=case.pk, words="x", by=cast.mo, now=START)
        seq = entries(case)[-1].seq
        news.tell({"case": case.pk, "seq": seq}, city_id=cast.city.id, key="k", now=START)
        assert Message.objects.count() == 1

    def test_nobody_about_their_own_act_but_all_others(self, cast: Cast) -> None:
        request = cast.report()
        other = cast.follow(request.case, contact=FLO)
        cast.finish(request.case)
        deliver(cast)
        common = {"city": cast.city, "by": cast.sam, "now": START}
        actions.judge(**common, request=request, fixed=False, reason="My address is 1 Elm Street.")
        [mail] = deliver(cast)
        assert mail.to_address == "flo@example.org"
        assert "1 Elm Street" not in mail.body_text + mail.body_html
        cast.finish(request.case, now=START + DAY)
        deliver(cast)
        actions.judge(**common, request=other, fixed=True, reason="")
        assert told(deliver(cast)) == ["rosa@example.org"]

    def test_nobody_about_an_answer_or_a_time_that_ran_out(self, cast: Cast) -> None:
        request = cast.report()
        cast.move(request.case, "ask", words="Which side?")
        deliver(cast)
        actions.write(city=cast.city, request=request, words="East.", by=cast.sam, now=START)
        assert deliver(cast) == []
        cast.finish(request.case)
        assert len(deliver(cast)) == 1
        tasks.sweep_timers(START + 8 * DAY)
        assert deliver(cast) == []


class TestJoined:
    def test_joined_reporters_are_told_once_and_then_hear_everything(self, cast: Cast) -> None:
        into = cast.report()
        second = cast.report(contact=FLO)
        deliver(cast)
        joining.join(
            city=cast.city, case_id=second.case_id, into_number=into.number, by=cast.dana, now=START
        )
        [mail] = deliver(cast)
        assert mail.to_address == "flo@example.org"
        assert into.number in mail.subject
        assert second.number in mail.body_text
        casework.reply(city=cast.city, case_id=into.case_id, words="Soon.", by=cast.dana, now=START)
        mails = {m.to_address: m for m in deliver(cast)}
        assert set(mails) == {"rosa@example.org", "flo@example.org"}
        assert second.number in mails["flo@example.org"].subject

    def test_through_two_joins_everybody_still_hears(self, cast: Cast) -> None:
        a = cast.report(contact=Contact(email="a@example.org"))
        b = cast.report(contact=Contact(email="b@example.org"))
        c = cast.report(contact=Contact(email="c@example.org"))
        for case_id, number in ((a.case_id, b.number), (b.case_id, c.number)):
            joining.join(
                city=cast.city, case_id=case_id, into_number=number, by=cast.dana, now=START
            )
        deliver(cast)
        cast.finish(Case.objects.get(pk=c.case_id))
        assert told(deliver(cast)) == ["a@example.org", "b@example.org", "c@example.org"]

    def test_after_taking_apart_each_hears_of_their_own_only(self, cast: Cast) -> None:
        into, second = cast.report(), cast.report(contact=FLO)
        common = {"city": cast.city, "by": cast.dana, "now": START}
        joining.join(**common, case_id=second.case_id, into_number=into.number)
        joining.unjoin(**common, case_id=second.case_id)
        deliver(cast)
        casework.reply(**common, case_id=into.case_id, words="x")
        assert told(deliver(cast)) == ["rosa@example.org"]
        casework.reply(**common, case_id=second.case_id, words="x")
        assert told(deliver(cast)) == ["flo@example.org"]

    def test_taken_apart_again_those_whose_report_moved_are_told(self, cast: Cast) -> None:
        into = cast.report()
        second = cast.report(contact=FLO, language="es")
        third = cast.follow(second.case, contact=Contact(email="paul@example.org"))
        common = {"city": cast.city, "by": cast.dana, "now": START}
        cast.move(second.case, "start")
        joining.join(**common, case_id=second.case_id, into_number=into.number)
        deliver(cast)
        joining.unjoin(**common, case_id=second.case_id)
        mails = {m.to_address: m for m in deliver(cast)}
        assert set(mails) == {"flo@example.org", "paul@example.org"}
        flo, paul = mails["flo@example.org"], mails["paul@example.org"]
        assert (flo.language, paul.language) == ("es", "en")
        assert "de nuevo por separado" in flo.subject
        assert "En trabajo" in flo.body_text
        assert into.number in flo.body_text
        assert f"/r/{second.token}" in flo.body_text
        assert "by itself again" in paul.subject
        assert third.number in paul.subject
        assert "not about the same thing" in paul.body_text
        assert f"stays together with {second.number}" in paul.body_text
        assert f"/r/{third.token}" in paul.body_text

    def test_who_wants_no_news_hears_nothing_of_it(self, cast: Cast) -> None:
        into, second = cast.report(), cast.report(contact=FLO)
        common = {"city": cast.city, "by": cast.dana, "now": START}
        joining.join(**common, case_id=second.case_id, into_number=into.number)
        deliver(cast)
        actions.set_news(city=cast.city, request=second, wanted=False)
        joining.unjoin(**common, case_id=second.case_id)
        assert deliver(cast) == []

    def test_what_was_joined_before_goes_along_and_hears_of_it(self, cast: Cast) -> None:
        a = cast.report(contact=Contact(email="a@example.org"))
        b = cast.report(contact=Contact(email="b@example.org"))
        c = cast.report(contact=Contact(email="c@example.org"))
        common = {"city": cast.city, "by": cast.dana, "now": START}
        joining.join(**common, case_id=a.case_id, into_number=b.number)
        joining.join(**common, case_id=b.case_id, into_number=c.number)
        deliver(cast)
        joining.unjoin(**common, case_id=b.case_id)
        mails = {m.to_address: m for m in deliver(cast)}
        assert set(mails) == {"a@example.org", "b@example.org"}
        assert f"stays together with {b.number}" in mails["a@example.org"].body_text
        assert "stays together" not in mails["b@example.org"].body_text


class TestHow:
    def test_the_same_news_twice_is_one_message(self, cast: Cast) -> None:
        cast.case()
        row = Outbox.objects.get(topic="case.news")
        for _again in range(3):
            news.tell(row.payload, city_id=cast.city.id, key=row.key, now=START)
        assert Message.objects.count() == 1
        assert Outbox.objects.filter(topic="message").count() == 1

    def test_in_the_language_of_the_report_else_the_citys_first(self, cast: Cast) -> None:
        spanish = cast.report(language="es")
        french = cast.report(language="fr", contact=FLO)
        found = {m.request_id: m for m in deliver(cast)}
        assert found[spanish.pk].language == "es"
        assert "Bache" in found[spanish.pk].subject
        assert found[french.pk].language == "en"
        assert "Pothole" in found[french.pk].subject

    @pytest.mark.parametrize(
        ("move", "given", "words"),
        [
            ("check", {}, "Checked"),
            ("start", {}, "Being worked on"),
            ("ask", {"words": "Which side?"}, "Which side?"),
            ("close", {"outcome": "nothing_found", "words": "All flat."}, "All flat."),
            (
                "close",
                {"outcome": "not_ours", "words": "Theirs.", "handed_to": "County roads"},
                "County roads",
            ),
        ],
    )
    def test_every_step_has_its_words(
        self, cast: Cast, move: str, given: dict[str, str], words: str
    ) -> None:
        case = cast.case()
        deliver(cast)
        cast.move(case, move, **given)
        [mail] = deliver(cast)
        assert words in mail.subject + mail.body_text
        assert f"/r/{Case.objects.get(pk=case.pk).requests.get().token}" in mail.body_text

    def test_a_new_date_is_told(self, cast: Cast) -> None:
        case = cast.case()
        deliver(cast)
        casework.set_priority(city=cast.city, case_id=case.pk, priority=1, by=cast.mo, now=START)
        [mail] = deliver(cast)
        assert "new date" in mail.subject

    def test_the_outbox_holds_no_personal_data(self, cast: Cast) -> None:
        request = cast.report(words="I am Rosa.", contact=ROSA)
        cast.follow(request.case, contact=FLO, words="I am Flo.")
        actions.write(
            city=cast.city, request=request, words="Call 555-0111.", by=cast.sam, now=START
        )
        deliver(cast)
        rows = "".join(f"{r.topic}{r.key}{r.payload}" for r in Outbox.objects.order_by("id"))
        for private in ("Rosa", "rosa@", "Flo", "flo@", "555-0111", str(request.token)):
            assert private not in rows

    def test_news_of_an_erased_case_is_nothing(self, cast: Cast) -> None:
        news.tell({"case": 10**9, "seq": 1}, city_id=cast.city.id, key="k", now=START)
        assert Message.objects.count() == TimelineEntry.objects.count() == 0
