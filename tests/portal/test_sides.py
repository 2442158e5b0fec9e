"""A place on the limit of two areas: one question, only where the answer changes who gets it, kept as a fact."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from onehall.casework.models import Case, TimelineEntry
from onehall.cli import city as city_cli
from onehall.places.models import City
from onehall.places.sides import sides
from onehall.portal import picked
from tests.packs import WrongPack
from tests.portal.conftest import filled

EDGE = (-120.9918, 40.00803)
INSIDE = (-120.9918, 40.0095)
SERVICE = "services/pothole.yaml"


@pytest.fixture
def asking(city: City, phone: Client, tmp_path: Path) -> Client:
    pack = WrongPack(tmp_path / "asks")
    pack.replace(SERVICE, "similar:", "which_side: {layer: district, metres: 15}\nsimilar:")
    assert pack.problems() == []
    city_cli.apply(pack.folder, with_staff=True, by="tests")
    return phone


def at(point: tuple[float, float], **more: Any) -> dict[str, Any]:
    pick = picked.sign(picked.Picked(*point, "Border Road"))
    return filled(where="Border Road", pick=pick, **more)


class TestQuestion:
    def test_is_asked_on_the_limit_and_decides(self, asking: Client) -> None:
        asked = asking.post("/report/pothole", at(EDGE))
        text = asked.content.decode()
        assert asked.status_code == 422
        assert "Which side is it on?" in text
        assert "North Side" in text
        assert "the side of Town Hall" in text
        assert Case.objects.count() == 0
        for side, queue in (("south", "roads"), ("north", "roads-north")):
            sent = asking.post("/report/pothole", at(EDGE, side=side))
            assert sent.status_code == 302
            case = Case.objects.latest("id")
            assert (case.queue.key, case.areas["district"]) == (queue, side)
            first = TimelineEntry.objects.get(case=case, kind="received")
            assert first.data["side"]["code"] == side

    def test_who_is_not_sure_leaves_it_to_the_map(self, asking: Client) -> None:
        assert asking.post("/report/pothole", at(EDGE, side="unsure")).status_code == 302
        case = Case.objects.get()
        assert case.areas["district"] == "north"
        assert "side" not in TimelineEntry.objects.get(case=case, kind="received").data

    def test_another_answer_is_no_answer(self, asking: Client) -> None:
        assert asking.post("/report/pothole", at(EDGE, side="west")).status_code == 422

    def test_is_not_asked_away_from_the_limit(self, asking: Client) -> None:
        assert asking.post("/report/pothole", at(INSIDE)).status_code == 302

    def test_nothing_that_was_typed_is_lost(self, asking: Client) -> None:
        text = asking.post("/report/pothole", at(EDGE)).content.decode()
        assert "Deep enough to lose a wheel in." in text

    def test_a_side_away_from_the_limit_changes_nothing(self, asking: Client) -> None:
        asking.post("/report/pothole", at(INSIDE, side="south"))
        assert Case.objects.get().areas["district"] == "north"

    def test_is_shown_with_the_place_before_sending(self, asking: Client) -> None:
        text = asking.post("/report/pothole", at(EDGE, do="find")).content.decode()
        assert "Which side is it on?" in text


def test_is_not_asked_where_it_goes_to_the_same_people(
    city: City, phone: Client, tmp_path: Path
) -> None:
    pack = WrongPack(tmp_path / "same")
    pack.replace(SERVICE, "similar:", "which_side: {layer: district, metres: 15}\nsimilar:")
    pack.replace(SERVICE, "queue: roads-north", "queue: roads")
    city_cli.apply(pack.folder, with_staff=True, by="tests")
    assert phone.post("/report/pothole", at(EDGE)).status_code == 302


def test_how_close_is_in_metres(city: City) -> None:
    assert len(sides(city, "district", *EDGE, 15)) == 2
    assert sides(city, "district", *EDGE, 2) == []
    assert sides(city, "beat", *EDGE, 15) == []


def test_a_layer_that_no_rule_asks_for_is_a_mistake(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    pack.replace("services/noise.yaml", "promise:", "which_side: {layer: district}\npromise:")
    assert any("change nothing" in str(p) for p in pack.problems())
