"""A case becomes another service's: flow, promise, queue and answers follow, the resident hears, and it is remembered."""

from pathlib import Path

import pytest

from onehall.casework import actions, migrating, replay
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case, Correction, Photo
from onehall.cli import city as city_cli
from onehall.messaging.models import Message, Outbox
from onehall.people.actor import Actor
from onehall.people.queries import queues
from onehall.service_requests import changing, learning, news
from onehall.service_requests.changing import carry_over
from tests.cast import NORTH, SOUTH, START, Cast, build, entries, sound
from tests.packs import WrongPack


@pytest.fixture
def cast(db: None, tmp_path: Path) -> Cast:
    """Testford, where questions have a flow of their own."""
    found = build()
    pack = WrongPack(tmp_path)
    flow = (pack.folder / "flows/repair.yaml").read_text(encoding="utf-8")
    flow = flow.replace("key: repair", "key: answer", 1).replace("received", "arrived")
    (pack.folder / "flows/answer.yaml").write_text(flow, encoding="utf-8")
    pack.replace("services/question.yaml", "flow: repair", "flow: answer")
    assert pack.problems() == []
    found.city = city_cli.apply(pack.folder, with_staff=True, by="tests")
    return found


def change(cast: Cast, case: Case, service: str, by: Actor | None = None, **more: object) -> Case:
    given = {"reason": "It is a question.", "by": by or cast.dana, "now": START, "language": "en"}
    return changing.change_service(
        city=cast.city,
        case_id=case.pk,
        service_key=service,
        **{**given, **more},  # type: ignore[arg-type]
    )


class TestChange:
    def test_flow_promise_and_queue_are_those_of_the_new_service(self, cast: Cast) -> None:
        case = cast.case(answers={"size": "large"})
        change(cast, case, "question")
        stored = sound(case)
        assert (stored.service.key, stored.queue.key, stored.state) == (
            "question", "questions", "arrived",
        )  # fmt: skip
        assert stored.flow_version.flow.key == "answer"
        # 16 working hours from the report.
        assert stored.due_at is not None
        assert stored.due_at != case.due_at
        told = {e.kind: e for e in entries(case)}
        assert told["changed"].public
        assert told["changed"].data["name"]["en"] == "A question" or told["changed"].data["name"]
        assert told["routed"].data["queue"] == stored.queue_id
        assert replay.replay(entries(case), "received").state == "arrived"

    def test_a_case_under_way_goes_on_in_a_state_of_the_same_meaning(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "start", cast.ben)
        change(cast, case, "question")
        assert sound(case).state == "working"

    def test_one_that_waits_goes_on_waiting_and_its_answer_leads_back(self, cast: Cast) -> None:
        case = cast.case()
        cast.move(case, "ask", words="Where?")
        change(cast, case, "question")
        stored = sound(case)
        assert (stored.state, stored.paused_at) == ("waiting", START)
        assert cast.move(case, "answer").state == "arrived"

    def test_the_resident_is_told(self, cast: Cast) -> None:
        case = cast.case()
        Outbox.objects.all().delete()
        change(cast, case, "question")
        for row in Outbox.objects.filter(topic="case.news").order_by("id"):
            news.tell(row.payload, city_id=cast.city.pk, key=row.key, now=START)
        mails = list(Message.objects.values_list("subject", "body_text"))
        assert len(mails) == 1
        assert "is handled as" in mails[0][0]
        assert "It is a question." in mails[0][1]

    def test_answers_that_are_not_asked_for_stay_for_the_staff(self, cast: Cast) -> None:
        case = cast.case(answers={"size": "large", "damage": True})
        change(cast, case, "question")
        note = next(e for e in entries(case) if e.kind == "noted")
        assert not note.public
        assert "Larger than a plate" in note.data["words"]
        assert "Did it damage a vehicle? Yes" in note.data["words"]

    def test_what_the_new_service_keeps_private_is_hidden(self, cast: Cast) -> None:
        case = cast.case()
        change(cast, case, "noise")
        assert sound(case).is_public is False
        assert not Photo.objects.filter(case_id=case.pk, is_public=True).exists()

    def test_moving_it_to_its_former_flow_version_can_not_be_undone_over_it(
        self, cast: Cast
    ) -> None:
        case = cast.case()
        change(cast, case, "question")
        with pytest.raises(MoveRefused):
            migrating.undo_migration(city=cast.city, case_id=case.pk, by=cast.mo, now=START)


class TestRefusals:
    @pytest.mark.parametrize(("service", "words"), [("pothole", "already"), ("nothing", "listed")])
    def test_of_services(self, cast: Cast, service: str, words: str) -> None:
        with pytest.raises(MoveRefused, match=words):
            change(cast, cast.case(), service)

    def test_without_a_reason(self, cast: Cast) -> None:
        with pytest.raises(MoveRefused):
            change(cast, cast.case(), "question", reason=" ")

    def test_of_an_ended_case(self, cast: Cast) -> None:
        case = cast.case()
        cast.finish(case)
        with pytest.raises(MoveRefused, match="ended"):
            change(cast, case, "question")

    @pytest.mark.parametrize("who", ["kim", "owen", "sam"])
    def test_of_people(self, cast: Cast, who: str) -> None:
        case = cast.case()
        with pytest.raises(MoveRefused):
            change(cast, case, "question", cast.named(who))
        assert not Correction.objects.exists()


class TestMemory:
    def test_both_ways_are_remembered(self, cast: Cast) -> None:
        case, other = cast.case(channel="phone"), cast.case()
        change(cast, case, "question")
        north = next(q.id for q in queues(cast.city) if q.key == "roads-north")
        actions.route(
            city=cast.city, case_id=other.pk, queue_id=north, reason="Theirs", by=cast.mo, now=START
        )
        by_service, by_queue = Correction.objects.order_by("id")
        assert (by_service.from_service.key, by_service.to_service.key) == ("pothole", "question")
        assert (by_service.channel, by_service.by_id) == ("phone", cast.dana.user_id)
        assert by_queue.from_service_id == by_queue.to_service_id
        assert (by_queue.from_queue.key, by_queue.to_queue.key) == ("roads", "roads-north")

    def test_pairs_are_counted_with_words_for_those_who_may_see_the_cases(self, cast: Cast) -> None:
        for n in range(4):
            change(cast, cast.case(words=f"Hydrant gushing {n}"), "question")
        (pair,) = learning.pairs(cast.dana, now=START)
        assert pair.count == 4
        assert len(pair.words) == learning.SHOWN
        assert pair.words[0][1].startswith("Hydrant")
        assert learning.pairs(cast.ben, now=START) == []
        assert len(list(learning.lines(cast.dana, now=START))) == 4

    def test_words_that_were_often_moved_speak_for_the_service(self, cast: Cast) -> None:
        for n in range(3):
            change(cast, cast.case(words=f"Hydrant gushing {n}", place=SOUTH), "question")
        cast.case(words="Hydrant in the road", place=NORTH)
        found = learning._learn(cast.city, START).about("a hydrant is open")
        assert (found["question"].moved, found["question"].of) == (3, 4)
        assert found["question"].word == "hydrant"
        assert learning._learn(cast.city, START).about("a road") == {}


def test_only_the_same_question_with_an_allowed_answer_carries_over(cast: Cast) -> None:
    from onehall.catalog.queries import catalogue

    listed = catalogue(cast.city)
    old, new = listed.service("pothole"), listed.service("noise")
    assert carry_over(old, old, {"size": "large"}) == ({"size": "large"}, [])
    assert carry_over(old, new, {"size": "large"}) == ({}, ["size"])
    assert carry_over(old, old, {"size": "gigantic"}) == ({}, ["size"])
