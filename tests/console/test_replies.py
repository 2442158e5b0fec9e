"""A reply reaches residents; a note never does: not their page, not their mail, not their JSON."""

from onehall.casework.models import Case, TimelineEntry
from onehall.messaging import worker
from onehall.messaging.models import Message, Outbox
from onehall.service_requests import news
from onehall.service_requests.models import ServiceRequest
from tests.console.people import Person

SECRET = "Owner was rude on the phone, send two people"
OPEN = "The crew comes on Friday morning"


def tell_everybody(case: Case) -> list[Message]:
    """Handle the outbox rows of case news, as the worker does."""
    for row in Outbox.objects.filter(topic="case.news").order_by("id"):
        news.tell(row.payload, city_id=row.city_id, key=row.key, now=case.opened_at)
    return list(Message.objects.filter(city_id=case.city_id).order_by("pk"))


def test_a_note_stays_inside(ana: Person, case: Case) -> None:
    assert ana.act(case, "say", words=SECRET, **{"as": "note"}).status_code == 302
    assert ana.act(case, "say", words=OPEN, **{"as": "reply"}).status_code == 302
    sent = ServiceRequest.objects.get(case=case)
    stranger = Person(ana.city)
    page = stranger.client.get(f"/r/{sent.token}").content.decode()
    live = stranger.client.get(f"/r/{sent.token}?part=live").content.decode()
    data = stranger.client.get(f"/r/{sent.token}.json").content.decode()
    assert OPEN in page
    for answer in (page, live, data):
        assert SECRET not in answer
    mails = tell_everybody(case)
    assert any(OPEN in m.body_text for m in mails)
    assert not any(SECRET in m.body_text + m.body_html + m.subject for m in mails)
    waiting = " ".join(str(payload) for payload in Outbox.objects.values_list("payload", flat=True))
    assert SECRET not in waiting
    assert worker is not None


def test_the_two_look_different_and_say_who_sees_them(ana: Person, case: Case) -> None:
    ana.act(case, "say", words=SECRET, **{"as": "note"})
    ana.act(case, "say", words=OPEN, **{"as": "reply"})
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert f'<div class="bubble only" dir="auto">{SECRET}</div>' in page
    assert f'<div class="bubble" dir="auto">{OPEN}</div>' in page
    assert "staff only" in page
    assert "residents see this" in page


def test_without_a_button_it_is_never_public_by_accident(ana: Person, case: Case) -> None:
    """Pressing Enter sends no button: the first one of the form is the note."""
    page = ana.get(f"/cases/{case.number}").content.decode()
    form = page[page.index('id="sayform"') :]
    assert form.index('value="note"') < form.index('value="reply"')
    ana.act(case, "say", words=SECRET)
    assert not TimelineEntry.objects.filter(case=case, kind="replied").exists()


def test_empty_and_endless_words_are_refused_at_the_field(ana: Person, case: Case) -> None:
    answer = ana.act(case, "say", words="  ", **{"as": "reply"})
    assert answer.status_code == 422
    assert 'aria-describedby="sayerr"' in answer.content.decode()
    long = "x" * 4001
    answer = ana.act(case, "say", words=long, **{"as": "reply"})
    assert answer.status_code == 422
    assert long in answer.content.decode()
