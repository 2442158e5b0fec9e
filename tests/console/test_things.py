"""A thing with a number at the desk: its page, the filter and the column, and the search by what is painted on it."""

import re
import uuid
from pathlib import Path

import pytest
from django.core.cache import caches

from onehall.casework import actions
from onehall.casework.models import Case, SavedView
from onehall.kernel.clock import now
from onehall.people.models import Queue, User
from onehall.places.models import Asset, City
from tests.console.people import BACKEND, Person, report
from tests.console.test_filters import numbers
from tests.console.test_permissions import ELSEWHERE, STAFF
from tests.console.test_queries import asked
from tests.packs import changed

KIND = "street-light"


@pytest.fixture
def light(case: Case) -> Asset:
    """The light that the case is about."""
    light = Asset.objects.filter(city_id=case.city_id, kind=KIND).order_by("code")[0]
    Case.objects.filter(pk=case.pk).update(asset=light)
    return light


def path_of(light: Asset) -> str:
    return f"/things/{light.kind}/{light.code}"


def another(ana: Person, light: Asset | None, **changes: object) -> Case:
    """One more case, about the light where there is one."""
    made = Case.objects.get(number=report(ana.city).number)
    Case.objects.filter(pk=made.pk).update(asset=light, **changes)
    made.refresh_from_db()
    return made


def ended(ana: Person, light: Asset, count: int) -> list[str]:
    """Numbers of closed cases about the light, the oldest first."""
    first = another(ana, light)
    found = []
    for _ in range(count):
        first.pk = None
        first.number = f"E-{uuid.uuid4().hex[:8].upper()}"
        first.is_open, first.category, first.closed_at = False, "closed", now()
        first.save(force_insert=True)
        found.append(first.number)
    return found


class TestThePage:
    def test_says_what_it_is_and_all_that_was_told(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        Asset.objects.filter(pk=light.pk).update(facts={"lamp_type": "LED", "posts": 2})
        old = ended(ana, light, 1)[0]
        elsewhere = another(ana, None)
        ana.act(case, "say", words="The fuse again.", **{"as": "note"})
        actions.assign(
            city=ana.city, case_id=case.pk, user_id=ana.user.pk, user_name="Ana", by=ana.actor,
            now=now(),
        )  # fmt: skip
        page = ana.get(path_of(light))
        assert page.status_code == 200
        html = page.content.decode()
        for words in (light.code, "Lamp type", "LED", "Posts"):
            assert words in html, words
        opened, earlier = html.split('id="t-ended"')
        assert f"/desk/cases/{case.number}" in opened
        assert f"/desk/cases/{old}" in earlier
        assert elsewhere.number not in html
        row = next(r for r in page.context["open"]["rows"] if r["case"].id == case.pk)
        assert row["case"].assignee_name == ana.user.name
        assert row["extra"].notes == 1
        assert row["clock"].words

    def test_any_writing_leads_to_one_address(self, ana: Person, light: Asset) -> None:
        answer = ana.get(path_of(light).lower().replace("-0", " 0"))
        assert answer.status_code == 302
        assert answer["Location"] == f"/desk{path_of(light)}"

    @pytest.mark.parametrize("path", [f"{KIND}/none", "bin/L-001", "x/y/z", f"{KIND}/%00"])
    def test_what_there_is_not_is_not_found(self, ana: Person, case: Case, path: str) -> None:
        assert ana.get(f"/things/{path}").status_code == 404
        assert ana.get(f"/things/{path}/map-light.webp").status_code == 404

    def test_the_past_has_pages(self, ana: Person, light: Asset) -> None:
        every = ended(ana, light, 60)
        seen: list[str] = []
        path = path_of(light)
        for _ in range(3):
            page = ana.client.get(f"/desk{path}")
            seen += [r["case"].number for r in page.context["ended"]["rows"]]
            path = page.context["older"].removeprefix("/desk")
        assert seen == every[::-1]
        assert path == ""
        for wrong in ("x", "0", "9" * 20):
            assert ana.get(path_of(light), before=wrong).status_code == 404

    def test_many_cost_no_more_questions_than_one(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        ended(ana, light, 1)
        few = len(asked(lambda: ana.get(path_of(light))))
        ended(ana, light, 12)
        for _ in range(6):
            another(ana, light)
        assert len(asked(lambda: ana.get(path_of(light)))) == few
        assert few <= 16

    def test_offers_to_report_it_where_a_service_is_about_it(
        self, ana: Person, case: Case, light: Asset, tmp_path: Path
    ) -> None:
        html = ana.get(path_of(light)).content.decode()
        assert "?thing=" not in html
        assert "What everybody sees" not in html
        place = "place: required\n"
        changed(tmp_path, "services/pothole.yaml", place, f"{place}asset: {KIND}\n")
        caches["local"].clear()
        html = ana.get(path_of(light)).content.decode()
        assert f'href="/report/pothole?thing={light.code}&amp;call=1"' in html
        assert f'href="/city{path_of(light)}"' in html
        # Who takes no calls reports as a resident does.
        reads = Person(ana.city, STAFF["auditor"]).get(path_of(light)).content.decode()
        assert f'href="/report/pothole?thing={light.code}"' in reads

    def test_shows_a_map(self, ana: Person, light: Asset) -> None:
        answer = ana.get(f"{path_of(light)}/map-dark.webp")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert ana.get(f"{path_of(light)}/map-x.webp").status_code == 404

    def test_the_page_of_a_case_leads_to_it(self, ana: Person, case: Case, light: Asset) -> None:
        href = f'href="/desk{path_of(light)}"'
        assert href in ana.get(f"/cases/{case.number}").content.decode()
        other = another(ana, None)
        assert "/desk/things/" not in ana.get(f"/cases/{other.number}").content.decode()

    def test_a_case_of_a_thing_costs_no_more_questions(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        with_thing = len(asked(lambda: ana.get(f"/cases/{case.number}")))
        Case.objects.filter(pk=case.pk).update(asset=None)
        # What was told earlier about it: the cases, and the count of a year.
        assert with_thing - len(asked(lambda: ana.get(f"/cases/{case.number}"))) <= 2


class TestWhoMay:
    def test_each_of_the_staff_sees_the_cases_they_may_see(
        self, city: City, case: Case, light: Asset, ana: Person
    ) -> None:
        past = ended(ana, light, 1)[0]
        for role in STAFF:
            page = Person(city, STAFF[role]).get(path_of(light))
            assert page.status_code == 200, role
            html = page.content.decode()
            for number in (case.number, past):
                assert (number in html) is (role not in ELSEWHERE), (role, number)

    def test_one_s_own_department_s_alone(self, ana: Person, case: Case, light: Asset) -> None:
        theirs = another(ana, light, queue=Queue.objects.get(city=ana.city, key="questions"))
        html = Person(ana.city, STAFF["supervisor"]).get(path_of(light)).content.decode()
        assert theirs.number not in html
        assert case.number in html

    def test_auditors_read_and_are_offered_nothing(
        self, city: City, case: Case, light: Asset
    ) -> None:
        html = Person(city, STAFF["auditor"]).get(path_of(light)).content.decode()
        assert case.number in html
        assert 'value="take"' not in html

    def test_residents_and_strangers_do_not_get_in(self, city: City, light: Asset) -> None:
        resident = Person(city)
        resident.client.force_login(User.objects.create(email="rosa@example.com"), backend=BACKEND)
        for path in (path_of(light), f"{path_of(light)}/map-light.webp"):
            assert resident.get(path).status_code == 403
            stranger = Person(city).get(path)
            assert stranger.status_code == 302
            assert stranger.url.startswith("/accounts/login/")

    def test_another_city_s_thing_is_not_there(
        self, ana: Person, case: Case, light: Asset, other_city: City
    ) -> None:
        theirs = Asset.objects.create(
            city=other_city, kind=KIND, code="OUT-77", lon=light.lon, lat=light.lat, cell=light.cell
        )
        agent = Person(other_city, "ana@elsewhere.example")
        assert ana.get(path_of(theirs)).status_code == 404
        assert agent.get(path_of(theirs)).status_code == 200
        at_home = agent.get(path_of(light))
        assert case.number not in at_home.content.decode()
        assert "/desk/things/" not in ana.get("/search", q="OUT-77").content.decode()


class TestInALists:
    def test_the_filter_leaves_the_cases_of_a_thing(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        other = Asset.objects.filter(city=ana.city, kind=KIND).exclude(pk=light.pk)[0]
        on_other, on_none = another(ana, other), another(ana, None)
        small = light.code.lower().replace("-", "")
        for value in (f"{KIND}:{light.code}", light.code, small):
            assert numbers(ana, thing=value) == [case.number], value
        both = set(numbers(ana, thing=f"{KIND}:"))
        assert both == {case.number, on_other.number}
        assert on_none.number not in both
        # Nothing with that number: nothing is listed, and the chip says so.
        page = ana.get(thing="L-999")
        assert page.context["rows"] == []
        assert "With the number L-999" in page.content.decode()

    def test_the_chip_names_the_thing(self, ana: Person, case: Case, light: Asset) -> None:
        html = ana.get(thing=f"{KIND}:{light.code}").content.decode()
        assert f"Street light {light.code}" in html
        page = ana.get(thing=f"{KIND}:")
        assert [f["words"] for f in page.context["filters"]] == ["Street light"]

    def test_the_form_fills_the_address(self, ana: Person, case: Case, light: Asset) -> None:
        form = ana.get("/list").content.decode()
        assert 'name="thing"' in form
        assert 'name="thing_kind"' in form
        sent = ana.get("/list", go="1", thing=light.code, thing_kind=KIND)
        assert f"thing=street-light%3A{light.code}" in sent["Location"]
        sent = ana.get("/list", go="1", thing=light.code, thing_kind="")
        assert f"thing={light.code}" in sent["Location"]
        again = ana.get("/list", thing=f"{KIND}:{light.code}").content.decode()
        assert f'name="thing" value="{light.code}"' in again
        assert f'<option value="{KIND}" selected>' in again

    def test_the_columns_say_which_thing_and_how_many_notes(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        ana.act(case, "say", words="The fuse again.", **{"as": "note"})
        html = ana.get(cols="thing,notes,came").content.decode()
        assert f'href="/desk{path_of(light)}">Street light {light.code}</a>' in html
        assert '<td class="notes">1 note</td>' in html
        assert re.search(r'<td class="came">[^<]+</td>', html)

    def test_the_columns_cost_one_more_question(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        usual = len(asked(ana.get))
        for _ in range(6):
            another(ana, light)
        assert len(asked(lambda: ana.get(cols="thing,notes"))) == usual + 1

    def test_a_view_keeps_it(self, ana: Person, case: Case, light: Asset) -> None:
        query = f"thing={KIND}:{light.code}&cols=thing"
        ana.client.post(f"/desk/views/new?{query}", {"name": "This light", "pin": "1"})
        view = SavedView.objects.get()
        assert view.query == {"thing": f"{KIND}:{light.code}", "cols": "thing"}
        caches["local"].clear()
        assert numbers(ana, view=str(view.pk), **view.query) == [case.number]

    def test_the_map_and_the_file_take_it_too(self, ana: Person, case: Case, light: Asset) -> None:
        other = another(ana, None)
        found = b"".join(ana.get("/cases.csv", thing=light.code).streaming_content).decode()
        assert case.number in found
        assert other.number not in found
        assert ana.get("/map", thing=f"{KIND}:").status_code == 200


class TestTheSearch:
    def test_finds_the_thing_and_its_cases_by_the_number(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        # Neither the place nor the words of the case name the light.
        assert light.code not in case.place_words
        for text in (light.code, light.code.lower(), light.code.replace("-", " ")):
            page = ana.get("/search", q=text)
            assert page.status_code == 200
            html = page.content.decode()
            assert f'href="/desk{path_of(light)}"' in html, text
            assert [r["case"].number for r in page.context["rows"]] == [case.number]

    def test_a_number_of_a_case_goes_first(self, ana: Person, case: Case, light: Asset) -> None:
        Asset.objects.filter(pk=light.pk).update(code=case.number)
        assert ana.get("/search", q=case.number).status_code == 302

    def test_cases_that_somebody_may_not_see_are_not_found(
        self, ana: Person, case: Case, light: Asset
    ) -> None:
        theirs = another(ana, light, queue=Queue.objects.get(city=ana.city, key="questions"))
        sue = Person(ana.city, STAFF["supervisor"])
        html = sue.get("/search", q=light.code).content.decode()
        assert theirs.number not in html
        assert case.number in html

    def test_asks_little_more(self, ana: Person, case: Case, light: Asset) -> None:
        for _ in range(5):
            another(ana, light)
        assert len(asked(lambda: ana.get("/search", q=light.code))) <= 15
