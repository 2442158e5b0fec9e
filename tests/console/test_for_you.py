"""Following cases and naming colleagues: who is told, where, by what mail, and who never is."""

import datetime as dt

import pytest
from django.core import mail

from onehall.casework import for_you, tasks
from onehall.casework.models import Case, ForYou, MailWish, Task, TimelineEntry, Watcher
from onehall.kernel.clock import now
from onehall.messaging import worker
from onehall.messaging.models import Message
from onehall.people.models import Membership, Queue, User
from onehall.places.models import City
from tests.console.people import BACKEND, Person, report
from tests.console.test_permissions import STAFF


def note(person: Person, case: Case, words: str, **more: object) -> None:
    assert person.act(case, "say", words=words, **({"as": "note"} | more)).status_code == 302


def lines(person: Person) -> list[ForYou]:
    return list(ForYou.objects.filter(user=person.user).order_by("id"))


def mails(at: dt.timedelta = dt.timedelta(minutes=2)) -> list[Message]:
    """What is mailed to the staff a while later."""
    before = set(Message.objects.values_list("pk", flat=True))
    tasks.mail_for_you(now() + at)
    fresh = Message.objects.exclude(pk__in=before).order_by("id")
    return [m for m in fresh if "testford.example" in m.to_address]


def test_who_acts_follows_and_hears_of_others_not_of_oneself(
    ana: Person, carl: Person, case: Case
) -> None:
    note(carl, case, "I was there")
    assert lines(carl) == []
    note(ana, case, "And?")
    (line,) = lines(carl)
    assert not line.mention
    page = carl.get("/for-you").content.decode()
    assert "And?" in page
    assert "I was there" not in page


def test_a_stop_holds_against_the_next_act(ana: Person, carl: Person, case: Case) -> None:
    note(carl, case, "One")
    carl.post(f"/cases/{case.number}/follow", following="no")
    note(carl, case, "Two")
    note(ana, case, "Three")
    assert lines(carl) == []


def test_following_can_be_switched_off_for_oneself(ana: Person, carl: Person, case: Case) -> None:
    carl.post("/for-you/wishes", mail="never")
    note(carl, case, "One")
    assert not Watcher.objects.filter(user=carl.user).exists()
    carl.post("/for-you/wishes", mail="never", auto="yes")
    note(carl, case, "Two")
    assert Watcher.objects.filter(user=carl.user, following=True).exists()


def test_given_a_case_one_follows_it(ana: Person, carl: Person, case: Case) -> None:
    ana.act(case, "change", what="assign", user=str(carl.user.pk))
    assert [line.case_id for line in lines(carl)] == [case.pk]


def test_named_in_the_text_or_in_the_list(
    ana: Person, carl: Person, sue: Person, case: Case
) -> None:
    note(ana, case, "@carl crew, can you? @Nobody", mention=str(sue.user.pk))
    assert [line.mention for line in lines(carl)] == [True]
    assert [line.mention for line in lines(sue)] == [True]
    entry = TimelineEntry.objects.get(case=case, kind="noted")
    assert entry.data["words"].startswith("@Sue Supervisor ")
    assert sorted(entry.data["mentions"]) == sorted([carl.user.pk, sue.user.pk])
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert '<a href="mailto:carl@testford.example"><bdi>@carl crew</bdi></a>' in page
    assert "Ana Agent named you" in carl.get("/for-you").content.decode()


def test_words_of_a_note_stay_words(ana: Person, carl: Person, case: Case) -> None:
    note(ana, case, "<script>x</script> @Carl Crew <b>")
    page = ana.get(f"/cases/{case.number}").content.decode()
    assert "<script>x" not in page
    assert "&lt;script&gt;x&lt;/script&gt; <a href=" in page


def test_only_those_who_may_see_the_case_are_named(city: City, ana: Person, case: Case) -> None:
    rick = Person(city, STAFF["crew elsewhere"])
    note(ana, case, f"@{rick.user.name} look", mention=str(rick.user.pk))
    assert lines(rick) == []
    assert (
        f'value="{rick.user.pk}" data-name' not in ana.get(f"/cases/{case.number}").content.decode()
    )


def test_no_resident_hears_of_it(ana: Person, carl: Person, case: Case) -> None:
    worker.run(once=True)
    mail.outbox.clear()
    note(ana, case, "@Carl Crew secret")
    worker.run(once=True)
    assert mail.outbox == []


def test_one_mail_for_several_acts_and_none_for_what_was_read(
    ana: Person, carl: Person, case: Case
) -> None:
    note(ana, case, "@Carl Crew one")
    note(ana, case, "@Carl Crew two")
    (sent,) = mails()
    assert sent.to_address == "carl@testford.example"
    assert "Ana Agent named you" in sent.subject
    assert "one" in sent.body_text
    assert "two" in sent.body_text
    assert mails() == []
    note(ana, case, "@Carl Crew three")
    carl.get(f"/cases/{case.number}")
    assert mails() == []


def test_never_is_never_and_once_a_day_is_in_the_morning(
    ana: Person, carl: Person, case: Case
) -> None:
    carl.post("/for-you/wishes", mail="never", auto="yes")
    note(ana, case, "@Carl Crew one")
    assert mails() == []
    carl.post("/for-you/wishes", mail="daily", auto="yes")
    note(ana, case, "@Carl Crew two")
    MailWish.objects.update(last_digest=dt.date(2000, 1, 1))
    found = [m for h in range(24) for m in mails(dt.timedelta(hours=h))]
    assert len(found) <= 2
    assert "lines for you" in found[0].subject or "line for you" in found[0].subject
    assert "two" in found[0].body_text


def test_who_may_not_see_the_case_any_more_is_told_nothing(
    ana: Person, carl: Person, case: Case
) -> None:
    note(ana, case, "@Carl Crew zebra")
    Membership.objects.filter(user=carl.user).update(
        department=Membership.objects.get(user__email="clea@testford.example").department
    )
    assert mails() == []
    assert "zebra" not in carl.get("/for-you").content.decode()
    assert for_you.page(ana.city, carl.actor, language="en") == []
    Membership.objects.filter(user=carl.user).update(active=False)
    assert carl.get("/for-you").status_code == 403


def test_the_count_stands_in_the_rail_until_the_case_is_opened(
    ana: Person, carl: Person, case: Case
) -> None:
    note(ana, case, "@Carl Crew one")
    assert carl.get().context["desk"].counts.for_you == 1
    carl.get(f"/cases/{case.number}")
    assert carl.get().context["desk"].counts.for_you == 0
    note(ana, case, "@Carl Crew two")
    carl.post("/for-you/read")
    assert carl.get().context["desk"].counts.for_you == 0


AREAS: list[dict[str, list[str]]] = [
    {},
    {"district": ["north"]},
    {"district": ["south"]},
    {"district": ["south"], "ward": ["4"]},
]


@pytest.mark.parametrize("within", AREAS)
@pytest.mark.parametrize("role", STAFF)
def test_list_and_count_are_of_the_cases_that_one_may_see(
    city: City, ana: Person, role: str, within: dict[str, list[str]]
) -> None:
    """The rule in one text for every page is the rule of the case pages."""
    person = Person(city, STAFF[role])
    Membership.objects.filter(user=person.user).update(areas=within)
    clerk = Queue.objects.get(city=city, key="neighbors")
    made = []
    for areas in ({}, {"district": "north"}, {"district": "south", "ward": "4"}):
        for queue in (None, clerk):
            case = Case.objects.get(number=report(city).number)
            Case.objects.filter(pk=case.pk).update(
                areas=areas, **({"queue": queue} if queue else {})
            )
            made.append(case)
    ours = Task.objects.create(
        city=city,
        case=made[-1],
        queue=made[0].queue,
        key="look",
        label={"en": "Look"},
        opened_at=now(),
        entered=0,
    )
    assert ours.queue_id != clerk.pk
    ForYou.objects.bulk_create(
        ForYou(city=city, user=person.user, case=case, seq=1, at=now()) for case in made
    )
    actor = person.actor
    reached = set(Case.objects.reachable_by(actor).values_list("pk", flat=True))
    listed = for_you.page(city, actor, language="en")
    assert {item.case.pk for item in listed} == reached
    assert person.get("/for-you").context["desk"].counts.for_you == len(reached)


@pytest.mark.parametrize("role", STAFF)
def test_who_may_follow(city: City, case: Case, role: str) -> None:
    """An auditor too: it changes nothing of the case."""
    before = TimelineEntry.objects.filter(case=case).count()
    answer = Person(city, STAFF[role]).post(f"/cases/{case.number}/follow", following="yes")
    assert answer.status_code == (404 if "elsewhere" in role else 302)
    assert TimelineEntry.objects.filter(case=case).count() == before


def test_residents_strangers_and_other_cities(case: Case, ana: Person, other_city: City) -> None:
    note(ana, case, "Hello")
    agent = Person(other_city, "ana@elsewhere.example")
    assert agent.post(f"/cases/{case.number}/follow", following="yes").status_code == 404
    assert agent.get("/for-you").status_code == 200
    resident = Person(ana.city)
    assert resident.get("/for-you").status_code == 302
    resident.client.force_login(User.objects.create(email="rosa@example.com"), backend=BACKEND)
    assert resident.get("/for-you").status_code == 403
    assert resident.post("/for-you/wishes", mail="never").status_code == 403


def test_what_a_resident_writes_reaches_those_who_follow(ana: Person, carl: Person) -> None:
    sent = report(ana.city)
    case = Case.objects.get(pk=sent.case_id)
    carl.post(f"/cases/{case.number}/follow", following="yes")
    Person(ana.city).client.post(f"/r/{sent.token}/write", {"words": "It got bigger"})
    assert len(lines(carl)) == 1


def test_old_lines_go(ana: Person, carl: Person, case: Case) -> None:
    note(ana, case, "@Carl Crew one")
    assert tasks.purge_for_you(now() + dt.timedelta(days=300)) == 0
    assert tasks.purge_for_you(now() + dt.timedelta(days=400)) == 1
