"""A report goes where the first rule says that holds at its moment, for its asset, through its channel."""

import datetime as dt
from pathlib import Path

import pytest

from onehall.casework.models import Case
from onehall.places.models import Asset
from tests.cast import SOUTH, START, Cast, build, entries
from tests.packs import WrongPack, changed

LAST = "  - queue: roads\n    because: {en: All other"
RULES = f"""  - {{when: {{eq: [asset.owner, power]}}, queue: neighbors, because: {{en: Theirs, es: Suyo}}}}
  - {{when: {{eq: [time.working, false]}}, queue: roads, person: ben.cast@testford.example, because: {{en: At night, es: De noche}}}}
  - {{when: {{eq: [channel, phone]}}, queue: questions}}
{LAST}"""


@pytest.fixture
def night(db: None, tmp_path: Path) -> Cast:
    found = build()
    pack = WrongPack(tmp_path)
    people = pack.folder / "departments.yaml"
    assert "staff:" in people.read_text(encoding="utf-8")
    pack.replace(
        "departments.yaml",
        "staff:\n",
        "staff:\n  - {email: ben.cast@testford.example, name: Ben Crew, roles: [crew], department: works}\n",
    )
    pack.replace("services/pothole.yaml", LAST, RULES)
    pack.replace("assets/street-light.geojson", '"code"', '"owner": "power", "code"')
    assert pack.problems() == []
    found.city = changed(tmp_path / "again", "services/pothole.yaml", LAST, LAST)
    from onehall.cli import city as city_cli

    found.city = city_cli.apply(pack.folder, with_staff=True, by="tests")
    return found


def queue(case: Case) -> str:
    return case.queue.key


class TestRoute:
    def test_by_the_time_of_the_report_to_a_person(self, night: Cast) -> None:
        late = START + dt.timedelta(hours=12)
        case = night.case(now=late)
        assert case.assignee_id == night.ben.user_id
        assert (case.route_reason or {})["because"]["en"] == "At night"
        assert [e.kind for e in entries(case)][:3] == ["received", "routed", "assigned"]
        assert night.case().assignee_id is None

    def test_by_the_channel(self, night: Cast) -> None:
        assert queue(night.case(channel="phone")) == "questions"
        assert queue(night.case()) == "roads"

    def test_by_the_owner_of_the_thing(self, night: Cast) -> None:
        asset = Asset.objects.get(city=night.city, code="L-001")
        place = SOUTH.__class__(words="A lamp", lon=asset.lon, lat=asset.lat, asset_id=asset.pk)
        assert queue(night.case(place=place)) == "neighbors"

    def test_somebody_who_left_does_not_hold_it_up(self, night: Cast) -> None:
        from onehall.people.models import Membership

        Membership.objects.filter(user_id=night.ben.user_id).update(active=False)
        case = night.case(now=START + dt.timedelta(hours=12))
        assert (queue(case), case.assignee_id) == ("roads", None)
