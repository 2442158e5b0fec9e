"""Flows and prepared answers in the console: tables, parts as forms, scenarios, versions, live cases moved."""

from difflib import unified_diff
from typing import Any

import pytest

from onehall.casework.models import Case, TimelineEntry
from onehall.kernel import clock, yamlfile, yamllined
from onehall.kernel.yamlfile import Problems
from onehall.places.models import City
from onehall.setup import actions, queries
from onehall.setup.errors import MayNotSetUp
from tests.console.people import Person
from tests.console.test_setup_services import Fields

REPAIR = "/set-up/flows/repair"


@pytest.fixture
def ada(city: City) -> Person:
    return Person(city, "ada@testford.example")


def doc_of(city: City, path: str = "flows/repair.yaml") -> dict[str, Any]:
    view = queries.file_view(City.objects.get(pk=city.pk), path)
    assert view
    plain = yamlfile.parse(view.text or "", file="x", problems=Problems()).plain()
    assert isinstance(plain, dict)
    return plain


def part_fields(page: Any, hold: str) -> dict[str, list[str]]:
    """The fields of the form that has a field of this name."""
    text = page.content.decode()
    for piece in text.split("<form ")[1:]:
        body = piece.split("</form>")[0]
        if f'name="{hold}"' in body:
            found = Fields("")
            found.feed(f"<form {body}</form>")
            return found.sent
    raise AssertionError(hold)


def draft_is_empty(city: City) -> bool:
    return queries.draft_view(City.objects.get(pk=city.pk)).changed == []


def test_every_part_saves_what_it_shows(ada: Person) -> None:
    doc = doc_of(ada.city)
    for part in ("states", "moves", "outcomes"):
        for name in doc[part]:
            url = f"{REPAIR}/{part}/{name}"
            page = ada.get(url)
            assert page.status_code == 200, url
            sent = part_fields(page, "label.en")
            assert ada.post(url, **sent, do="save").status_code == 302
            changed = queries.draft_view(ada.city).changed
            assert changed == [], [
                *unified_diff(
                    (changed[0].city or "").split("\n"), (changed[0].text or "").split("\n")
                )
            ]


def test_the_flow_is_shown_with_its_drawing_and_versions(ada: Person, case: Case) -> None:
    page = ada.get(REPAIR)
    text = page.content.decode()
    assert page.status_code == 200
    assert f"{REPAIR}.svg" in text
    assert "1 open case" in text
    svg = ada.get(f"{REPAIR}.svg")
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert "sha256-" in svg.headers["Content-Security-Policy"]
    assert ada.get("/set-up/flows").status_code == 200
    assert ada.get("/set-up/flows/nothing").status_code == 404
    assert ada.get(f"{REPAIR}/states/nothing").status_code == 404


def test_a_state_gets_a_timer_and_a_task(ada: Person) -> None:
    doc = doc_of(ada.city)
    name = doc["start"]
    url = f"{REPAIR}/states/{name}"
    before = len(doc["states"][name].get("timers", []))
    sent = part_fields(
        ada.post(url, **part_fields(ada.get(url), "label.en"), do="add:timers"), "label.en"
    )
    assert draft_is_empty(ada.city)
    sent |= {
        f"timers.{before}.amount": ["2"], f"timers.{before}.unit": ["working_days"],
        f"timers.{before}.act": ["remind"], f"timers.{before}.to": ["team"],
    }  # fmt: skip
    assert ada.post(url, **sent, do="save").status_code == 302
    after = doc_of(ada.city)["states"][name]
    assert after["timers"][before] == {"after": {"working_days": 2}, "remind": "team"}
    assert list(doc_of(ada.city)["states"]) == list(doc["states"])


def test_a_move_is_added_and_told_wrong_at_its_place(ada: Person) -> None:
    answer = ada.post(REPAIR, label="Send back", do="add:moves", seen="0")
    assert answer.headers["Location"].endswith("/moves/send_back")
    page = ada.client.get(answer.headers["Location"])
    sent = part_fields(page, "label.en")
    url = f"{REPAIR}/moves/send_back"
    ada.post(url, **(sent | {"label.es": [""]}), do="save")
    assert 'no words in "es"' in ada.get(url).content.decode().replace("&quot;", '"')
    again = part_fields(ada.get(url), "label.en")
    ada.post(url, **(again | {"label.es": ["Regresar"]}), do="save")
    assert doc_of(ada.city)["moves"]["send_back"]["label"] == {"en": "Send back", "es": "Regresar"}
    assert ada.post(url, **part_fields(ada.get(url), "label.en"), do="remove").status_code == 302
    assert "send_back" not in doc_of(ada.city)["moves"]


def test_a_scenario_is_added_runs_and_keeps_back_what_it_refutes(ada: Person) -> None:
    doc = doc_of(ada.city)
    key, move = next(
        (k, m) for k, m in doc["moves"].items()
        if doc["start"] in m["from"] and "agent" in m["by"] and m["to"] in doc["states"] and not m.get("guard")
    )  # fmt: skip
    given = {
        "name": "It goes on", "key": "goes_on", "steps.0.what": f"move:{key}", "steps.0.by": "agent",
        "steps.0.state": move["to"], "do": "scenario", "seen": "0",
    }  # fmt: skip
    assert ada.post(REPAIR, **given).status_code == 302
    (result,) = [s for s in ada.get(REPAIR).context["scenarios"] if s.key == "goes_on"]
    assert result.failed == ""
    wrong = given | {"key": "wrong", "steps.0.state": doc["start"], "seen": "1"}
    ada.post(REPAIR, **wrong)
    page = ada.get("/set-up")
    assert "Publish now" not in page.content.decode()
    assert [s.key for s in page.context["failed"]] == ["wrong"]
    ada.post(REPAIR, do="drop:wrong", seen="2")
    assert "Publish now" in ada.get("/set-up").content.decode()


def asking_for_a_cost(ada: Person) -> None:
    """In the draft every service asks what it costs, and whether it is deep."""
    questions = [
        {"key": "cost", "type": "number", "label": {"en": "Cost", "es": "Costo"}},
        {"key": "deep", "type": "yes_no", "label": {"en": "Deep?", "es": "¿Hondo?"}},
    ]
    for file in queries.draft_view(ada.city).of_kind("service"):
        doc = doc_of(ada.city, file.path)
        text = yamllined.write(doc | {"questions": [*doc.get("questions", []), *questions]})
        actions.save_file(
            city=ada.city, path=file.path, text=text, seen=0, by=ada.actor, now=clock.now()
        )


def test_a_flow_of_that_name_is_not_begun_again(ada: Person) -> None:
    answer = ada.post("/set-up/flows", name="Repair", like="repair")
    assert answer.status_code == 422
    assert "There is a flow with that name already." in answer.content.decode()
    assert draft_is_empty(ada.city)


def test_conditions_are_picked_and_kept(ada: Person) -> None:
    asking_for_a_cost(ada)
    start = doc_of(ada.city)["start"]
    url = f"{REPAIR}/states/{start}"
    sent = part_fields(
        ada.post(url, **part_fields(ada.get(url), "label.en"), do="add:tasks"), "label.en"
    )
    task = f"tasks.{len(doc_of(ada.city)['states'][start].get('tasks', []))}"
    sent |= {
        f"{task}.key": ["agree"], f"{task}.label.en": ["Agree"], f"{task}.label.es": ["Aprobar"],
        f"{task}.queue": ["roads"], f"{task}.when.terms.0.what": ['{"gt":["cost",null]}'],
        f"{task}.when.terms.0.value": ["1000"],
    }  # fmt: skip
    assert ada.post(url, **sent, do="save").status_code == 302
    kept = doc_of(ada.city)["states"][start]["tasks"][-1]
    assert kept["when"] == {"gt": ["cost", 1000]}
    # What is shown is what was picked, and saving it again changes nothing.
    again = part_fields(ada.get(url), "label.en")
    assert again[f"{task}.when.terms.0.value"] == ["1000"]
    ada.post(url, **again, do="save")
    assert doc_of(ada.city)["states"][start]["tasks"][-1] == kept


@pytest.mark.parametrize(
    "held",
    [
        "requires_met",
        {"not": {"lt": ["cost", 500]}},
        {"lt": ["task.roads.cost", 7]},
        {"any": [{"all": [{"gt": ["cost", 1]}, {"eq": ["deep", True]}]}, {"lt": ["cost", 0]}]},
    ],
)
def test_a_condition_that_no_list_has_stays(ada: Person, held: Any) -> None:
    asking_for_a_cost(ada)
    ada.post(REPAIR, label="By itself", do="add:moves", seen="0")
    doc = doc_of(ada.city)
    doc["moves"]["by_itself"] |= {"by": ["system"], "auto_when": held}
    text = yamllined.write(doc)
    actions.save_file(
        city=ada.city, path="flows/repair.yaml", text=text, seen=1, by=ada.actor, now=clock.now()
    )
    url = f"{REPAIR}/moves/by_itself"
    sent = part_fields(ada.get(url), "label.en")
    assert ada.post(url, **(sent | {"label.en": ["Alone"]}), do="save").status_code == 302
    move = doc_of(ada.city)["moves"]["by_itself"]
    assert (move["label"]["en"], move["auto_when"]) == ("Alone", held)


def test_a_move_is_made_by_a_condition_and_a_scenario_answers_it(ada: Person) -> None:
    asking_for_a_cost(ada)
    doc = doc_of(ada.city)
    ending = next(k for k, s in doc["states"].items() if s["category"] == "working")
    ada.post(REPAIR, label="Cheap", do="add:moves", seen="0")
    url = f"{REPAIR}/moves/cheap"
    sent = part_fields(ada.get(url), "label.en")
    sent |= {
        "label.es": ["Barato"], "to": [ending], "by": ["system"],
        "auto.terms.0.what": ['{"lt":["cost",null]}'], "auto.terms.0.value": ["5"],
    }  # fmt: skip
    assert ada.post(url, **sent, do="save").status_code == 302
    assert doc_of(ada.city)["moves"]["cheap"]["auto_when"] == {"lt": ["cost", 5]}
    answers = {
        "answers.0.key": "cost", "answers.0.type": "number", "answers.0.value": "3",
        "answers.1.key": "deep", "answers.1.type": "yes_no", "answers.1.value": "no",
        "answers.2.key": "size", "answers.2.type": "choice", "answers.2.value": "",
    }  # fmt: skip
    given = answers | {
        "name": "Cheap ones go on", "key": "cheap_one", "steps.0.what": "wait:1",
        "steps.0.state": ending, "do": "scenario", "seen": "2",
    }  # fmt: skip
    assert ada.post(REPAIR, **given).status_code == 302
    assert doc_of(ada.city)["scenarios"][-1]["answers"] == {"cost": 3, "deep": False}
    page = ada.get(REPAIR)
    assert {"cost", "deep"} == {q["key"] for q in page.context["scenario_form"]["questions"]}
    assert not page.context["problems"], page.context["problems"]
    (result,) = [s for s in page.context["scenarios"] if s.key == "cheap_one"]
    assert result.failed == ""


def test_two_at_once_in_a_part(ada: Person) -> None:
    url = f"{REPAIR}/states/{doc_of(ada.city)['start']}"
    sent = part_fields(ada.get(url), "label.en")
    ada.post(url, **(sent | {"label.en": ["First"]}), do="save")
    answer = ada.post(url, **(sent | {"label.en": ["Second"]}), do="save")
    assert answer.status_code == 409
    again = part_fields(answer, "label.en")
    assert (again["label.en"], again["seen"]) == (["Second"], ["1"])


class TestLiveCases:
    def publish(self, ada: Person) -> None:
        name = doc_of(ada.city)["start"]
        url = f"{REPAIR}/states/{name}"
        sent = part_fields(ada.get(url), "label.en")
        ada.post(url, **(sent | {"label.en": ["Just in"]}), do="save")
        seen = queries.draft_view(City.objects.get(pk=ada.city.pk)).fingerprint
        assert ada.post("/set-up/publish", seen=seen).status_code == 302

    def test_they_are_tried_moved_and_put_back(self, ada: Person, case: Case) -> None:
        self.publish(ada)
        assert Case.objects.get(pk=case.pk).flow_version.number == 1
        url = f"{REPAIR}/cases/2"
        page = ada.get(url)
        assert [r["look"].refused for r in page.context["rows"]] == [""]
        assert Case.objects.get(pk=case.pk).flow_version.number == 1
        assert ada.post(url, case=str(case.pk)).status_code == 302
        assert Case.objects.get(pk=case.pk).flow_version.number == 2
        last = TimelineEntry.objects.filter(case=case, kind="migrated").latest("seq")
        assert last.actor_name == "Ada Admin"
        page = ada.get(url)
        assert (page.context["rows"], [c.pk for c in page.context["moved"]]) == ([], [case.pk])
        assert ada.post(url, undo=str(case.pk)).status_code == 302
        assert Case.objects.get(pk=case.pk).flow_version.number == 1
        assert ada.get(f"{REPAIR}/cases/9").status_code == 404

    def test_only_by_those_who_set_up(self, ada: Person, ana: Person, case: Case, now: Any) -> None:
        self.publish(ada)
        assert ana.post(f"{REPAIR}/cases/2", case=str(case.pk)).status_code == 403
        with pytest.raises(MayNotSetUp):
            actions.undo_migration(city=ana.city, case_id=case.pk, by=ana.actor, now=now)
        assert Case.objects.get(pk=case.pk).flow_version.number == 1


class TestAnswers:
    URL = "/set-up/answers/crew-soon"

    def test_the_form_saves_what_it_shows(self, ada: Person) -> None:
        for key in ("crew-soon", "thanks"):
            url = f"/set-up/answers/{key}"
            assert (
                ada.post(url, **part_fields(ada.get(url), "text.en"), do="save").status_code == 302
            )
        changed = queries.draft_view(ada.city).changed
        assert changed == [], [(f.text, f.city) for f in changed]

    def test_the_mail_of_a_case_is_shown_as_it_would_go_out(self, ada: Person, case: Case) -> None:
        sent = part_fields(ada.get(self.URL), "text.en") | {
            "text.en": ["We come to {place}, {first_name}."]
        }
        page = ada.post(self.URL, **sent, do="look", case=case.number)
        ((letter, _language),) = page.context["letters"]
        assert f"We come to {case.place_words}, Rosa." in letter.text
        assert draft_is_empty(ada.city)
        assert not TimelineEntry.objects.filter(case=case, kind="replied").exists()
        assert (
            "There is no such case"
            in ada.post(self.URL, **sent, do="look", case="0-0").content.decode()
        )

    def test_a_wrong_variable_is_told_at_the_text(self, ada: Person) -> None:
        sent = part_fields(ada.get(self.URL), "text.en") | {"text.en": ["Hello {nmae}."]}
        ada.post(self.URL, **sent, do="save")
        assert set(ada.get(self.URL).context["errors"]) == {"text"}

    def test_a_new_one_is_begun(self, ada: Person) -> None:
        answer = ada.post("/set-up/answers", name="Parts are late")
        assert answer.headers["Location"] == "/desk/set-up/answers/parts-are-late"
        assert ada.client.get(answer.headers["Location"]).status_code == 200
        assert ada.post("/set-up/answers", name="Parts are late").status_code == 422
        assert ada.post("/set-up/answers", name="!!").status_code == 422
        # Nor one that is published: its words would be gone from the draft.
        assert ada.post("/set-up/answers", name="Crew soon").status_code == 422
        assert "templates/crew-soon.yaml" not in [
            f.path for f in queries.draft_view(ada.city).changed
        ]
        assert "Parts are late" in ada.get("/set-up/answers").content.decode()
