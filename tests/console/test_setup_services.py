"""The form of a service: what it shows is what it saves, what it does not know stays, mistakes stand at their fields."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from onehall.cli import city as city_cli
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Problems
from onehall.places.models import City
from onehall.setup import forms, queries
from tests.conftest import ROOT
from tests.console.people import Person, hire

POTHOLE = "/set-up/services/pothole"


class Fields(HTMLParser):
    """What a browser would send of the forms of a page."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.inside = False
        self.sent: dict[str, list[str]] = {}
        self.select = ""
        self.area = ""
        self.text = ""

    def put(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        name = given.get("name") or ""
        if tag == "form":
            self.inside = self.form in ("", given.get("id"))
        if not self.inside:
            return
        if tag == "input" and name:
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self.put(name, given.get("value") or "")
        elif tag == "select":
            self.select, self.first, self.chosen = name, None, None
        elif tag == "option" and self.select:
            self.value = given.get("value")
            self.wanted = "selected" in given
            self.text = ""
        elif tag == "textarea":
            self.area, self.text = name, ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        if tag == "option" and self.select:
            value = self.value if self.value is not None else self.text
            self.first = value if self.first is None else self.first
            if self.wanted:
                self.chosen = value
        elif tag == "select" and self.select:
            chosen = self.chosen if self.chosen is not None else self.first
            self.put(self.select, chosen or "")
            self.select = ""
        elif tag == "textarea" and self.area:
            self.put(self.area, self.text.removeprefix("\n"))
            self.area = ""


def fields(page: Any, form: str = "service") -> dict[str, list[str]]:
    found = Fields(form)
    found.feed(page.content.decode())
    return found.sent


@pytest.fixture
def ada(city: City) -> Person:
    return Person(city, "ada@testford.example")


def doc_of(city: City, key: str = "pothole") -> dict[str, Any]:
    view = queries.file_view(City.objects.get(pk=city.pk), f"services/{key}.yaml")
    assert view
    plain = yamlfile.parse(view.text or "", file="x", problems=Problems()).plain()
    assert isinstance(plain, dict)
    return plain


def test_the_form_saves_what_it_shows(ada: Person) -> None:
    for key in ("pothole", "noise", "question"):
        sent = fields(ada.get(f"/set-up/services/{key}"))
        assert ada.post(f"/set-up/services/{key}", **sent).status_code == 302
        assert queries.draft_view(ada.city).changed == [], key


def test_it_does_so_for_a_whole_city(db: None, settings: Any, tmp_path: Path) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    folder = tmp_path / "pack"
    shutil.copytree(ROOT / "cities" / "port-alder", folder)
    for name in ("addresses.csv", "streets.geojson"):
        (folder / name).unlink()
    city = city_cli.apply(folder, by="tests")
    hire(city, "sue@port.example", "set-up", None)
    person = Person(city, "sue@port.example")
    for path in sorted((folder / "services").glob("[a-z]*.yaml"))[::4]:
        sent = fields(person.get(f"/set-up/services/{path.stem}"))
        person.post(f"/set-up/services/{path.stem}", **sent)
        changed = queries.draft_view(city).changed
        assert changed == [], [(f.path, f.text, f.city) for f in changed]


def test_what_the_form_does_not_know_stays(ada: Person) -> None:
    city = ada.city
    text = queries.draft_view(city).texts["services/pothole.yaml"]
    text = text.replace("promise:\n  days: 3", "promise:\n  targets: [{first: 1}]\n  days: 3")
    text = text.replace("- queue: roads\n", "- queue: roads\n    person: mo\n")
    text = text.replace(
        "when:\n      eq:\n        - area.district\n        - north",
        "when: {all: [{any: [{eq: [area.district, north]}]}, {exists: size}]}",
    )
    ada.post("/set-up/files/services/pothole.yaml", text=text, seen="0")
    page = ada.get(POTHOLE)
    assert "This condition is nested" in page.content.decode()
    sent = fields(page) | {"name.en": ["Hole"]}
    assert ada.post(POTHOLE, **sent).status_code == 302
    doc = doc_of(city)
    assert doc["name"]["en"] == "Hole"
    assert doc["promise"]["targets"] == [{"first": 1}]
    assert doc["routing"][1]["person"] == "mo"
    assert doc["routing"][0]["when"]["all"][0] == {"any": [{"eq": ["area.district", "north"]}]}


def test_questions_come_go_and_move_before_anything_is_saved(ada: Person) -> None:
    page = ada.post(POTHOLE, **fields(ada.get(POTHOLE)), do="add:questions")
    assert queries.draft_view(ada.city).changed == []
    sent = fields(page)
    sent |= {
        "questions.3.label.en": ["How deep?"],
        "questions.3.label.es": ["¿Qué tan hondo?"],
        "questions.3.key": ["deep"],
        "questions.3.type": ["number"],
        "questions.3.when.terms.0.what": ['{"eq":["size","large"]}'],
        "questions.3.when.terms.1.what": [""],
    }
    up = fields(ada.post(POTHOLE, **sent, do="up:questions.3"))
    gone = ada.post(POTHOLE, **up, do="remove:questions.3")
    assert ada.post(POTHOLE, **fields(gone)).status_code == 302
    doc = doc_of(ada.city)
    assert [q["key"] for q in doc["questions"]] == ["size", "lane", "deep"]
    assert doc["questions"][2]["when"] == {"eq": ["size", "large"]}
    assert doc["questions"][1]["hint"] == {
        "en": "Pick the nearest one.",
        "es": "Elija la más cercana.",
    }
    assert "_was" not in str(doc)


def test_a_rule_is_put_before_the_last_one_and_the_last_one_stays(ada: Person) -> None:
    sent = fields(ada.post(POTHOLE, **fields(ada.get(POTHOLE)), do="add:routing"))
    sent |= {
        "routing.1.queue": ["neighbors"],
        "routing.1.when.terms.0.what": ['{"eq":["size","small"]}'],
    }
    assert ada.post(POTHOLE, **sent).status_code == 302
    rules = doc_of(ada.city)["routing"]
    assert [r["queue"] for r in rules] == ["roads-north", "neighbors", "roads"]
    assert "when" not in rules[2]


def test_numbers_are_typed_and_joined(ada: Person) -> None:
    row = {"what": ['{"gt":["cost",null]}'], "value": ["2.5"]}
    other = {"what": ['{"lt":["day",null]}'], "value": ["2026-03-04"]}
    tree = {"when": {"join": ["any"], "terms": {"0": row, "1": other, "2": {"what": [""]}}}}
    assert forms.condition(tree) == {"any": [{"gt": ["cost", 2.5]}, {"lt": ["day", "2026-03-04"]}]}
    assert forms.condition({"when": {"terms": {"0": {"what": ["not json"]}}}}) is None


def test_mistakes_stand_at_their_fields(ada: Person) -> None:
    sent = fields(ada.get(POTHOLE))
    sent |= {
        "promise.amount": ["soon"], "questions.1.label.es": [""], "routing.0.queue": ["nowhere"],
    }  # fmt: skip
    ada.post(POTHOLE, **sent)
    errors = ada.get(POTHOLE).context["errors"]
    assert set(errors) == {"promise", "questions.1.label", "routing.0.queue"}
    kept = fields(ada.get(POTHOLE))
    assert kept["promise.amount"] == ["soon"]
    assert kept["routing.0.queue"] == ["nowhere"]


def test_two_at_once_in_the_form(ada: Person) -> None:
    sent = fields(ada.get(POTHOLE))
    ada.post(POTHOLE, **(sent | {"name.en": ["First"]}))
    answer = ada.post(POTHOLE, **(sent | {"name.en": ["Second"]}))
    assert answer.status_code == 409
    again = fields(answer)
    assert (again["name.en"], again["seen"]) == (["Second"], ["1"])
    assert doc_of(ada.city)["name"]["en"] == "First"
    assert ada.post(POTHOLE, **again).status_code == 302
    assert doc_of(ada.city)["name"]["en"] == "Second"


def test_a_new_one_is_blank_or_a_copy(ada: Person) -> None:
    answer = ada.post("/set-up/services", name="Broken bench", like="")
    assert answer.headers["Location"] == "/desk/set-up/services/broken-bench"
    assert ada.get("/set-up/services/broken-bench").status_code == 200
    ada.post("/set-up/services", name="Sunken road", like="pothole")
    assert doc_of(ada.city, "sunken-road")["questions"] == doc_of(ada.city)["questions"]
    assert ada.post("/set-up/services", name="Pothole", like="").status_code == 422
    assert ada.post("/set-up/services", name="???", like="").status_code == 422
    page = ada.get("/set-up/services").content.decode()
    assert "Broken bench" in page
    assert ada.get("/set-up/services/nothing").status_code == 404


class TestPreview:
    def test_it_is_the_residents_form_as_it_would_be(self, ada: Person) -> None:
        sent = fields(ada.get(POTHOLE)) | {"name.en": ["Hole in the road"], "name.es": ["Hoyo"]}
        answer = ada.client.post("/preview/service", sent)
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "Hole in the road" in page
        assert "data-report" in page
        assert "Car lane" in page
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        spanish = ada.client.post("/preview/service", sent | {"_lang": "es"}).content.decode()
        assert "Hoyo" in spanish
        assert 'lang="es"' in spanish
        assert queries.draft_view(ada.city).changed == []

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"name.en": "x", "questions.0.type": "choice"},
            {"questions.0.type": "bad", "questions.1.type": "choice", "questions.1.key": "a"},
            {"questions.0.type": "text", "questions.0.when.terms.0.what": '{"eq":["zz",1]}'},
            {"promise.amount": "never", "photos": "x", "place": "?", "languages": "xx"},
            {"questions.0.type": "yes_no", "questions.0.stop.on": "yes"},
        ],
    )
    def test_half_a_service_is_shown_too(self, ada: Person, sent: dict[str, str]) -> None:
        assert ada.client.post("/preview/service", sent).status_code == 200

    @pytest.mark.parametrize("who", ["ana@testford.example", "otto@testford.example"])
    def test_only_those_who_set_up_see_it(self, city: City, who: str) -> None:
        assert Person(city, who).client.post("/preview/service", {}).status_code == 403
        assert Person(city).client.post("/preview/service", {}).status_code == 302


def test_the_page_may_show_a_frame_and_no_other_page_may(ada: Person) -> None:
    assert "frame-src 'self'" in ada.get(POTHOLE).headers["Content-Security-Policy"]
    assert "frame-src" not in ada.get("/set-up").headers["Content-Security-Policy"]


def test_the_form_asks_few_queries(ada: Person, django_assert_max_num_queries: Any) -> None:
    ada.get(POTHOLE)
    with django_assert_max_num_queries(24):
        ada.get(POTHOLE)


class TestPromise:
    def test_targets_risk_and_ladder_are_fields(self, ada: Person) -> None:
        page = ada.post(POTHOLE, **fields(ada.get(POTHOLE)), do="add:promise.ladder")
        sent = fields(page) | {
            "promise.first_response.amount": ["8"], "promise.first_response.unit": ["hours"],
            "promise.first_response.priorities.urgent.amount": ["1"],
            "promise.first_response.priorities.urgent.unit": ["hours"],
            "promise.on_site.amount": ["2"], "promise.on_site.unit": ["days"],
            "promise.on_site.moves": ["start"],
            "promise.risk.amount": ["75"], "promise.risk.unit": ["share"],
            "promise.ladder.0.after": ["late"], "promise.ladder.0.hours": ["4"],
            "promise.ladder.0.remind": ["supervisor"],
        }  # fmt: skip
        assert ada.post(POTHOLE, **sent).status_code == 302
        promise = doc_of(ada.city)["promise"]
        assert promise["first_response"] == {"hours": 8, "priorities": {"urgent": {"hours": 1}}}
        assert promise["on_site"] == {"days": 2, "moves": ["start"]}
        assert promise["risk"] == {"share": 75}
        assert promise["ladder"] == [{"after": "late", "hours": 4, "remind": "supervisor"}]
        assert ada.get("/set-up").context["problems"] == []
        again = fields(ada.get(POTHOLE)) | {
            "promise.on_site.amount": [""],
            "promise.risk.amount": [""],
        }
        gone = ada.post(POTHOLE, **again, do="remove:promise.ladder.0")
        assert ada.post(POTHOLE, **fields(gone)).status_code == 302
        assert set(doc_of(ada.city)["promise"]) == {"days", "first_response", "priorities"} & set(
            doc_of(ada.city)["promise"]
        )

    def test_another_time_in_some_areas(self, ada: Person) -> None:
        page = ada.post(POTHOLE, **fields(ada.get(POTHOLE)), do="add:promise.areas")
        assert "North" in page.content.decode()
        sent = fields(page) | {
            "promise.areas.0.in": ["north"], "promise.areas.0.amount": ["1"],
            "promise.areas.0.unit": ["days"],
        }  # fmt: skip
        assert sent["promise.areas.0.layer"] == ["district"]
        assert ada.post(POTHOLE, **sent).status_code == 302
        (area,) = doc_of(ada.city)["promise"]["areas"]
        assert area == {"layer": "district", "in": ["north"], "days": 1}
        assert ada.get("/set-up").context["problems"] == []
        # A target has areas of its own once it has a time; and all of them can be taken away again.
        text = ada.get(POTHOLE).content.decode()
        assert "add:promise.areas" in text
        assert "add:promise.on_site.areas" not in text
        gone = ada.post(POTHOLE, **fields(ada.get(POTHOLE)), do="remove:promise.areas.0")
        ada.post(POTHOLE, **fields(gone))
        assert "areas" not in doc_of(ada.city)["promise"]

    def test_mistakes_stand_at_their_part(self, ada: Person) -> None:
        sent = fields(ada.get(POTHOLE)) | {
            "promise.first_response.amount": ["soon"], "promise.risk.amount": ["140"],
        }  # fmt: skip
        ada.post(POTHOLE, **sent)
        errors = ada.get(POTHOLE).context["errors"]
        assert {"promise.first_response", "promise.risk"} <= set(errors)
        assert fields(ada.get(POTHOLE))["promise.risk.amount"] == ["140"]


def test_a_rule_names_a_person_and_a_body(ada: Person) -> None:
    page = ada.get(POTHOLE)
    body = page.context["bodies"][0][0]
    sent = fields(page) | {
        "routing.0.person": ["carl@testford.example"], "routing.1.body": [body],
    }  # fmt: skip
    assert ada.post(POTHOLE, **sent).status_code == 302
    first, last = doc_of(ada.city)["routing"]
    assert first["person"] == "carl@testford.example"
    assert last["body"] == body
    assert ada.get("/set-up").context["problems"] == []
    again = fields(ada.get(POTHOLE)) | {"routing.0.person": [""], "routing.1.body": [""]}
    ada.post(POTHOLE, **again)
    assert "person" not in str(doc_of(ada.city)["routing"])


def test_a_condition_of_a_rule_is_never_shown_as_json(ada: Person) -> None:
    text = queries.draft_view(ada.city).texts["services/pothole.yaml"]
    text = text.replace(
        "when:\n      eq:\n        - area.district\n        - north",
        "when: {in: [area.district, [north, south]]}",
    )
    ada.post("/set-up/files/services/pothole.yaml", text=text, seen="0")
    page = ada.get(POTHOLE).content.decode()
    assert "is one of: North" in page
    assert "&quot;in&quot;" not in re.sub(r'value="[^"]*"', "", page)


def test_how_long_a_service_keeps_things_is_said_and_refused_at_its_field(ada: Person) -> None:
    sent = fields(ada.get(POTHOLE))
    sent["retention.contact"] = ["Soon"]
    ada.post(POTHOLE, **sent)
    assert "is no length of time" in ada.get(POTHOLE).content.decode()
    sent = fields(ada.get(POTHOLE))
    sent["retention.contact"] = [" 90  Days"]
    assert ada.post(POTHOLE, **sent).status_code == 302
    assert doc_of(ada.city)["retention"] == {"contact": "90 days"}
    sent = fields(ada.get(POTHOLE))
    sent["retention.archive_after"] = ["60 days"]
    ada.post(POTHOLE, **sent)
    assert "60 days is too short" in ada.get(POTHOLE).content.decode()
    sent = fields(ada.get(POTHOLE))
    sent["retention.archive_after"] = ["2 Years"]
    assert ada.post(POTHOLE, **sent).status_code == 302
    assert doc_of(ada.city)["retention"]["archive_after"] == "2 years"
