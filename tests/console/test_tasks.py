"""Tasks on the page of a case and in "my work": buttons for those whose team it is, words for refusals."""

from pathlib import Path

import pytest

from onehall.casework import leaving
from onehall.casework.models import Case, Task
from onehall.cli import city as city_cli
from onehall.kernel.clock import now
from onehall.people.queries import members, queue_named
from onehall.places.models import City
from tests.cast import Cast
from tests.console.people import Person
from tests.reviewed import hole, open_tasks, pack, task


@pytest.fixture
def city(city: City, tmp_path: Path) -> City:
    """Testford where holes are reviewed."""
    return city_cli.apply(pack(tmp_path / "reviewed").folder)


@pytest.fixture
def rick(city: City) -> Person:
    """Crew of the City Clerk."""
    return Person(city, "rick@testford.example")


@pytest.fixture
def hole_case(city: City, ana: Person) -> Case:
    """A hole of Public Works, reviewed by them and by the Clerk."""
    cast = Cast(city, *(ana.actor,) * 8)
    case = hole(cast, "small", now=now())
    cast.move(case, "accept", ana.actor, now=now())
    return Case.objects.get(pk=case.pk)


def press(person: Person, case: Case, key: str, **data: str) -> object:
    return person.act(case, f"tasks/{task(case, key).pk}", **data)


KEPT = "label: {en: Look at the road, es: Revisar la calle}\n        queue: roads\n"


class TestKeptForARole:
    @pytest.fixture
    def city(self, city: City, tmp_path: Path) -> City:
        """Testford where a supervisor alone decides about the road."""
        folder = pack(tmp_path / "kept")
        folder.replace("flows/reviewed.yaml", KEPT, f"{KEPT}        by: [supervisor]\n")
        return city_cli.apply(folder.folder)

    def test_the_buttons_are_for_those_who_decide_and_the_others_read_who(
        self, carl: Person, sue: Person, ana: Person, hole_case: Case
    ) -> None:
        url = f"/cases/{hole_case.number}"
        pages = {who: who.get(url).content.decode() for who in (carl, sue, ana)}
        assert all("Decided by: Supervisor." in text for text in pages.values())
        finish = [pages[who].count("Finish this task") for who in (carl, sue, ana)]
        # The agent has the papers alone: for the road, neither finishing nor skipping is hers.
        assert finish == [0, 1, 1]
        assert [pages[who].count("Skip this task") for who in (carl, sue, ana)] == [0, 1, 1]

    def test_a_press_without_the_role_is_refused_in_words(
        self, carl: Person, hole_case: Case
    ) -> None:
        for what in ("take", "done", "skip"):
            answer = press(
                carl, hole_case, "roads", what=what, outcome="yes", reason="No.", q_cost="1"
            )
            assert answer.status_code == 422
        assert "Decided by: Supervisor." in answer.content.decode()
        assert "roads" in open_tasks(hole_case)

    def test_it_is_in_the_work_of_those_who_decide(self, carl: Person, sue: Person, hole_case: Case) -> None:  # fmt: skip
        assert "Look at the road" not in carl.get("/work").content.decode()
        assert "Look at the road" in sue.get("/work").content.decode()

    def test_it_is_handed_on_only_to_somebody_who_may(self, city: City, carl: Person, sue: Person, hole_case: Case) -> None:  # fmt: skip
        assert press(sue, hole_case, "roads", what="take").status_code == 302
        to = next(m for m in members(city) if m.user_id == carl.user.pk)
        leaving.hand_over(city=city, user_id=sue.user.pk, to=to, by=sue.actor, now=now())
        assert Task.objects.get(case=hole_case, key="roads").assignee is None


class TestCasePage:
    def test_lists_the_open_tasks_with_who_and_when(self, ana: Person, hole_case: Case) -> None:
        text = ana.get(f"/cases/{hole_case.number}").content.decode()
        assert "Look at the road" in text
        assert "Look at the papers" in text
        assert text.count("Finish this task") == 2

    def test_offers_only_what_is_ones_own_teams(self, carl: Person, hole_case: Case) -> None:
        text = carl.get(f"/cases/{hole_case.number}").content.decode()
        assert text.count("Finish this task") == 1
        assert "Skip this task" not in text

    def test_is_open_to_whoever_has_a_task_there_and_to_nobody_else(
        self, rick: Person, hole_case: Case, case: Case
    ) -> None:
        page = rick.get(f"/cases/{hole_case.number}")
        assert page.status_code == 200
        text = page.content.decode()
        assert text.count("Finish this task") == 1
        assert "Close</summary>" not in text
        assert rick.get(f"/cases/{case.number}").status_code == 404

    def test_shows_the_checklist_of_the_state(self, ana: Person, hole_case: Case) -> None:
        press(ana, hole_case, "clerk", what="done", outcome="yes")
        press(ana, hole_case, "roads", what="done", outcome="yes", q_cost="12,5")
        assert Task.objects.get(case=hole_case, key="roads").answers == {"cost": 12.5}
        text = ana.get(f"/cases/{hole_case.number}").content.decode()
        assert "Checklist" in text
        assert "Somebody has called" in text
        refused = ana.act(hole_case, "move", move="hurry")
        assert refused.status_code == 422
        assert "Only when it is urgent." in refused.content.decode()


class TestActs:
    def test_take_finish_and_skip(self, ana: Person, carl: Person, hole_case: Case) -> None:
        assert press(carl, hole_case, "roads", what="take").status_code == 302  # type: ignore[attr-defined]
        assert task(hole_case, "roads").assignee_id == carl.user.pk
        press(carl, hole_case, "roads", what="done", outcome="yes", q_cost="70", words="Deep.")
        assert open_tasks(hole_case) == ["clerk"]
        press(ana, hole_case, "clerk", what="skip", reason="They know it.")
        assert Case.objects.get(pk=hole_case.pk).state == "ready"

    def test_a_refusal_stands_at_its_task(self, ana: Person, hole_case: Case) -> None:
        page = press(ana, hole_case, "roads", what="done", outcome="yes", q_cost="much")
        assert page.status_code == 422  # type: ignore[attr-defined]
        text = page.content.decode()  # type: ignore[attr-defined]
        assert "Write a number" in text
        assert 'value="much"' in text
        page = press(ana, hole_case, "roads", what="skip", reason=" ")
        assert "Write the reason." in page.content.decode()  # type: ignore[attr-defined]
        assert open_tasks(hole_case) == ["clerk", "roads"]

    def test_add_one_by_hand(self, ana: Person, hole_case: Case) -> None:
        queue = queue_named(ana.city, "neighbors")
        assert queue is not None
        ana.act(hole_case, "tasks", title="Ask the school", queue=str(queue.id), working_days="2")
        assert "extra-1" in open_tasks(hole_case)
        page = ana.act(hole_case, "tasks", title="", queue=str(queue.id))
        assert page.status_code == 422

    def test_of_another_team_or_case_are_refused(self, rick: Person, ana: Person, hole_case: Case, case: Case) -> None:  # fmt: skip
        assert press(rick, hole_case, "roads", what="take").status_code == 422  # type: ignore[attr-defined]
        pk = task(hole_case, "roads").pk
        assert ana.act(case, f"tasks/{pk}", what="take").status_code == 404
        assert press(ana, hole_case, "roads", what="paint").status_code == 404  # type: ignore[attr-defined]

    def test_auditors_read_and_do_nothing(self, city: City, hole_case: Case) -> None:
        otto = Person(city, "otto@testford.example")
        assert "Finish this task" not in otto.get(f"/cases/{hole_case.number}").content.decode()
        assert press(otto, hole_case, "roads", what="take").status_code == 403  # type: ignore[attr-defined]


class TestMyWork:
    def test_shows_the_tasks_of_ones_queues(self, rick: Person, carl: Person, hole_case: Case) -> None:  # fmt: skip
        assert "Look at the papers" in rick.get("/work").content.decode()
        text = carl.get("/work").content.decode()
        assert "Look at the road" in text
        assert "Look at the papers" not in text

    def test_forgets_them_when_the_case_moves_on(self, ana: Person, rick: Person, hole_case: Case) -> None:  # fmt: skip
        ana.act(hole_case, "move", move="close", asked="1", outcome="fixed", words="Done.")
        assert "Look at the papers" not in rick.get("/work").content.decode()
