"""What everybody sees of the city's work: a list, a map, one case, a feed, and nothing of anybody."""

import re
import uuid
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.casework import actions as casework
from onehall.casework import mapping, public
from onehall.casework.models import Case, Photo
from onehall.catalog.queries import catalogue
from onehall.kernel import cells
from onehall.kernel.clock import now
from onehall.look import maps
from onehall.places.models import City
from onehall.portal import city_query
from onehall.portal.views import city as door
from onehall.service_requests import joining
from onehall.service_requests.models import ServiceRequest
from tests.cast import elsewhere
from tests.portal.conftest import HERE, send, staff

ATOM = "{http://www.w3.org/2005/Atom}"


def html_of(phone: Client, path: str) -> str:
    caches["local"].clear()
    answer = phone.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def numbers(phone: Client, path: str = "/city") -> list[str]:
    """Numbers of the cases in the list, first one first."""
    listed = html_of(phone, path).split('id="map"')[0]
    return re.findall(r'<li><a href="/city/([^"/]+)"', listed)


def marks(phone: Client, path: str = "/city") -> list[str]:
    """The words of the marks on the map."""
    return re.findall(r'class="spot[^>]* aria-label="([^"]+)"', html_of(phone, path))


def twin(case: Case, **changes: Any) -> Case:
    """Another case like one, without its people."""
    made = Case.objects.get(pk=case.pk)
    made.pk = None
    made.number = f"T-{uuid.uuid4().hex[:8].upper()}"
    for name, value in changes.items():
        setattr(made, name, value)
    made.save(force_insert=True)
    return made


def service_id(city: City, key: str) -> int:
    return catalogue(city).service(key).id


class TestTheList:
    def test_names_what_was_reported_and_where(self, phone: Client, report: ServiceRequest) -> None:
        html = html_of(phone, "/city")
        assert "1 report" in html
        assert "124 Elm Street" in html
        assert numbers(phone) == [report.case.number]

    def test_says_nothing_of_a_person(self, phone: Client, report: ServiceRequest) -> None:
        for path in ("/city", f"/city/{report.case.number}", "/city.atom"):
            text = html_of(phone, path)
            assert "rosa" not in text.lower()
            assert "lose a wheel" not in text
            assert report.token not in text

    def test_leaves_out_services_that_are_not_public(
        self, phone: Client, city: City, report: ServiceRequest
    ) -> None:
        hidden = twin(report.case, service_id=service_id(city, "noise"), is_public=False)
        meant_public = twin(report.case, service_id=service_id(city, "question"))
        assert numbers(phone) == [report.case.number]
        for case in (hidden, meant_public):
            assert phone.get(f"/city/{case.number}").status_code == 404
            assert phone.post(f"/city/{case.number}/follow").status_code == 404

    def test_narrows_by_state_time_area_and_words(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        old = twin(
            report.case,
            is_open=False,
            closed_at=now(),
            category="closed",
            place_words="9 Oak Avenue",
            areas={},
            opened_at=now() - timedelta(days=60),
        )
        new = report.case.number
        assert numbers(phone) == [new]
        assert numbers(phone, "/city?state=closed") == [old.number]
        assert numbers(phone, "/city?state=all") == [new, old.number]
        assert numbers(phone, "/city?state=all&days=30") == [new]
        assert numbers(phone, "/city?state=all&q=oak") == [old.number]
        assert numbers(phone, "/city?state=all&service=pothole") == [new, old.number]
        layer, code = next((k, v) for k, v in report.case.areas.items() if k != "limit")
        assert numbers(phone, f"/city?state=all&area={layer}:{code}") == [new]

    @pytest.mark.parametrize(
        "query",
        ["service=none", "state=late", "days=4", "area=district:none", "box=1,2", "after=x~y"],
    )
    def test_asks_back_for_nothing_that_does_not_exist(self, phone: Client, query: str) -> None:
        assert phone.get(f"/city?{query}").status_code == 404

    def test_words_of_residents_are_not_searched(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        assert numbers(phone, "/city?q=wheel") == []
        assert numbers(phone, "/city?q=elm") == [report.case.number]

    def test_goes_on_to_older_ones_without_a_gap(
        self, phone: Client, report: ServiceRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        every = {report.case.number} | {twin(report.case).number for _ in range(4)}
        monkeypatch.setattr("onehall.casework.queries.PAGE", 2)
        monkeypatch.setattr(public, "PAGE", 2)
        monkeypatch.setattr(public.page, "__kwdefaults__", {"after": None, "size": 2})
        found: list[str] = []
        path = "/city"
        for _ in range(3):
            found += numbers(phone, path)
            older = re.search(r'rel="next" href="([^"]+)"', html_of(phone, path))
            path = older[1].replace("&amp;", "&") if older else ""
        assert path == ""
        assert len(found) == len(set(found))
        assert set(found) == every

    def test_of_another_city_is_another_one(
        self, phone: Client, report: ServiceRequest, tmp_path: Path
    ) -> None:
        other, _ida = elsewhere(tmp_path)
        Case.objects.filter(pk=report.case_id).update(city_id=other.pk)
        assert numbers(phone) == []
        assert phone.get(f"/city/{report.case.number}").status_code == 404

    def test_costs_few_questions_however_long_it_is(
        self, phone: Client, report: ServiceRequest, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(20):
            twin(report.case)
        phone.get("/city?state=all&q=elm")
        caches["local"].clear()
        with django_assert_max_num_queries(5):
            phone.get("/city?state=all&q=elm")


class TestPlacesThatAreNotShown:
    @pytest.fixture
    def coarse(self, city: City, report: ServiceRequest, monkeypatch: pytest.MonkeyPatch) -> Case:
        """A report of a service that is public but whose places are not exact."""
        listed = catalogue(city)
        noise = listed.service("noise")
        object.__setattr__(noise, "public", True)
        return twin(report.case, service_id=noise.id, place_words="77 Secret Lane")

    def test_are_in_the_list_without_their_words(self, phone: Client, coarse: Case) -> None:
        assert coarse.number in numbers(phone)
        assert "Secret Lane" not in html_of(phone, "/city")
        assert "Secret Lane" not in html_of(phone, f"/city/{coarse.number}")
        assert "Secret Lane" not in html_of(phone, "/city.atom")

    def test_are_not_found_by_words_or_box_nor_drawn(self, phone: Client, coarse: Case) -> None:
        assert coarse.number not in numbers(phone, "/city?q=secret")
        box = maps.Window(*HERE, 16).box.text
        assert coarse.number not in numbers(phone, f"/city?box={box}")
        assert not any(coarse.number in words for words in marks(phone))
        assert phone.get(f"/city/{coarse.number}/map/light.webp").status_code == 404

    def test_a_link_to_one_shows_no_map(self, phone: Client, coarse: Case) -> None:
        html = html_of(phone, f"/city/{coarse.number}")
        said = dict(re.findall(r'<meta property="og:([^"]+)" content="([^"]*)">', html))
        assert said["description"] == "Received"
        assert "image" not in said


class TestTheMap:
    def test_has_a_mark_that_leads_to_the_case(self, phone: Client, report: ServiceRequest) -> None:
        assert any(report.case.number in words for words in marks(phone))
        assert f'href="/city/{report.case.number}"' in html_of(phone, "/city").split('id="map"')[1]

    def test_gathers_neighbours_and_opens_up_closer(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        for step in range(3):
            lon, lat = HERE[0] + step * 0.001, HERE[1]
            twin(report.case, lon=lon, lat=lat, cell=cells.cell_of(lon, lat))
        far = marks(phone, f"/city?lon={HERE[0]}&lat={HERE[1]}&z=11")
        assert far == ["4 reports here"]
        near = marks(phone, f"/city?lon={HERE[0]}&lat={HERE[1]}&z=18")
        assert len(near) == 4

    def test_calls_a_pile_on_one_spot_no_hot_spot(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        for _ in range(mapping.PILED_LEAST):
            twin(report.case)
        mapping.find_piles(now=now())
        assert marks(phone) == [
            f"{mapping.PILED_LEAST + 1} reports on one spot: no exact place, so no hot spot"
        ]

    def test_shows_the_same_selection_as_the_list(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        twin(report.case, is_open=False, closed_at=now(), category="closed")
        assert len(marks(phone, "/city?state=closed")) == 1
        assert marks(phone, "/city?service=pothole&q=nowhere") == []

    def test_never_has_more_marks_than_one_can_walk_through(
        self, phone: Client, report: ServiceRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(maps, "MOST_MARKS", 2)
        for step in range(4):
            lon = HERE[0] + step * 0.002
            twin(report.case, lon=lon, cell=cells.cell_of(lon, HERE[1]))
        path = f"/city?lon={HERE[0]}&lat={HERE[1]}&z=17"
        assert len(marks(phone, path)) == 2
        assert "go closer to see all" in html_of(phone, path)


def test_who_made_the_map_is_named_under_every_map(
    phone: Client, city: City, report: ServiceRequest
) -> None:
    named = '<p class="map-credit"><bdi>&lt;b&gt; contributors</bdi></p>'
    paths = ("/city", f"/city/{report.case.number}", f"/r/{report.token}", "/report/pothole")
    assert not [path for path in paths if "map-credit" in html_of(phone, path)]
    city.map = {**city.map, "credit": "<b> contributors"}
    city.save(update_fields=["map"])
    assert [path for path in paths if html_of(phone, path).count(named) == 1] == list(paths)


class TestOneCase:
    def test_a_link_to_it_shows_its_map_and_nothing_of_who_sent_it(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        html = phone.get(f"/city/{report.case.number}").content.decode()
        said = dict(re.findall(r'<meta property="og:([^"]+)" content="([^"]*)">', html))
        assert said["title"] == f"Pothole {report.case.number}"
        assert said["description"] == "Received, 124 Elm Street"
        address = f"http://testford.example/city/{report.case.number}/map/light.webp"
        assert said["image"] == address
        assert phone.get(address).status_code == 200
        assert "rosa@example.com" not in html

    def test_a_secret_link_shows_nothing_of_itself(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        assert b"og:" not in phone.get(f"/r/{report.token}").content

    def test_tells_the_steps_without_words_names_or_mail(
        self, phone: Client, city: City, report: ServiceRequest
    ) -> None:
        casework.reply(
            city=city,
            case_id=report.case_id,
            words="Dear Rosa, tomorrow.",
            by=staff(city, "agent"),
            now=now(),
        )
        html = html_of(phone, f"/city/{report.case.number}")
        assert "Received" in html
        assert "Dear Rosa" not in html
        assert staff(city, "agent").name not in html

    def test_of_a_joined_number_is_the_one_that_lives_on(
        self, phone: Client, city: City, report: ServiceRequest
    ) -> None:
        second = send(phone)
        joining.join(
            city=city,
            case_id=second.case_id,
            into_number=report.case.number,
            by=staff(city, "agent"),
            now=now(),
        )
        answer = phone.get(f"/city/{second.case.number}")
        assert answer.status_code == 302
        assert answer["Location"] == f"/city/{report.case.number}"
        assert numbers(phone) == [report.case.number]

    def test_shows_photos_only_where_they_are_public(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        Photo.objects.create(
            city_id=report.case.city_id, case=report.case, key=uuid.uuid4(), kind="before", position=0,
            width=4, height=3, name="a", small_name="b", thumb_name="c", is_public=False, created_at=now(),
        )  # fmt: skip
        page = f"/city/{report.case.number}"
        assert "/photos/" not in html_of(phone, page)
        Photo.objects.update(is_public=True)
        assert "/photos/" in html_of(phone, page)

    def test_can_be_followed_once_by_a_double_tap(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        sent = {"key": str(uuid.uuid4()), "email": "lee@example.com"}
        page = f"/city/{report.case.number}/follow"
        answers = [phone.post(page, sent) for _ in range(2)]
        assert [a.status_code for a in answers] == [302, 302]
        assert answers[0]["Location"] == answers[1]["Location"]
        assert Case.objects.get(pk=report.case_id).people_count == 2
        mine = ServiceRequest.objects.get(person__email="lee@example.com")
        assert answers[0]["Location"] == f"/r/{mine.token}?sent=1"

    def test_refuses_a_wrong_address_in_words_and_keeps_it(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        answer = phone.post(f"/city/{report.case.number}/follow", {"email": "lee@"})
        assert answer.status_code == 422
        html = answer.content.decode()
        assert "Type an address like" in html
        assert 'value="lee@"' in html
        assert Case.objects.get(pk=report.case_id).people_count == 1

    def test_that_has_ended_can_not_be_followed(
        self, phone: Client, report: ServiceRequest
    ) -> None:
        Case.objects.filter(pk=report.case_id).update(is_open=False, closed_at=now())
        html = html_of(phone, f"/city/{report.case.number}")
        assert "This one has ended." in html
        assert 'id="follow"' not in html
        answer = phone.post(f"/city/{report.case.number}/follow")
        assert answer.status_code == 422
        assert "has ended" in answer.content.decode()


def test_the_feed_is_atom_of_the_same_selection(phone: Client, report: ServiceRequest) -> None:
    root = ET.fromstring(phone.get("/city.atom?service=pothole").content)  # our own
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == 1
    link = entries[0].find(f"{ATOM}link")
    assert link is not None
    assert link.attrib["href"].endswith(f"/city/{report.case.number}")
    assert ET.fromstring(phone.get("/city.atom?q=nowhere").content).findall(f"{ATOM}entry") == []


def test_what_is_kept_in_memory_is_of_one_selection(city: City) -> None:
    asked = city_query.read(city, {"service": "pothole", "state": "all"})
    assert asked.address("/city") == "/city?service=pothole&state=all"
    assert asked.address("/city", state="") == "/city?service=pothole"
    assert door.FRESH_SECONDS <= 5
