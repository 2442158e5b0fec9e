"""Departments, queues and the calendar in the console: saved in the draft, refused in words, published."""

import re
from typing import Any

import pytest

from onehall.casework.models import Case
from onehall.people.models import Department, Membership, Queue
from onehall.places.models import City
from onehall.setup import queries
from onehall.setup.models import ChangeEntry
from tests.console.people import Person

FIELD = re.compile(
    r"<(input|select|textarea)\b([^>]*)>(.*?)(?=<(?:input|select|textarea|button|/form)\b)",
    re.DOTALL,
)


def fields(page: str) -> dict[str, Any]:
    """What a browser would send of the form on a page."""
    form = page.partition('<form method="post" class="stack airy">')[2].partition("</form>")[0]
    found: dict[str, Any] = {}
    for kind, attributes, inside in FIELD.findall(form + "<button"):
        name = re.search(r'name="([^"]+)"', attributes)
        if not name or ('type="checkbox"' in attributes and " checked" not in attributes):
            continue
        value = re.search(r'value="([^"]*)"', attributes)
        if kind == "select":
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', inside)
            found[name[1]] = (chosen[1] or chosen[2]) if chosen else ""
        else:
            found[name[1]] = value[1] if value else inside
    return found


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


def publish(city: City, ada: Person) -> Any:
    view = queries.draft_view(city)
    return ada.post("/set-up/publish", seen=view.fingerprint, note="", do="publish")


class TestDepartments:
    URL = "/set-up/departments"

    def test_saved_as_it_is_nothing_changes(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode())
        ada.post(self.URL, **sent)
        view = queries.draft_view(city)
        assert [f.path for f in view.changed] == []

    def test_a_new_queue_and_a_new_name_reach_the_city(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode())
        more = ada.post(self.URL, **sent, do="add:departments.0.queues").content.decode()
        sent = fields(more)
        new = max(k for k in sent if re.fullmatch(r"departments\.0\.queues\.\d+\.name\.en", k))
        sent |= {new: "Bridges", new[:-2] + "es": "Puentes", "departments.0.name.en": "Works"}
        assert ada.post(self.URL, **sent, do="save").status_code == 302
        assert ChangeEntry.objects.filter(city=city, path="departments.yaml").exists()
        publish(city, ada)
        assert Queue.objects.get(city=city, key="bridges").name == {
            "en": "Bridges",
            "es": "Puentes",
        }
        assert Department.objects.get(city=city, key="works").name["en"] == "Works"

    def test_a_queue_moves_up(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode())
        turned = fields(ada.post(self.URL, **sent, do="up:departments.0.queues.1").content.decode())
        ada.post(self.URL, **turned, do="save")
        publish(city, ada)
        first = (
            Queue.objects.filter(city=city, department__key="works").order_by("position").first()
        )
        assert first is not None
        assert first.key == "roads-north"

    def test_a_missing_translation_is_told_at_its_field(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode()) | {"departments.0.name.es": ""}
        ada.post(self.URL, **sent, do="save")
        page = ada.get(self.URL).content.decode()
        assert "has no words in" in page
        assert Department.objects.get(city=city, key="works").name["es"]

    def test_one_that_still_has_cases_is_not_removed(
        self, city: City, case: Case, ada: Person
    ) -> None:
        page = ada.get(self.URL).content.decode()
        assert f"/set-up/departments/retire/{case.queue.key}" in page
        sent = {
            k: v for k, v in fields(page).items() if not k.startswith("departments.0.queues.0.")
        }
        answer = ada.post(self.URL, **sent, do="save")
        assert answer.status_code == 422
        assert "1 open cases" in answer.content.decode()
        assert not queries.draft_view(city).changed

    def test_retiring_says_where_the_cases_go(self, city: City, case: Case, ada: Person) -> None:
        url = f"/set-up/departments/retire/{case.queue.key}"
        assert ada.post(url, to="roads-north", reason="").status_code == 422
        assert ada.post(url, to="moon", reason="x").status_code == 422
        assert ada.post(url, to="roads-north", reason="One crew now.").status_code == 302
        case.refresh_from_db()
        assert case.queue.key == "roads-north"
        assert "Remove the queue" in ada.get(url).content.decode()

    def test_who_only_sets_up_sends_no_case(self, city: City, case: Case, ada: Person) -> None:
        Membership.objects.filter(user__email="otto@testford.example").update(roles=["set-up"])
        otto = Person(city, "otto@testford.example")
        url = f"/set-up/departments/retire/{case.queue.key}"
        assert otto.get(url).status_code == 200
        assert otto.post(url, to="roads-north", reason="x").status_code == 403

    def test_a_queue_that_nobody_serves_is_named(self, city: City, ada: Person) -> None:
        assert "Nobody serves this queue" not in ada.get(self.URL).content.decode()
        Membership.objects.filter(city=city, department__key="clerk").update(active=False)
        assert "Nobody serves this queue" in ada.get(self.URL).content.decode()


class TestCalendar:
    URL = "/set-up/calendar"

    def test_saved_as_it_is_nothing_changes(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode())
        assert sent["hours.mon"]
        ada.post(self.URL, **sent)
        assert [f.path for f in queries.draft_view(city).changed] == []

    def test_says_when_a_promise_is_due_and_draws_the_year(self, ada: Person) -> None:
        page = ada.get(self.URL).content.decode()
        assert "A promise made now" in page
        assert page.count('class="month"') == 12
        assert ada.get(self.URL, year="2027").status_code == 200
        assert "The year 2026" in ada.get(self.URL, year="9999").content.decode()

    def test_hours_a_day_off_and_a_half_day_reach_the_city(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode())
        sent = fields(ada.post(self.URL, **sent, do="add:extra_holidays").content.decode())
        sent = fields(ada.post(self.URL, **sent, do="add:half_days").content.decode())
        n = max(int(k.split(".")[1]) for k in sent if k.startswith("extra_holidays."))
        m = max(int(k.split(".")[1]) for k in sent if k.startswith("half_days."))
        sent |= {
            "hours.sat": "9.00-12.00",
            f"extra_holidays.{n}.date": "2026-07-03", f"extra_holidays.{n}.name": "Town day",
            f"half_days.{m}.date": "2026-12-31", f"half_days.{m}.hours": "8:00-12:00",
        }  # fmt: skip
        ada.post(self.URL, **sent, do="save")
        publish(city, ada)
        city.refresh_from_db()
        assert city.calendar["hours"]["sat"] == ["09:00-12:00"]
        assert {"date": "2026-07-03", "name": "Town day"} in city.calendar["extra_holidays"]
        assert any(d["date"] == "2026-12-31" for d in city.calendar["half_days"])

    def test_nonsense_is_told_and_kept(self, city: City, ada: Person) -> None:
        sent = fields(ada.get(self.URL).content.decode()) | {"hours.mon": "early till late"}
        ada.post(self.URL, **sent, do="save")
        page = ada.get(self.URL).content.decode()
        assert "early till late" in page
        assert 'class="err"' in page
        city.refresh_from_db()
        assert city.calendar["hours"]["mon"] != ["early till late"]
