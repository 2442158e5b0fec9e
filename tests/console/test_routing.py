"""The routing tester: where it goes, because of what, with every rule's verdict; it changes nothing."""

import pytest

from onehall.casework.models import Case
from onehall.places.models import City
from tests.console.people import Person, hire

ADDRESS = "/set-up/routing"


@pytest.fixture
def ada(city: City) -> Person:
    """Looks after the set-up."""
    return Person(city, "ada@testford.example")


class TestTester:
    def test_offers_the_services_first(self, ada: Person, city: City) -> None:
        page = ada.get(ADDRESS)
        assert page.status_code == 200
        assert "Pothole" in page.content.decode()

    def test_says_where_and_why_with_every_rule(self, ada: Person, city: City) -> None:
        page = ada.get(f"{ADDRESS}?service=pothole&do=try&where=40.011, -120.99&q_size=small")
        text = page.content.decode()
        assert "Roads north of Main Street" in text
        assert "This one" in text
        assert "District is North" in text
        assert "All other roads" in text
        assert Case.objects.count() == 0

    def test_another_place_goes_elsewhere(self, ada: Person, city: City) -> None:
        text = ada.get(f"{ADDRESS}?service=pothole&do=try&where=40.002,-120.99").content.decode()
        assert text.index("All other roads") < text.index("Does not hold")

    def test_what_is_not_understood_is_said(self, ada: Person, city: City) -> None:
        text = ada.get(f"{ADDRESS}?service=pothole&do=try&where=zzzzz&q_size=huge").content.decode()
        assert "This place is not known" in text
        assert "Choose one of the answers" in text

    def test_a_stop_is_said(self, ada: Person, city: City) -> None:
        text = ada.get(f"{ADDRESS}?service=pothole&do=try&q_size=collapse").content.decode()
        assert "the form stops" in text

    def test_no_such_service(self, ada: Person, city: City) -> None:
        assert ada.get(f"{ADDRESS}?service=nothing").status_code == 404

    def test_is_for_those_who_see_the_figures(self, city: City) -> None:
        hire(city, "con@testford.example", "contractor", "works")
        assert Person(city, "con@testford.example").get(ADDRESS).status_code == 403

    def test_is_for_staff(self, client, city: City) -> None:  # type: ignore[no-untyped-def]
        assert client.get(f"/desk{ADDRESS}", headers={"host": "testford.example"}).status_code in (
            302,
            403,
        )
