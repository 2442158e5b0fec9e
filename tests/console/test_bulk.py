"""Acts on many cases: tried before they are done, case by case, and taken back within a minute."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest

from onehall.casework import actions, verify
from onehall.casework.models import Case, Task, TimelineEntry, Timer
from onehall.casework.replay import replay
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now
from onehall.messaging import worker
from onehall.messaging.models import Message, Outbox
from onehall.people.models import User
from onehall.places.models import City
from onehall.service_requests import batches
from onehall.service_requests.models import BulkAct, BulkItem, ServiceRequest
from tests.console.people import Person, report

STATES = ("will", "wont", "done", "skipped", "undone", "kept")


def cases_of(city: City, count: int, service: str = "pothole", **more: Any) -> list[Case]:
    made = [
        report(city, service, at=now() - dt.timedelta(minutes=count - n), **more)
        for n in range(count)
    ]
    return [Case.objects.get(pk=r.case_id) for r in made]


def choose(person: Person, cases: list[Case], **more: str) -> BulkAct:
    """Tick the cases in a list and go on."""
    key = uuid.uuid4()
    data: dict[str, Any] = {"key": str(key), "list": "/desk", **more}
    for case in cases:
        case.refresh_from_db()
    data["case"] = [f"{c.pk}.{c.lock}" for c in cases]
    answer = person.client.post("/desk/bulk", data)
    assert answer.status_code == 302, answer.status_code
    return BulkAct.objects.get(key=key)


def step(person: Person, act: BulkAct, what: str, **more: Any) -> Any:
    answer = person.client.post(f"/desk/bulk/{act.key}", {"step": what, **more})
    act.refresh_from_db()
    return answer


def states(act: BulkAct) -> dict[str, int]:
    counts = batches.counts(act)
    return {state: counts[state] for state in STATES if counts[state]}


def page(person: Person, act: BulkAct) -> str:
    answer = person.client.get(f"/desk/bulk/{act.key}")
    assert answer.status_code == 200
    return answer.content.decode()


def facts(case: Case) -> dict[str, Any]:
    fresh = Case.objects.get(pk=case.pk)
    left_out = {"lock", "head", "updated_at", "entered"}
    return {
        f.attname: getattr(fresh, f.attname)
        for f in Case._meta.concrete_fields
        if f.attname not in left_out
    }


def whole(case: Case) -> None:
    """The chain verifies and the timeline gives the state that the row has."""
    fresh = Case.objects.get(pk=case.pk)
    assert list(verify.faults(city_id=fresh.city_id)) == []
    entries = TimelineEntry.objects.filter(case_id=case.pk).order_by("seq")
    flow = catalogue(fresh.city).flow_version(fresh.flow_version_id)
    told = replay(entries, flow.start)
    assert told.state == fresh.state
    open_tasks = Task.objects.filter(case=case, state="open").values_list("key", "cycle")
    assert told.open_tasks == set(open_tasks)


class TestChoosing:
    def test_the_list_has_a_box_for_each_case(self, ana: Person, city: City) -> None:
        cases = cases_of(city, 2)
        text = ana.get().content.decode()
        for case in cases:
            assert f'name="case" value="{case.pk}.{case.lock}"' in text
        assert 'action="/desk/bulk"' in text

    def test_needs_at_least_one(self, ana: Person, city: City) -> None:
        answer = ana.client.post("/desk/bulk", {"key": str(uuid.uuid4()), "list": "/desk"})
        assert answer.url == "/desk"
        assert not BulkAct.objects.exists()

    def test_is_one_act_however_often_it_is_sent(self, ana: Person, city: City) -> None:
        case = cases_of(city, 1)[0]
        data = {"key": str(uuid.uuid4()), "list": "/desk", "case": [f"{case.pk}.{case.lock}"]}
        urls = {ana.client.post("/desk/bulk", data).url for _ in range(3)}
        assert len(urls) == 1
        assert BulkItem.objects.count() == 1

    def test_leaves_out_what_one_may_not_see(self, carl: Person, ana: Person, city: City) -> None:
        mine, theirs = cases_of(city, 1)[0], cases_of(city, 1, "question")[0]
        act = choose(carl, [mine, theirs])
        assert [i.case_id for i in act.items.all()] == [mine.pk]

    def test_takes_the_whole_list_up_to_a_limit_and_says_so(
        self, ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cases_of(city, 5)
        cases_of(city, 1, "noise")
        monkeypatch.setattr(batches, "MOST", 3)
        act = choose(ana, [], all="1", list="/desk?service=pothole&sort=oldest")
        oldest = Case.objects.filter(service__key="pothole").order_by("opened_at")[:3]
        assert [i.case_id for i in act.items.all()] == [c.pk for c in oldest]
        assert act.capped
        assert "One act takes 3 cases at most" in page(ana, act)

    def test_is_nobody_elses(self, ana: Person, carl: Person, city: City) -> None:
        act = choose(ana, cases_of(city, 1))
        assert carl.client.get(f"/desk/bulk/{act.key}").status_code == 404
        answer = carl.client.post(f"/desk/bulk/{act.key}", {"step": "do"})
        assert answer.status_code == 404

    def test_not_for_those_who_only_read(self, city: City) -> None:
        from tests.console.people import hire

        hire(city, "audrey@testford.example", "auditor", None)
        audrey = Person(city, "audrey@testford.example")
        case = cases_of(city, 1)[0]
        assert 'name="case"' not in audrey.get().content.decode()
        data = {"key": str(uuid.uuid4()), "list": "/desk", "case": [f"{case.pk}.{case.lock}"]}
        audrey.client.post("/desk/bulk", data)
        assert not BulkAct.objects.exists()


class TestPreview:
    def test_foretells_what_will_be_and_names_each_exception(
        self, ana: Person, carl: Person, city: City
    ) -> None:
        first, second, taken, other = cases_of(city, 3) + cases_of(city, 1, "question")
        user = carl.user.pk
        actions.assign(
            city=city, case_id=taken.pk, user_id=user, user_name="Carl", by=ana.actor, now=now()
        )
        act = choose(ana, [first, second, taken, other])
        actions.note(city=city, case_id=second.pk, words="x", by=ana.actor, now=now())
        before = {c.pk: TimelineEntry.objects.filter(case=c).count() for c in Case.objects.all()}
        step(ana, act, "propose", kind="assign", user=str(user))
        assert states(act) == {"will": 1, "wont": 3}
        text = page(ana, act)
        for words in (
            "Somebody else changed it in the meantime.",
            "Carl Crew has it already." if "Carl Crew" in text else "has it already.",
            "It can not be the work of",
            "No resident gets a mail.",
        ):
            assert words in text, words
        after = {c.pk: TimelineEntry.objects.filter(case=c).count() for c in Case.objects.all()}
        assert after == before
        step(ana, act, "do")
        assert states(act) == {"done": 1, "wont": 3}
        first.refresh_from_db()
        assert first.assignee_id == user

    def test_counts_the_mails_and_shows_one_exactly(self, ana: Person, city: City) -> None:
        cases = cases_of(city, 2) + cases_of(city, 1, email="")
        act = choose(ana, cases)
        words = "Hello {first_name}, we look at {place} soon."
        step(ana, act, "propose", kind="reply", words=words)
        text = page(ana, act)
        assert batches.counts(act)["mails"] == 2
        assert "<b>2 mails</b> to residents go out a minute later." in text
        assert "Hello Rosa, we look at 5 Main Street soon." in text
        assert "to rosa@example.com" in text
        token = ServiceRequest.objects.exclude(token=None).values_list("token", flat=True)[0]
        assert token not in text
        assert not Message.objects.exists()

    @pytest.mark.parametrize(
        ("kind", "more"),
        [
            ("queue", {"queue": "1"}),
            ("reply", {}),
            ("note", {"words": "  "}),
            ("reply", {"words": "x" * 4001}),
        ],
    )
    def test_refuses_in_words_what_says_too_little(
        self, ana: Person, city: City, kind: str, more: dict[str, str]
    ) -> None:
        act = choose(ana, cases_of(city, 1))
        assert step(ana, act, "propose", kind=kind, **more).status_code == 422
        assert act.phase == "choosing"

    def test_a_case_whose_close_needs_a_photo_is_passed_over(self, ana: Person, city: City) -> None:
        hole, question = cases_of(city, 1)[0], cases_of(city, 1, "question")[0]
        act = choose(ana, [hole])
        text = page(ana, act)
        key = re.search(r'name="move" value="(close\w*|\w*close)"', text)
        assert key, text
        more = {"kind": "move", "move": key[1], "words": "Done.", "outcome": "fixed"}
        step(ana, act, "propose", **more)
        assert states(act) == {"wont": 1}
        assert "photo of the finished work" in page(ana, act)
        assert question.pk

    def test_only_steps_that_all_have_in_common_are_offered(self, ana: Person, city: City) -> None:
        hole, closed = cases_of(city, 2)
        alone = set(re.findall(r'name="move" value="(\w+)"', page(ana, choose(ana, [hole]))))
        actions.make_move(city=city, case_id=closed.pk, move="start", by=ana.actor, now=now())
        both = set(re.findall(r'name="move" value="(\w+)"', page(ana, choose(ana, [hole, closed]))))
        assert "start" in alone
        assert "start" not in both
        assert both < alone

    def test_is_proposed_anew_as_often_as_one_likes(self, ana: Person, city: City) -> None:
        act = choose(ana, cases_of(city, 2))
        step(ana, act, "propose", kind="priority", priority="0")
        assert states(act) == {"wont": 2}
        step(ana, act, "propose", kind="priority", priority="2")
        assert states(act) == {"will": 2}


def acted(ana: Person, city: City, kind: str, cases: list[Case]) -> dict[str, str]:
    """What a form of each kind sends."""
    carl = User.objects.get(email="carl@testford.example")
    from onehall.people.models import Queue

    other = Queue.objects.exclude(pk=cases[0].queue_id).order_by("pk").first()
    assert other is not None
    return {
        "assign": {"user": str(carl.pk)},
        "queue": {"queue": str(other.pk), "reason": "Theirs"},
        "priority": {"priority": "2"},
        "reply": {"words": "We are on it."},
        "note": {"words": "Look here."},
        "move": {"move": "start"},
        "join": {"into": cases[0].number},
    }[kind]


KINDS = ["assign", "queue", "priority", "reply", "note", "move", "join"]


class TestDoingAndTakingBack:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_kind_is_done_and_taken_back_whole(
        self, ana: Person, city: City, kind: str
    ) -> None:
        cases = cases_of(city, 3)
        before = [facts(c) for c in cases]
        mails = Message.objects.count()
        act = choose(ana, cases)
        step(ana, act, "propose", kind=kind, **acted(ana, city, kind, cases))
        expected = 2 if kind == "join" else 3
        assert states(act)["will"] == expected, page(ana, act)
        step(ana, act, "do")
        assert states(act)["done"] == expected
        assert act.phase == "done"
        changed = [facts(c) for c in cases] != before
        assert changed or kind in ("reply", "note")
        for case in cases:
            whole(case)
        assert "Take it back" in page(ana, act)
        step(ana, act, "undo")
        assert act.phase == "undone"
        assert states(act).get("undone") == expected, page(ana, act)
        assert [facts(c) for c in cases] == before
        for case in cases:
            whole(case)
        ended = [TimelineEntry.objects.filter(case=c).order_by("-seq").first() for c in cases]
        kinds = {e.kind for e in ended if e is not None}
        assert kinds == ({"unjoined"} if kind == "join" else {"undone"})
        worker.run(once=True)
        assert Message.objects.exclude(about__endswith=":1").count() == mails

    def test_mails_are_held_for_the_minute_and_then_go(self, ana: Person, city: City) -> None:
        cases = cases_of(city, 2)
        worker.run(once=True)
        first = Message.objects.count()
        act = choose(ana, cases)
        step(ana, act, "propose", kind="reply", words="Soon.")
        step(ana, act, "do")
        worker.run(once=True)
        assert Message.objects.count() == first
        held = Outbox.objects.filter(topic="case.news", done_at=None)
        assert held.count() == 2
        assert all(now() < row.due_at <= now() + dt.timedelta(seconds=70) for row in held)
        held.update(due_at=now())
        worker.run(once=True)
        assert Message.objects.count() == first + 2

    def test_what_was_touched_since_is_kept_and_said(self, ana: Person, city: City) -> None:
        one, other = cases_of(city, 2)
        act = choose(ana, [one, other])
        step(ana, act, "propose", kind="priority", priority="1")
        step(ana, act, "do")
        actions.note(city=city, case_id=one.pk, words="Mine", by=ana.actor, now=now())
        step(ana, act, "undo")
        assert states(act) == {"undone": 1, "kept": 1}
        assert "Somebody else changed it in the meantime." in page(ana, act)
        one.refresh_from_db()
        other.refresh_from_db()
        assert (one.priority, other.priority) == (1, 0)

    def test_is_over_after_the_minute(self, ana: Person, city: City) -> None:
        act = choose(ana, cases_of(city, 1))
        step(ana, act, "propose", kind="priority", priority="1")
        step(ana, act, "do")
        BulkAct.objects.filter(pk=act.pk).update(undo_until=now())
        assert "Take it back" not in page(ana, act)
        assert step(ana, act, "undo").status_code == 422
        assert states(act) == {"done": 1}

    def test_is_done_once_however_often_it_is_sent(self, ana: Person, city: City) -> None:
        case = cases_of(city, 1)[0]
        act = choose(ana, [case])
        step(ana, act, "propose", kind="note", words="Once")
        for _ in range(3):
            step(ana, act, "do")
        assert TimelineEntry.objects.filter(case=case, kind="noted").count() == 1

    def test_somebody_was_quicker_between_the_preview_and_the_act(
        self, ana: Person, city: City
    ) -> None:
        one, other = cases_of(city, 2)
        act = choose(ana, [one, other])
        step(ana, act, "propose", kind="move", move="start")
        assert states(act) == {"will": 2}
        actions.note(city=city, case_id=one.pk, words="Wait", by=ana.actor, now=now())
        step(ana, act, "do")
        assert states(act) == {"done": 1, "skipped": 1}
        assert "Somebody else changed it in the meantime." in page(ana, act)

    def test_residents_do_not_read_what_was_taken_back(self, ana: Person, city: City) -> None:
        case = cases_of(city, 1)[0]
        token = ServiceRequest.objects.get(case=case).token
        act = choose(ana, [case])
        step(ana, act, "propose", kind="reply", words="A wrong word")
        step(ana, act, "do")
        assert "A wrong word" in ana.client.get(f"/r/{token}").content.decode()
        step(ana, act, "undo")
        text = ana.client.get(f"/r/{token}").content.decode()
        assert "A wrong word" not in text
        assert "Taken back" not in text
        desk = ana.get(f"/cases/{case.number}").content.decode()
        assert "A wrong word" in desk
        assert "Taken back: the message to the residents" in desk

    def test_a_prepared_answer_speaks_to_each_in_their_language(
        self, ana: Person, city: City
    ) -> None:
        case = cases_of(city, 1)[0]
        ServiceRequest.objects.filter(case=case).update(language="es")
        act = choose(ana, [case])
        for template in (t for t in catalogue(city).replies if "es" in t.text):
            step(ana, act, "propose", kind="reply", template=template.key)
            if states(act) == {"will": 1}:
                break
            assert "does not fit this case" in page(ana, act)
        step(ana, act, "do")
        entry = TimelineEntry.objects.filter(case=case, kind="replied").get()
        assert entry.data["words_in"]["es"]

    def test_the_timers_of_the_state_run_again(self, ana: Person, city: City) -> None:
        case = cases_of(city, 1)[0]
        before = list(
            Timer.objects.filter(case=case, fired_at=None, entered=case.entered)
            .order_by("kind", "move", "position")
            .values_list("kind", "move", "position", "at")
        )
        act = choose(ana, [case])
        step(ana, act, "propose", kind="move", move="start")
        step(ana, act, "do")
        step(ana, act, "undo")
        case.refresh_from_db()
        again = list(
            Timer.objects.filter(case=case, fired_at=None, entered=case.entered)
            .order_by("kind", "move", "position")
            .values_list("kind", "move", "position", "at")
        )
        assert again == before


class TestManyCases:
    def test_the_worker_goes_on_in_rounds_and_progress_is_seen(
        self, ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batches, "AT_ONCE", 2)
        monkeypatch.setattr(batches, "ROUND", 3)
        cases = cases_of(city, 9, email="")
        act = choose(ana, cases)
        step(ana, act, "propose", kind="note", words="All of you")
        assert act.phase == "trying"
        assert "2 of 9 cases" in page(ana, act)
        worker.run(once=True)
        act.refresh_from_db()
        assert (act.phase, states(act)) == ("tried", {"will": 9})
        step(ana, act, "do")
        assert (act.phase, states(act)) == ("doing", {"will": 7, "done": 2})
        worker.run(once=True)
        act.refresh_from_db()
        assert (act.phase, states(act)) == ("done", {"done": 9})
        assert TimelineEntry.objects.filter(kind="noted").count() == 9

    def test_a_round_that_is_run_twice_does_nothing_twice(self, ana: Person, city: City) -> None:
        cases = cases_of(city, 3)
        act = choose(ana, cases)
        step(ana, act, "propose", kind="note", words="Once")
        batches.start(act=act, by=ana.actor, now=now())
        act.refresh_from_db()
        payload = {"act": act.pk, "round": act.round, "number": 0}
        for _ in range(2):
            batches.go_on(payload, city_id=city.id, key="x", now=now())
        assert TimelineEntry.objects.filter(kind="noted").count() == 3

    def test_somebody_who_left_does_nothing_more(self, ana: Person, city: City) -> None:
        act = choose(ana, cases_of(city, 1))
        step(ana, act, "propose", kind="note", words="Once")
        batches.start(act=act, by=ana.actor, now=now())
        act.refresh_from_db()
        User.objects.filter(pk=ana.user.pk).update(is_active=False)
        payload = {"act": act.pk, "round": act.round, "number": 0}
        batches.go_on(payload, city_id=city.id, key="x", now=now())
        assert not TimelineEntry.objects.filter(kind="noted").exists()

    def test_old_acts_are_forgotten(self, ana: Person, city: City) -> None:
        act = choose(ana, cases_of(city, 1))
        BulkAct.objects.filter(pk=act.pk).update(made_at=now() - dt.timedelta(days=31))
        batches.purge(now=now())
        assert not BulkAct.objects.exists()
