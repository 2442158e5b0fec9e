"""The message log: what stands on it, who reads it, sending again, a corrected address, dead letters."""

import datetime as dt
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from onehall.casework.models import Case, TimelineEntry, Timer
from onehall.kernel.clock import now
from onehall.messaging.actions import NewMessage, NewOutbox, queue, send_message
from onehall.messaging.models import Message, Outbox
from onehall.people.models import Membership
from onehall.people.models import Person as Contact
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report


def sent(city: City, key: str, **more: Any) -> Message:
    """A message in the state that is given."""
    state, error = more.pop("state", "queued"), more.pop("error", "")
    given = {
        "to_address": "rosa@exmaple.com",
        "language": "en",
        "subject": f"News {key}",
        "body_text": "Hello.",
    }
    send_message(message=NewMessage(city_id=city.pk, key=key, **(given | more)), now=now())
    found = Message.objects.filter(city=city, key=key)
    done = None if state in ("queued", "failed") else now()
    found.update(state=state, error=error, sent_at=now() if state == "sent" else None)
    Outbox.objects.filter(city=city, key=key).update(done_at=done, attempts=3)
    return found.get()


@pytest.fixture
def bounced(city: City, case: Case) -> Message:
    """A mail about the case that came back from a misspelt address."""
    told = ServiceRequest.objects.get(case=case)
    Contact.objects.filter(pk=told.person_id).update(email="rosa@exmaple.com")
    return sent(
        city, "b1", state="bounced", error="The mail server refused this address (550).",
        case_number=case.number, request_id=told.pk, body_text=f"See https://x/r/{told.token} now.",
    )  # fmt: skip


def again(city: City, message: Message) -> Outbox:
    """The row that delivers a message now."""
    return Outbox.objects.get(city=city, topic="message", key=message.key, done_at=None, dead=False)


class TestTheLog:
    def test_says_state_error_case_and_attempts(self, ana: Person, bounced: Message) -> None:
        page = ana.get("/set-up/messages").content.decode()
        for words in ("News b1", "Came back", "refused this address (550)", bounced.case_number,
                      "rosa@exmaple.com", ">3<"):  # fmt: skip
            assert words in page, words

    def test_narrows_by_state_case_and_address(
        self, city: City, ana: Person, bounced: Message
    ) -> None:
        sent(city, "other", state="sent", to_address="ben@example.org")
        for asked in (
            {"state": "bounced"},
            {"case": bounced.case_number},
            {"to": "ROSA@exmaple.com"},
        ):
            page = ana.get("/set-up/messages", **asked).content.decode()
            assert "News b1" in page
            assert "News other" not in page

    def test_goes_on_by_keyset(self, city: City, ana: Person) -> None:
        for n in range(55):
            sent(city, f"k{n:02}")
        first = ana.get("/set-up/messages").content.decode()
        assert "News k54" in first
        assert "News k04<" not in first
        before = Message.objects.get(key="k05").pk
        assert f"before={before}" in first
        second = ana.get("/set-up/messages", before=str(before)).content.decode()
        assert "News k04<" in second
        assert "News k05<" not in second

    def test_asks_as_much_for_a_page_as_for_a_line(
        self, city: City, ana: Person, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        ana.get("/set-up/messages")
        for n in range(50):
            sent(city, f"k{n}")
        with django_assert_max_num_queries(9):
            ana.get("/set-up/messages")

    def test_the_case_leads_there(self, ana: Person, carl: Person, case: Case) -> None:
        assert f"messages?case={case.number}" in ana.get(f"/cases/{case.number}").content.decode()
        assert "messages?case=" not in carl.get(f"/cases/{case.number}").content.decode()


class TestWhoReads:
    def test_by_the_table(self, city: City, bounced: Message) -> None:
        codes = {
            w: Person(city, f"{w}@testford.example").get("/set-up/messages").status_code
            for w in ("ana", "carl", "sue", "otto", "ada")
        }
        assert codes == {"ana": 200, "carl": 403, "sue": 200, "otto": 200, "ada": 200}

    def test_a_department_reads_of_its_own_cases_only(
        self, city: City, sue: Person, bounced: Message
    ) -> None:
        stella = Person(city, "stella@testford.example")
        sent(city, "staffmail", to_address="ana@testford.example")
        page = sue.get("/set-up/messages").content.decode()
        assert "News b1" in page
        assert "News staffmail" not in page
        assert "News b1" not in stella.get("/set-up/messages").content.decode()
        assert stella.get(f"/set-up/messages/{bounced.pk}").status_code == 404
        assert stella.post(f"/set-up/messages/{bounced.pk}/again").status_code == 404
        stella.post("/set-up/messages/again/send", message=str(bounced.pk))
        bounced.refresh_from_db()
        assert bounced.state == "bounced"
        assert sue.get("/set-up/messages/given-up").status_code == 404

    def test_areas_narrow_it_too(self, city: City, sue: Person, bounced: Message) -> None:
        Membership.objects.filter(user=sue.user).update(areas={"district": ["north"]})
        assert "News b1" not in sue.get("/set-up/messages").content.decode()

    def test_another_city_reads_nothing(self, other_city: City, bounced: Message) -> None:
        there = Person(other_city, "ana@elsewhere.example")
        assert "News b1" not in there.get("/set-up/messages").content.decode()
        assert there.get(f"/set-up/messages/{bounced.pk}").status_code == 404
        assert there.post(f"/set-up/messages/{bounced.pk}/again").status_code == 404

    def test_auditors_send_nothing(self, city: City, bounced: Message) -> None:
        otto = Person(city, "otto@testford.example")
        assert otto.post(f"/set-up/messages/{bounced.pk}/again").status_code == 403
        assert otto.post("/set-up/messages/again/send", message=str(bounced.pk)).status_code == 403
        assert otto.post("/set-up/messages/given-up/replay", letter="1").status_code == 403
        assert "Send it again" not in otto.get(f"/set-up/messages/{bounced.pk}").content.decode()

    def test_the_secret_of_a_link_is_not_shown(self, ana: Person, bounced: Message) -> None:
        token = ServiceRequest.objects.get(pk=bounced.request_id).token
        page = ana.get(f"/set-up/messages/{bounced.pk}").content.decode()
        assert "https://x/r/…" in page
        assert token not in page


class TestSignIns:
    def test_are_neither_shown_nor_sent_again_nor_redirected(self, city: City, ana: Person) -> None:
        code = sent(city, "account:1", state="failed", body_text="Your code is QWERTY.")
        assert "QWERTY" not in ana.get(f"/set-up/messages/{code.pk}").content.decode()
        ana.post(f"/set-up/messages/{code.pk}/again")
        ana.post(f"/set-up/messages/{code.pk}/again", address="ana@testford.example")
        assert "News account:1" not in ana.get("/set-up/messages/again").content.decode()
        ana.post("/set-up/messages/again/send", message=str(code.pk))
        code.refresh_from_db()
        assert (code.state, code.to_address) == ("failed", "rosa@exmaple.com")
        assert Message.objects.count() == 1


class TestSendingAgain:
    def test_one_that_came_back_waits_again(
        self, city: City, case: Case, ana: Person, bounced: Message
    ) -> None:
        assert ana.post(f"/set-up/messages/{bounced.pk}/again").status_code == 302
        bounced.refresh_from_db()
        assert (bounced.state, bounced.error) == ("queued", "")
        assert again(city, bounced).attempts == 0
        entry = TimelineEntry.objects.filter(case=case).order_by("-seq").first()
        assert entry is not None
        assert (entry.kind, entry.actor_name) == ("noted", ana.user.name)
        assert "@" not in str(entry.data)

    def test_one_that_was_sent_goes_out_as_a_copy(self, city: City, ana: Person) -> None:
        first = sent(city, "s1", state="sent")
        ana.post(f"/set-up/messages/{first.pk}/again")
        first.refresh_from_db()
        assert first.state == "sent"
        copy = Message.objects.exclude(pk=first.pk).get()
        assert (copy.subject, copy.to_address, copy.state) == (
            first.subject,
            first.to_address,
            "queued",
        )

    def test_one_whose_letter_is_forgotten_gets_a_new_one(
        self, city: City, ana: Person, bounced: Message
    ) -> None:
        Outbox.objects.filter(key=bounced.key).delete()
        ana.post(f"/set-up/messages/{bounced.pk}/again")
        assert again(city, bounced).payload == {"message": bounced.pk}

    def test_one_in_a_workers_hands_is_left_to_it(self, city: City, ana: Person) -> None:
        held = sent(city, "f1", state="failed")
        until = now() + dt.timedelta(seconds=30)
        Outbox.objects.filter(key="f1").update(lease_until=until)
        page = ana.client.post(f"/desk/set-up/messages/{held.pk}/again", follow=True)
        assert "left alone" in page.content.decode()
        assert Outbox.objects.get(key="f1").lease_until == until

    def test_all_of_a_selection_after_a_look(
        self, city: City, ana: Person, bounced: Message
    ) -> None:
        failed = sent(city, "f1", state="failed")
        fine = sent(city, "s1", state="sent")
        page = ana.get("/set-up/messages/again").content.decode()
        assert "2 messages of this selection" in page
        assert "News s1" not in page
        narrowed = ana.get("/set-up/messages/again", state="failed").content.decode()
        assert "News b1" not in narrowed
        ana.post("/set-up/messages/again/send", message=[bounced.pk, failed.pk, fine.pk, "x"])
        states = dict(Message.objects.values_list("key", "state"))
        assert states == {"b1": "queued", "f1": "queued", "s1": "sent"}

    def test_the_worker_delivers_it_once(
        self, city: City, ana: Person, bounced: Message, mailoutbox: list[Any]
    ) -> None:
        from threading import Event

        from onehall.messaging import worker

        ana.post(f"/set-up/messages/{bounced.pk}/again")
        worker.work_off(worker.claim(now=now()), stop=Event())
        worker.work_off(worker.claim(now=now()), stop=Event())
        assert [m.to for m in mailoutbox if m.subject == "News b1"] == [["rosa@exmaple.com"]]


class TestACorrectedAddress:
    def test_is_the_reporters_and_gets_what_did_not_arrive(
        self, city: City, ana: Person, bounced: Message
    ) -> None:
        request = bounced.request_id
        also = sent(city, "b2", state="failed", case_number=bounced.case_number, request_id=request)
        fine = sent(city, "s1", state="sent", case_number=bounced.case_number, request_id=request)
        ana.post(f"/set-up/messages/{bounced.pk}/again", address="rosa@example.com")
        for message in (bounced, also, fine):
            message.refresh_from_db()
        assert (bounced.to_address, bounced.state) == ("rosa@example.com", "queued")
        assert (also.to_address, also.state) == ("rosa@example.com", "queued")
        assert fine.to_address == "rosa@exmaple.com"
        told = ServiceRequest.objects.select_related("person").get(pk=request)
        assert told.person is not None
        assert told.person.email == "rosa@example.com"

    @pytest.mark.parametrize("typed", ["", "rosa", "rosa@", "a b@example.com"])
    def test_that_is_none_is_refused_and_kept(
        self, ana: Person, bounced: Message, typed: str
    ) -> None:
        answer = ana.post(f"/set-up/messages/{bounced.pk}/again", address=typed)
        assert answer.status_code == 422
        assert "Type an address" in answer.content.decode()
        bounced.refresh_from_db()
        assert (bounced.to_address, bounced.state) == ("rosa@exmaple.com", "bounced")

    def test_does_not_undo_what_the_reporter_gave_since(
        self, ana: Person, bounced: Message
    ) -> None:
        Contact.objects.filter(email="rosa@exmaple.com").update(email="rosa@new.example")
        answer = ana.post(f"/set-up/messages/{bounced.pk}/again", address="rosa@example.com")
        assert answer.status_code == 422
        assert Contact.objects.filter(email="rosa@new.example").exists()

    def test_is_not_for_mails_to_staff(self, city: City, ana: Person) -> None:
        mail = sent(city, "staff:1", state="bounced")
        answer = ana.post(f"/set-up/messages/{mail.pk}/again", address="x@example.com")
        assert answer.status_code == 422


class TestDeadLetters:
    def dead(self, city: City, key: str) -> Outbox:
        queue(city_id=city.pk, rows=[NewOutbox(topic="case.news", key=key)], now=now())
        Outbox.objects.filter(key=key).update(dead=True, attempts=12, error="TryAgain at x:1")
        return Outbox.objects.get(city=city, key=key)

    def test_are_listed_and_tried_again(self, city: City, other_city: City, ada: Person) -> None:
        mine, theirs = self.dead(city, "1:2"), self.dead(other_city, "9:9")
        page = ada.get("/set-up/messages/given-up").content.decode()
        assert "Tell residents of news" in page
        assert "9:9" not in page
        ada.post("/set-up/messages/given-up/replay", letter=[mine.pk, theirs.pk])
        mine.refresh_from_db()
        theirs.refresh_from_db()
        assert (mine.dead, mine.attempts) == (False, 0)
        assert theirs.dead

    @pytest.fixture
    def ada(self, city: City) -> Person:
        return Person(city, "ada@testford.example")


def test_the_search_finds_people_only_for_who_may_see_contacts(city: City) -> None:
    number = report(city, email="rosa.unique@example.com").number
    ana = Person(city, "ana@testford.example")
    assert number in ana.get("/search", q="rosa.unique@example.com").content.decode()
    Membership.objects.filter(user=ana.user).update(roles=["contractor"])
    assert number not in ana.get("/search", q="rosa.unique@example.com").content.decode()
    page = ana.get(f"/cases/{number}").content.decode()
    assert "rosa.unique" not in page
    assert "555-0101" not in page
    assert "Rosa Diaz" not in page
    assert "left their name or address" in page
    assert "555-0101" not in ana.get(f"/work/{number}").content.decode()


class TestTimersGivenUp:
    """Beside the letters: a timer of a case that failed at its last attempt."""

    @pytest.fixture
    def parked(self, city: City, ana: Person) -> Timer:
        case = Case.objects.get(number=report(city).number)
        moment = now()
        return Timer.objects.create(
            city=city, case=case, entered=case.entered, move="close", at=moment, fired_at=moment,
            parked_at=moment, attempts=10, error="DataError at execute:97",
        )  # fmt: skip

    def test_are_shown_with_their_case_and_brought_back(self, ana: Person, parked: Timer) -> None:
        page = ana.get("/set-up/messages/given-up").content.decode()
        assert "Make the move “Close with an answer”" in page
        assert f"/desk/cases/{parked.case.number}" in page
        assert "DataError at execute:97" in page
        answer = ana.post("/set-up/messages/given-up/replay", timer=str(parked.pk))
        assert answer.status_code == 302
        parked.refresh_from_db()
        assert (parked.parked_at, parked.fired_at, parked.attempts) == (None, None, 0)
        assert "Nothing was given up" in ana.get("/set-up/messages/given-up").content.decode()

    def test_an_auditor_reads_them_and_brings_none_back(self, city: City, parked: Timer) -> None:
        otto = Person(city, "otto@testford.example")
        page = otto.get("/set-up/messages/given-up").content.decode()
        assert "DataError at execute:97" in page
        assert 'name="timer"' not in page
        answer = otto.post("/set-up/messages/given-up/replay", timer=str(parked.pk))
        assert answer.status_code == 403
        parked.refresh_from_db()
        assert parked.parked_at is not None

    def test_another_city_sees_and_brings_back_none(self, other_city: City, parked: Timer) -> None:
        there = Person(other_city, "ana@elsewhere.example")
        assert "DataError" not in there.get("/set-up/messages/given-up").content.decode()
        there.post("/set-up/messages/given-up/replay", timer=str(parked.pk))
        parked.refresh_from_db()
        assert parked.parked_at is not None

    def test_many_cost_no_more_questions(
        self, city: City, ana: Person, parked: Timer, django_assert_max_num_queries: Any
    ) -> None:
        ana.get("/set-up/messages/given-up")
        for _ in range(5):
            case = Case.objects.get(number=report(city).number)
            Timer.objects.create(
                city=city, case=case, entered=case.entered, kind="remind", at=now(),
                fired_at=now(), parked_at=now(), attempts=10,
            )  # fmt: skip
        with django_assert_max_num_queries(9):
            page = ana.get("/set-up/messages/given-up").content.decode()
        assert page.count("Remind somebody") >= 5
