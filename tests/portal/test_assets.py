"""Things with a painted number: their page, reporting one, following instead, and what stays hidden."""

import html
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.casework.models import Case
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now
from onehall.places.models import Asset, City
from onehall.service_requests.models import ServiceRequest
from tests.packs import changed
from tests.portal.conftest import filled, send
from tests.portal.test_city import html_of, service_id, twin

KIND = "street-light"


@pytest.fixture
def lit(city: City, tmp_path: Path) -> City:
    """Testford, where potholes are about street lights."""
    found = changed(
        tmp_path, "services/pothole.yaml", "place: required\n", f"place: required\nasset: {KIND}\n"
    )
    caches["local"].clear()
    return found


@pytest.fixture
def light(lit: City) -> Asset:
    """A light with a number."""
    return Asset.objects.filter(city=lit, kind=KIND).order_by("code")[0]


@pytest.fixture
def told(phone: Client, light: Asset) -> Case:
    """An open case about that light."""
    report = send(phone, where=light.code)
    assert report.case.asset_id == light.pk
    return report.case


def path_of(light: Asset) -> str:
    return f"/city/things/{light.kind}/{light.code}"


def words_of(answer: bytes) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.decode())))


class TestByNumber:
    @pytest.mark.parametrize("write", [str.lower, lambda c: c.replace("-", " "), lambda c: c])
    def test_any_writing_of_the_number_is_the_thing(
        self, phone: Client, light: Asset, write: object
    ) -> None:
        typed = write(light.code)  # type: ignore[operator]
        found = phone.get("/places/find", {"q": typed}).json()["places"]
        assert found[0]["words"].startswith(f"Street light {light.code}")
        assert send(phone, where=typed).case.asset_id == light.pk

    def test_the_form_opens_with_the_thing_that_a_sticker_names(
        self, phone: Client, light: Asset
    ) -> None:
        shown = phone.get("/report/pothole", {"thing": light.code.lower()}).content.decode()
        assert f"Street light {light.code}" in shown
        assert re.search(
            r'name="asset" value="[^"]+" data-code="[^"]+" data-words="[^"]+" checked', shown
        )
        lost = phone.get("/report/pothole", {"thing": "SL-999999"})
        assert lost.status_code == 200
        assert " checked" not in lost.content.decode()

    def test_a_number_that_nothing_has_is_said_in_words(self, phone: Client, light: Asset) -> None:
        answer = phone.post("/report/pothole", filled(where="QX-98765"))
        assert answer.status_code == 422
        assert "Nothing here has the number QX-98765." in words_of(answer.content)
        assert "Deep enough to lose a wheel in." in words_of(answer.content)
        assert Case.objects.count() == 0


class TestThePage:
    def test_says_what_it_is_what_is_open_and_what_was(
        self, phone: Client, light: Asset, told: Case
    ) -> None:
        ended = twin(told, is_open=False, category="closed", closed_at=now())
        shown = html_of(phone, path_of(light))
        assert light.code in shown
        opened, earlier = shown.split('id="e-h"')
        assert f"/city/{told.number}" in opened
        assert f"/city/{ended.number}" in earlier
        assert f"/city/{told.number}" not in earlier
        assert f"/report/pothole?thing={light.code}" in shown

    def test_any_writing_leads_to_one_address(self, phone: Client, light: Asset) -> None:
        answer = phone.get(path_of(light).lower())
        assert answer.status_code == 302
        assert answer["Location"] == path_of(light)

    @pytest.mark.parametrize("path", [f"{KIND}/none", "bin/SL-1", "x/y/z", f"{KIND}/%00"])
    def test_what_there_is_not_is_not_found(self, phone: Client, lit: City, path: str) -> None:
        assert phone.get(f"/city/things/{path}").status_code == 404

    def test_a_kind_that_nobody_reports_about_has_no_page(self, phone: Client, city: City) -> None:
        light = Asset.objects.filter(city=city, kind=KIND)[0]
        assert phone.get(path_of(light)).status_code == 404

    def test_the_history_has_pages(self, phone: Client, light: Asset, told: Case) -> None:
        ended = [
            twin(told, is_open=False, category="closed", closed_at=now()).number for _ in range(45)
        ]
        seen: list[str] = []
        path = path_of(light)
        for _ in range(3):
            shown = html_of(phone, path)
            seen += re.findall(r'<li><a href="/city/([^"/]+)"', shown.split('id="e-h"')[1])
            older = re.search(r'href="([^"]+\?before=\d+)"', shown)
            path = older[1] if older else ""
        assert seen == ended[::-1]
        assert path == ""
        assert phone.get(f"{path_of(light)}?before=x").status_code == 404

    def test_asks_as_much_for_many_cases_as_for_one(
        self,
        phone: Client,
        light: Asset,
        told: Case,
        django_assert_max_num_queries: object,
    ) -> None:
        for _ in range(12):
            twin(told)
            twin(told, is_open=False, category="closed", closed_at=now())
        html_of(phone, path_of(light))
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            html_of(phone, path_of(light))

    def test_shows_the_map_around_it(self, phone: Client, light: Asset) -> None:
        answer = phone.get(f"{path_of(light)}/map/dark.webp")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")

    def test_the_page_of_a_case_leads_to_it(self, phone: Client, light: Asset, told: Case) -> None:
        assert f'href="{path_of(light)}"' in html_of(phone, f"/city/{told.number}")
        report = ServiceRequest.objects.get(case=told)
        assert f'href="{path_of(light)}"' in html_of(phone, f"/r/{report.token}")

    def test_hides_what_not_everybody_may_see(
        self, phone: Client, light: Asset, told: Case, lit: City
    ) -> None:
        hidden = [
            twin(told, is_public=False),
            twin(told, service_id=service_id(lit, "noise")),
            twin(told, is_open=False, category="closed", closed_at=now(), merged_into=told),
        ]
        shown = html_of(phone, path_of(light))
        assert told.number in shown
        assert [c.number for c in hidden if c.number in shown] == []


class TestCoarse:
    def test_a_service_that_hides_places_does_not_name_its_thing(
        self, phone: Client, city: City, tmp_path: Path
    ) -> None:
        changed(
            tmp_path,
            "services/pothole.yaml",
            "privacy: {public: true, place: exact}",
            f"asset: {KIND}\nprivacy: {{public: true, place: block}}",
        )
        caches["local"].clear()
        assert catalogue(city).service("pothole").place_privacy != "exact"
        light = Asset.objects.filter(city=city, kind=KIND).order_by("code")[0]
        case = send(phone, where=light.code).case
        assert case.asset_id == light.pk
        assert case.number not in html_of(phone, path_of(light))
        assert light.code not in html_of(phone, f"/city/{case.number}")


class TestFollowInstead:
    def test_is_said_once_before_sending_and_then_it_is_sent(
        self, phone: Client, light: Asset, told: Case
    ) -> None:
        fields = filled(where=light.code)
        answer = phone.post("/report/pothole", fields)
        assert answer.status_code == 409
        said = words_of(answer.content)
        assert "Somebody told us about this one already." in said
        assert "Deep enough to lose a wheel in." in said
        assert f'value="follow:{told.number}"' in answer.content.decode()
        assert f'name="told" value="{told.number}"' in answer.content.decode()
        assert Case.objects.count() == 1
        sent = phone.post("/report/pothole", fields | {"told": told.number})
        assert sent.status_code == 302
        assert Case.objects.count() == 2

    def test_following_makes_no_second_case(self, phone: Client, light: Asset, told: Case) -> None:
        fields = filled(where=light.code, do=f"follow:{told.number}")
        assert phone.post("/report/pothole", fields).status_code == 302
        assert Case.objects.get() == told
        assert ServiceRequest.objects.filter(case=told).count() == 2

    def test_reaches_as_far_as_the_thing_is_known(
        self, phone: Client, light: Asset, told: Case
    ) -> None:
        # Told long ago, and with its pin far from the light.
        Case.objects.filter(pk=told.pk).update(
            opened_at=now() - timedelta(days=900), lon=-120.985, lat=40.012
        )
        found = phone.get("/places/find", {"q": light.code}).json()["places"][0]
        near = phone.get("/report/pothole/near", {"pick": found["pick"]}).content.decode()
        assert "Follow it instead?" in near
        assert near.count(f'value="follow:{told.number}"') == 1

    @pytest.mark.parametrize(
        "state", [{"is_public": False}, {"is_open": False, "category": "closed"}]
    )
    def test_is_offered_for_open_public_cases_alone(
        self, phone: Client, light: Asset, told: Case, state: dict[str, object]
    ) -> None:
        Case.objects.filter(pk=told.pk).update(**state)
        assert phone.post("/report/pothole", filled(where=light.code)).status_code == 302
        wrong = filled(where=light.code, do=f"follow:{told.number}", key=str(uuid.uuid4()))
        assert phone.post("/report/pothole", wrong).status_code != 302

    def test_another_thing_is_another_matter(
        self, phone: Client, light: Asset, told: Case, lit: City
    ) -> None:
        Case.objects.filter(pk=told.pk).update(lon=-120.985, lat=40.012)
        other = Asset.objects.create(
            city=lit, kind=KIND, code="ZZ-77", lon=light.lon, lat=light.lat, cell=light.cell
        )
        Case.objects.filter(pk=told.pk).update(asset=other)
        assert phone.post("/report/pothole", filled(where=light.code)).status_code == 302
