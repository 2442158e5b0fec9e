"""The catalogue in memory: few queries once, then none."""

import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.catalog.models import FlowVersion
from onehall.catalog.queries import Catalogue, UnknownService, catalogue, forget
from onehall.catalog.search import find_services
from onehall.cli import city as city_cli
from onehall.places.models import City
from tests.packs import WrongPack, testford


@pytest.fixture
def city(db: None) -> City:
    """Testford, with nothing held in memory."""
    forget()
    return testford()


def test_loads_in_at_most_five_queries_and_then_in_none(city: City) -> None:
    with CaptureQueriesContext(connection) as first:
        listed = catalogue(city)
    assert len(first) <= 5
    with CaptureQueriesContext(connection) as later:
        again = catalogue(city)
        again.service("pothole")
        version_id, _ = again.current_version("repair")
        again.flow_version(version_id)
    assert len(later) == 0
    assert again is listed


def test_lists_groups_and_services_in_the_packs_order(city: City) -> None:
    listed = catalogue(city)
    assert [(g.key, [s.key for s in g.services]) for g in listed.groups] == [
        ("streets", ["pothole"]),
        ("neighborhood", ["noise", "question"]),
    ]
    assert [s.key for s in listed.services] == ["pothole", "noise", "question"]
    assert [s.key for s in listed.common] == ["pothole", "question"]


def test_finds_by_key_and_by_id(city: City) -> None:
    listed = catalogue(city)
    pothole = listed.service("pothole")
    assert pothole.id
    assert listed.by_id(pothole.id) is pothole
    with pytest.raises(UnknownService):
        listed.service("nothing")


def test_a_removed_service_is_known_by_id_only(city: City, tmp_path: Path) -> None:
    noise_id = catalogue(city).service("noise").id
    pack = WrongPack(tmp_path)
    (pack.folder / "services/noise.yaml").unlink()
    listed = catalogue(city_cli.apply(pack.folder))
    assert not listed.by_id(noise_id).active
    assert "noise" not in {s.key for s in listed.services}
    with pytest.raises(UnknownService):
        listed.service("noise")


def test_an_old_flow_version_is_read_once_when_asked_for(city: City, tmp_path: Path) -> None:
    old_id, _ = catalogue(city).current_version("repair")
    pack = WrongPack(tmp_path).replace("flows/repair.yaml", "days: 14", "days: 21")
    listed = catalogue(city_cli.apply(pack.folder))
    new_id, new = listed.current_version("repair")
    assert new_id != old_id
    assert new.states["waiting"].timers[0].after.days == 21
    forget()
    listed = catalogue(City.objects.get(pk=city.pk))
    with CaptureQueriesContext(connection) as queries:
        assert listed.flow_version(old_id).states["waiting"].timers[0].after.days == 14
        listed.flow_version(old_id)
    assert len(queries) == 1


def test_a_flow_version_of_another_city_is_not_found(city: City) -> None:
    version_id, _ = catalogue(city).current_version("repair")
    other = City.objects.create(slug="other", name="Other", languages=["en"])
    forget()
    with pytest.raises(FlowVersion.DoesNotExist):
        catalogue(other).flow_version(version_id)


def test_the_catalogue_can_be_searched(city: City) -> None:
    assert find_services(catalogue(city), "hoyo en la calle", "es")[0].service.key == "pothole"


def test_threads_share_one_load(city: City) -> None:
    listed = catalogue(city)
    found: list[Catalogue] = []
    threads = [threading.Thread(target=lambda: found.append(catalogue(city))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(one is listed for one in found)
    assert len(found) == 8
