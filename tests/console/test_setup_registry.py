"""Everything of a flow in its forms: guards, effects, checklists, roles and questions of tasks; conditions in words."""

import shutil
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from onehall.catalog import registry
from onehall.catalog.scenarios import is_failure
from onehall.cli import city as city_cli
from onehall.console.setup import registry_page, saying
from onehall.console.setup.terms import Terms, about, is_number, is_one_of
from onehall.kernel import clock, yamllined
from onehall.places.models import City
from onehall.setup import actions, checking, queries
from onehall.setup.registry_forms import params_of
from tests.conftest import ROOT
from tests.console.people import Person, hire
from tests.console.test_setup_flows import REPAIR, asking_for_a_cost, doc_of, part_fields
from tests.reviewed import pack

REVIEWED = "/set-up/flows/reviewed"
FLOW = "flows/reviewed.yaml"


@pytest.fixture
def ada(city: City) -> Person:
    return Person(city, "ada@testford.example")


@pytest.fixture
def reviewed(ada: Person, tmp_path: Path) -> Person:
    """Ada, where holes are reviewed by a flow that uses the whole language."""
    city = city_cli.apply(pack(tmp_path / "reviewed").folder)
    return Person(city, "ada@testford.example")


def saved_as_shown(person: Person, flow: str) -> None:
    doc = doc_of(person.city, f"flows/{flow}.yaml")
    for part in ("states", "moves", "outcomes"):
        for name in doc[part]:
            url = f"/set-up/flows/{flow}/{part}/{name}"
            sent = part_fields(person.get(url), "label.en")
            assert person.post(url, **sent, do="save").status_code == 302, url
            told = [
                line
                for f in queries.draft_view(person.city).changed
                for line in unified_diff((f.city or "").splitlines(), (f.text or "").splitlines())
            ]
            assert told == [], url
            assert part == "outcomes" or person.get(url).context["more"] == [], url


def sound(person: Person) -> bool:
    """Whether the draft could be read; scenarios of the flow may want other words now."""
    told = person.get("/set-up").context["problems"]
    return all(is_failure(t.problem.message) for t in told)


def test_every_entry_has_words_and_so_have_its_parameters() -> None:
    assert set(registry_page.EFFECT_WORDS) == set(registry.EFFECTS)
    assert set(registry_page.PREDICATE_WORDS) == set(registry.PREDICATES)
    kinds = [*registry.EFFECTS.values(), *registry.PREDICATES.values()]
    asked = {p.name for kind in kinds for p in params_of(kind)}
    assert asked == set(registry_page.PARAM_WORDS)


def test_a_flow_with_everything_saves_what_it_shows(reviewed: Person) -> None:
    saved_as_shown(reviewed, "reviewed")


@pytest.mark.parametrize("flow", ["tree-removal", "purchase"])
def test_so_do_those_of_a_whole_city(db: None, settings: Any, tmp_path: Path, flow: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    folder = tmp_path / "pack"
    shutil.copytree(ROOT / "cities" / "port-alder", folder)
    for name in ("addresses.csv", "streets.geojson"):
        (folder / name).unlink()
    city = city_cli.apply(folder, by="tests")
    hire(city, "sue@port.example", "set-up", None)
    saved_as_shown(Person(city, "sue@port.example"), flow)
    # No page changed what they all look at.
    view = queries.draft_view(city)
    assert checking.shown(city, view) == checking.check(city, view)


class TestEffects:
    URL = f"{REVIEWED}/states/waiting"

    def test_one_is_added_chosen_and_filled_in(self, reviewed: Person) -> None:
        before = doc_of(reviewed.city, FLOW)["states"]["waiting"]["enter"]
        page = reviewed.post(
            self.URL, **part_fields(reviewed.get(self.URL), "label.en"), do="add:enter"
        )
        sent = part_fields(page, "label.en")
        assert sent["enter.1.name"] == [""]
        page = reviewed.post(self.URL, **sent | {"enter.1.name": ["add_task"]}, do="show:enter.1")
        text = page.content.decode()
        assert "Adds a task that stays until it is done or the case ends." in text
        sent = part_fields(page, "label.en") | {
            "enter.1.given.key": ["ring"], "enter.1.given.label.en": ["Ring"],
            "enter.1.given.label.es": ["Llamar"], "enter.1.given.queue": ["roads"],
            "enter.1.given.due.amount": ["2"], "enter.1.given.due.unit": ["working_days"],
        }  # fmt: skip
        assert reviewed.post(self.URL, **sent, do="save").status_code == 302
        enter = doc_of(reviewed.city, FLOW)["states"]["waiting"]["enter"]
        assert enter[0] == before[0]
        ring = {
            "key": "ring",
            "label": {"en": "Ring", "es": "Llamar"},
            "queue": "roads",
            "due": {"working_days": 2},
        }
        assert enter[1] == {"add_task": ring}
        assert queries.draft_view(reviewed.city).changed[0].path == FLOW
        assert sound(reviewed)

    def test_they_are_put_in_order_and_taken_away(self, reviewed: Person) -> None:
        url = f"{REVIEWED}/moves/approve"
        page = reviewed.post(url, **part_fields(reviewed.get(url), "label.en"), do="up:effects.1")
        moved = reviewed.post(url, **part_fields(page, "label.en"), do="remove:effects.1")
        assert reviewed.post(url, **part_fields(moved, "label.en"), do="save").status_code == 302
        (left,) = doc_of(reviewed.city, FLOW)["moves"]["approve"]["effects"]
        assert left == {"note": {"words": {"en": "Approved by hand.", "es": "Aprobado."}}}

    def test_what_is_missing_is_told_at_its_row(self, reviewed: Person) -> None:
        url = f"{REVIEWED}/moves/approve"
        sent = part_fields(reviewed.get(url), "label.en") | {"effects.1.name": ["set_queue"]}
        assert reviewed.post(url, **sent, do="save").status_code == 302
        page = reviewed.get(url)
        assert set(page.context["errors"]) - {""} == {"effects.1"}
        assert "needs" in page.content.decode()


class TestGuards:
    URL = f"{REPAIR}/moves/start"

    def test_one_is_picked_worded_and_taken_away(self, ada: Person) -> None:
        asking_for_a_cost(ada)
        sent = part_fields(ada.get(self.URL), "label.en") | {
            "guard.when.terms.0.what": ['{"lt":["cost",null]}'],
            "guard.when.terms.0.value": ["500"],
            "guard.words.en": ["Too dear."],
            "guard.words.es": ["Muy caro."],
        }
        assert ada.post(self.URL, **sent, do="save").status_code == 302
        kept = doc_of(ada.city)["moves"]["start"]["guard"]
        assert kept == {
            "when": {"lt": ["cost", 500]},
            "words": {"en": "Too dear.", "es": "Muy caro."},
        }
        again = part_fields(ada.get(self.URL), "label.en")
        ada.post(self.URL, **again, do="save")
        assert doc_of(ada.city)["moves"]["start"]["guard"] == kept
        ada.post(self.URL, **again | {"guard.when.terms.0.what": [""]}, do="save")
        assert "guard" not in doc_of(ada.city)["moves"]["start"]

    def test_without_words_it_is_told_at_the_guard(self, ada: Person) -> None:
        sent = part_fields(ada.get(self.URL), "label.en")
        sent["guard.when.terms.0.what"] = ['{"eq":["requires.met",true]}']
        ada.post(self.URL, **sent, do="save")
        assert "guard" in ada.get(self.URL).context["errors"]

    @pytest.mark.parametrize(
        "held", ["requires_met", {"when": "requires_met", "words": {"en": "No.", "es": "No."}}]
    )
    def test_the_short_form_stays(self, ada: Person, held: Any) -> None:
        doc = doc_of(ada.city)
        doc["moves"]["start"]["guard"] = held
        actions.save_file(
            city=ada.city, path="flows/repair.yaml", text=yamllined.write(doc), seen=0,
            by=ada.actor, now=clock.now(),
        )  # fmt: skip
        page = ada.get(self.URL)
        assert "The checklist is complete" in page.content.decode()
        ada.post(self.URL, **part_fields(page, "label.en"), do="save")
        assert doc_of(ada.city)["moves"]["start"]["guard"] == held


class TestTasks:
    URL = f"{REVIEWED}/states/review"

    def test_roles_and_a_second_date(self, reviewed: Person) -> None:
        sent = part_fields(reviewed.get(self.URL), "label.en")
        assert sent["tasks.0.due_next_cycle.amount"] == ["2"]
        sent |= {"tasks.0.by": ["supervisor"], "tasks.1.due_next_cycle.amount": ["4"]}
        assert reviewed.post(self.URL, **sent, do="save").status_code == 302
        roads, clerk, _deep = doc_of(reviewed.city, FLOW)["states"]["review"]["tasks"]
        assert (roads["by"], clerk["due_next_cycle"]) == (["supervisor"], {"days": 4})
        sent = part_fields(reviewed.get(self.URL), "label.en")
        reviewed.post(self.URL, **sent | {"tasks.0.by": [""]}, do="save")
        assert "by" not in doc_of(reviewed.city, FLOW)["states"]["review"]["tasks"][0]

    def test_a_role_that_nobody_there_has_is_told_at_the_task(self, reviewed: Person) -> None:
        sent = part_fields(reviewed.get(self.URL), "label.en") | {"tasks.1.by": ["finance"]}
        reviewed.post(self.URL, **sent, do="save")
        (told,) = reviewed.get(self.URL).context["errors"]["tasks.1"]
        assert told.startswith('Nobody who serves the queue "questions" may decide it')
        text = reviewed.get("/set-up").content.decode()
        assert '<a href="/desk/set-up/people">Who works here</a>' in text

    def test_questions_come_go_and_have_answers(self, reviewed: Person) -> None:
        page = reviewed.post(
            self.URL, **part_fields(reviewed.get(self.URL), "label.en"), do="add:tasks.1.questions"
        )
        sent = part_fields(page, "label.en") | {"tasks.1.questions.0.type": ["choice"]}
        page = reviewed.post(self.URL, **sent, do="add:tasks.1.questions.0.options")
        name = "tasks.1.questions.0"
        sent = part_fields(page, "label.en") | {
            f"{name}.key": ["form"], f"{name}.label.en": ["Which form?"], f"{name}.label.es": ["¿Cuál?"],
            f"{name}.required": ["yes"], f"{name}.options.0.key": ["a"],
            f"{name}.options.0.label.en": ["A"], f"{name}.options.0.label.es": ["A"],
        }  # fmt: skip
        assert reviewed.post(self.URL, **sent, do="save").status_code == 302
        roads, clerk, _deep = doc_of(reviewed.city, FLOW)["states"]["review"]["tasks"]
        assert [q["key"] for q in roads["questions"]] == ["cost"]
        assert clerk["questions"][0]["options"][0]["key"] == "a"
        assert sound(reviewed)
        page = reviewed.post(
            self.URL,
            **part_fields(reviewed.get(self.URL), "label.en"),
            do="remove:tasks.0.questions.0",
        )
        reviewed.post(self.URL, **part_fields(page, "label.en"), do="save")
        assert "questions" not in doc_of(reviewed.city, FLOW)["states"]["review"]["tasks"][0]

    def test_what_came_of_it_is_in_the_lists_of_conditions(self, reviewed: Person) -> None:
        text = reviewed.get(f"{REVIEWED}/moves/pass").content.decode()
        assert "The result of “Look at the road” is: More is needed" in text
        assert "Cost is less than …" in text
        assert "task.roads.cost" in part_fields(reviewed.get(f"{REVIEWED}/moves/pass"), "label.en")["auto.terms.0.what"][0]  # fmt: skip


def test_a_line_of_the_checklist_is_added(reviewed: Person) -> None:
    url = f"{REVIEWED}/states/ready"
    page = reviewed.post(url, **part_fields(reviewed.get(url), "label.en"), do="add:requires")
    sent = part_fields(page, "label.en") | {"requires.2.name": ["photo"]}
    page = reviewed.post(url, **sent, do="show:requires.2")
    sent = part_fields(page, "label.en") | {"requires.2.given.kind": ["after"]}
    assert reviewed.post(url, **sent, do="save").status_code == 302
    lines = doc_of(reviewed.city, FLOW)["states"]["ready"]["requires"]
    assert lines[0] == "assigned"
    assert lines[1]["task_done"]["label"]["en"] == "Somebody has called"
    assert lines[2] == {"photo": {"kind": "after"}}


class TestSentences:
    GROUPS = (
        is_one_of("District", "area.district", {"east": "East", "west": "West"}, nor=True),
        is_number("Cost", "cost"),
        about("Deep?", [], "deep"),
    )

    @pytest.mark.parametrize(
        ("tree", "words"),
        [
            ({"in": ["area.district", ["east", "west"]]}, "District is one of: East, West"),
            ({"not": {"lt": ["cost", 500]}}, "it is not so that Cost is less than 500"),
            ({"not": {"exists": "cost"}}, "Cost was not answered"),
            ({"ne": ["deep", True]}, "Deep?: no"),
            ({"eq": ["other.field", "x"]}, "“other.field” is: x"),
            (
                {"any": [{"all": [{"gt": ["cost", 1]}, {"eq": ["deep", True]}]}, {"lt": ["cost", 0]}]},
                "(Cost is more than 1 and Deep?: yes) or Cost is less than 0",
            ),
            ({"sum": [1, 2, 3]}, "(not a condition)"),
            ([], "(not a condition)"),
        ],
    )  # fmt: skip
    def test_read_as_words(self, tree: Any, words: str) -> None:
        assert saying.sentence(tree, self.GROUPS) == words

    def test_no_select_and_no_list_shows_json(self, ada: Person) -> None:
        asking_for_a_cost(ada)
        terms = Terms(ada.city, "en")
        nested = {
            "any": [{"all": [{"gt": ["cost", 1]}, {"eq": ["deep", True]}]}, {"lt": ["cost", 0]}]
        }
        shown = terms.shown(nested, self.GROUPS)
        assert "{" not in shown["said"]
        listed = terms.shown({"in": ["area.district", ["east"]]}, self.GROUPS)
        assert listed["rows"][0]["said"] == "District is one of: East"
