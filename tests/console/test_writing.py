"""The writing box: prepared answers, words in several languages, and the mails shown before they go out."""

import re
import uuid

import pytest

from onehall.casework import actions
from onehall.casework.models import Case, TimelineEntry
from onehall.kernel.clock import now
from onehall.messaging.models import Message, Outbox
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.service_requests import actions as requests
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person, report
from tests.console.test_replies import tell_everybody

SAID = "Hello {first_name}, see {link} for {number}."
DICHO = "Hola {first_name}, vea {link}."


def follow(case: Case, *, name: str = "", email: str = "", language: str = "en") -> ServiceRequest:
    """One more person on the case."""
    return requests.follow(
        city=City.objects.get(pk=case.city_id),
        case_id=case.pk,
        key=uuid.uuid4(),
        words="",
        contact=Contact(name=name, email=email),
        language=language,
        by=resident(case.city_id),
        now=now(),
    )


def box(page: str, name: str) -> str:
    """What stands in a text area of the writing form."""
    form = page[page.index('id="sayform"') :]
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    assert found, name
    return found[1]


class TestPreparedAnswers:
    def test_those_that_fit_are_offered(self, ana: Person, case: Case) -> None:
        page = ana.get(f"/cases/{case.number}").content.decode()
        assert '<option value="crew-soon">Crew is planned</option>' in page
        assert '<option value="thanks">Thanks</option>' in page

    def test_those_that_do_not_fit_are_not(self, ana: Person, city: City) -> None:
        noise = report(city, "noise")
        page = ana.get(f"/cases/{noise.number}").content.decode()
        assert "crew-soon" not in page
        assert '<option value="thanks">' in page

    def test_one_that_names_a_date_waits_for_one(self, ana: Person, case: Case) -> None:
        Case.objects.filter(pk=case.pk).update(due_at=now().replace(year=2020))
        assert "crew-soon" not in ana.get(f"/cases/{case.number}").content.decode()

    def test_without_a_script_it_lands_below_what_was_written(
        self, ana: Person, case: Case
    ) -> None:
        before = case.lock
        answer = ana.act(case, "say", words="First.", template="crew-soon", **{"as": "insert"})
        assert answer.status_code == 200
        written = box(answer.content.decode(), "words")
        assert written.startswith("First.\n\nHello {first_name},")
        assert "the crew comes to 5 Main Street by" in written
        case.refresh_from_db()
        assert case.lock == before

    def test_with_a_script_only_the_words_travel(self, ana: Person, case: Case) -> None:
        follow(case, email="flor@example.com", language="es")
        words = ana.get(f"/cases/{case.number}/prepared/crew-soon", words="", words_es="").json()
        assert set(words) == {"words", "words_es"}
        assert "{link}" in words["words"]
        assert words["words_es"].startswith("Buen día, {first_name}:")
        assert ana.get(f"/cases/{case.number}/prepared/nothing").status_code == 404

    def test_one_that_fits_no_more_says_so_and_keeps_the_text(
        self, ana: Person, case: Case
    ) -> None:
        answer = ana.act(case, "say", words="Mine.", template="gone", **{"as": "insert"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "does not fit the case any more" in page
        assert box(page, "words") == "Mine."


class TestSeveralLanguages:
    def test_a_box_for_each_language_somebody_reads(self, ana: Person, case: Case) -> None:
        assert 'name="words_es"' not in ana.get(f"/cases/{case.number}").content.decode()
        follow(case, email="flor@example.com", language="es")
        page = ana.get(f"/cases/{case.number}").content.decode()
        assert "The same in Spanish, for 1 person" in page
        assert box(page, "words_es") == ""

    def test_everybody_reads_their_own(self, ana: Person, case: Case) -> None:
        flor = follow(case, name="Flor Ruiz", email="flor@example.com", language="es")
        data = {"words": SAID, "words_es": DICHO, "as": "reply"}
        assert ana.act(case, "say", **data).status_code == 302
        rosa = ServiceRequest.objects.get(number=case.number)
        mails = {m.to_address: m.body_text for m in tell_everybody(case) if "crew" not in m.key}
        assert (
            f"Hello Rosa, see https://testford.example/r/{rosa.token}" in mails["rosa@example.com"]
        )
        assert (
            f"Hola Flor, vea https://testford.example/r/{flor.token}." in mails["flor@example.com"]
        )
        page = Person(ana.city).client.get(f"/r/{flor.token}?lang=es").content.decode()
        assert f"Hola Flor, vea https://testford.example/r/{flor.token}." in page
        assert str(rosa.token) not in page
        assert "Rosa" not in page

    def test_the_desk_sees_both_and_nobodys_link(self, ana: Person, case: Case) -> None:
        rosa = ServiceRequest.objects.get(number=case.number)
        ana.act(case, "say", words=SAID, words_es=DICHO, **{"as": "reply"})
        page = ana.get(f"/cases/{case.number}").content.decode()
        assert "Hello [first name], see [link to the report]" in page
        assert "Hola [first name]" in page
        assert str(rosa.token) not in page

    def test_the_chain_keeps_the_words_as_written(self, ana: Person, case: Case) -> None:
        ana.act(case, "say", words=SAID, words_es=" ", **{"as": "reply"})
        entry = TimelineEntry.objects.filter(case_id=case.pk, kind="replied").get()
        assert entry.data == {"words": SAID}

    def test_words_in_a_language_the_city_lacks_are_dropped(self, ana: Person, case: Case) -> None:
        actions.reply(
            city=ana.city,
            case_id=case.pk,
            words="Hi",
            words_in={"fr": "Salut", "es": "Hola"},
            by=ana.actor,
            now=now(),
        )
        entry = TimelineEntry.objects.filter(case_id=case.pk, kind="replied").get()
        assert entry.data == {"words": "Hi", "words_in": {"es": "Hola"}}

    def test_what_a_resident_wrote_is_never_filled_in(self, ana: Person, case: Case) -> None:
        rosa = ServiceRequest.objects.get(number=case.number)
        requests.write(
            city=ana.city,
            request=rosa,
            words="Is {number} a variable?",
            by=resident(ana.city.id),
            now=now(),
        )
        page = Person(ana.city).client.get(f"/r/{rosa.token}").content.decode()
        assert "Is {number} a variable?" in page


class TestSeeingTheMails:
    def test_they_are_what_goes_out(self, ana: Person, case: Case) -> None:
        follow(case, name="Flor Ruiz", email="flor@example.com", language="es")
        data = {"words": SAID, "words_es": DICHO}
        page = ana.act(case, "say", **data, **{"as": "preview"})
        assert page.status_code == 200
        assert not TimelineEntry.objects.filter(case_id=case.pk, kind="replied").exists()
        shown = page.context["preview"]
        Outbox.objects.filter(topic="case.news").delete()
        ana.act(case, "say", **data, **{"as": "reply"})
        tell_everybody(case)
        sent = Message.objects.filter(about=f"{case.pk}:{case.lock + 1}").order_by("request_id")
        assert len(shown.letters) == sent.count() == shown.count == 2
        for letter, mail in zip(shown.letters, sent, strict=True):
            token = ServiceRequest.objects.get(pk=mail.request_id).token
            assert (letter.to, letter.subject) == (mail.to_address, mail.subject)
            assert letter.text == mail.body_text.replace(str(token), "…")

    def test_who_gets_none_is_named_with_the_reason(self, ana: Person, case: Case) -> None:
        follow(case)
        silent = follow(case, email="quiet@example.com")
        ServiceRequest.objects.filter(pk=silent.pk).update(wants_news=False)
        page = ana.act(case, "say", words="Hi", **{"as": "preview"}).content.decode()
        assert "1 person gets this mail." in page
        assert "2 people get none, and read it on their page." in page
        assert "told us without a name" in page
        assert "wants no messages" in page

    def test_no_secret_link_is_on_the_page(self, ana: Person, case: Case) -> None:
        rosa = ServiceRequest.objects.get(number=case.number)
        page = ana.act(case, "say", words=SAID, **{"as": "preview"}).content.decode()
        assert str(rosa.token) not in page

    def test_going_back_keeps_every_word(self, ana: Person, case: Case) -> None:
        follow(case, email="flor@example.com", language="es")
        page = ana.act(case, "say", words="One", words_es="Uno", **{"as": "preview"})
        assert '<input type="hidden" name="words_es" value="Uno">' in page.content.decode()
        back = ana.act(case, "say", words="One", words_es="Uno", **{"as": "write"})
        assert [box(back.content.decode(), n) for n in ("words", "words_es")] == ["One", "Uno"]

    def test_nothing_written_is_refused_in_words(self, ana: Person, case: Case) -> None:
        answer = ana.act(case, "say", words=" ", **{"as": "preview"})
        assert answer.status_code == 422

    @pytest.mark.parametrize("wanted", ["preview", "insert", "write"])
    def test_those_who_only_read_may_not(self, ana: Person, case: Case, wanted: str) -> None:
        otto = Person(ana.city, "otto@testford.example")
        assert otto.act(case, "say", words="x", **{"as": wanted}).status_code == 403
        rick = Person(ana.city, "rick@testford.example")
        assert rick.act(case, "say", words="x", **{"as": wanted}).status_code == 404
