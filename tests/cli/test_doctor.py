"""`onehall doctor`: what it says of timers, connections, reports that wait, and the ground of the map."""

import os
from pathlib import Path
from typing import Any

import pytest

from onehall.casework.models import Case, Timer
from onehall.cli import doctor, running
from onehall.config.env import Env
from onehall.places import ground
from onehall.places.pack import gis, osm
from tests.cast import START, Cast


@pytest.mark.django_db
class TestTimers:
    def parked(self, case: Case, move: str = "settle", entered: int | None = None) -> Timer:
        return Timer.objects.create(
            city=case.city, case=case, entered=case.entered if entered is None else entered,
            move=move, at=START, fired_at=START, parked_at=START, attempts=10,
        )  # fmt: skip

    def test_none_is_nothing_to_say(self, cast: Cast) -> None:
        cast.case()
        assert list(doctor._timers()) == []

    def test_each_is_a_fault(self, cast: Cast) -> None:
        case = cast.case()
        self.parked(case)
        (one,) = doctor._timers()
        assert (one.good, one.words.partition(";")[0]) == (False, "1 timer of a case was given up")
        self.parked(case, "reopen")
        (two,) = doctor._timers()
        assert two.words.startswith("2 timers of cases were given up")

    def test_one_of_a_state_that_was_left_is_none(self, cast: Cast) -> None:
        case = cast.case()
        self.parked(case, entered=case.entered + 1)
        assert list(doctor._timers()) == []


class TestConnections:
    def test_every_pool_counts_with_its_threads(self) -> None:
        env = Env({"ONEHALL_WEB_WORKERS": "4", "ONEHALL_WEB_THREADS": "5"})
        assert doctor.connections_needed(env) == 20 + doctor.BESIDE
        more = {"ONEHALL_TILE_WORKERS": "1", "ONEHALL_STAFF_WORKERS": "2"}
        env = Env({"ONEHALL_WEB_WORKERS": "4", "ONEHALL_WEB_THREADS": "5", **more})
        assert doctor.connections_needed(env) == 35 + doctor.BESIDE

    def test_a_pool_of_connections_bounds_them(self) -> None:
        env = Env({"ONEHALL_WEB_WORKERS": "4", "ONEHALL_WEB_THREADS": "16", "ONEHALL_DB_POOL": "3"})
        assert doctor.connections_needed(env) == 12 + doctor.BESIDE

    @pytest.mark.django_db
    def test_too_many_for_the_server_are_a_fault(self, monkeypatch: pytest.MonkeyPatch) -> None:
        (fits,) = doctor._connections()
        assert fits.good
        monkeypatch.setenv("ONEHALL_WEB_WORKERS", "10000")
        (fault,) = doctor._connections()
        assert fault.good is False
        assert "max_connections" in fault.words


class TestReportsThatWait:
    @pytest.fixture
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(running, "data_dir", lambda: tmp_path)
        for kind in ("new", "refused"):
            (tmp_path / "waiting" / kind).mkdir(parents=True)
        return tmp_path / "waiting"

    def test_none_is_nothing_to_say(self, home: Path) -> None:
        (home / "new" / ".half").mkdir()
        assert list(doctor._waiting()) == []

    def test_new_ones_are_a_remark_and_old_ones_a_fault(self, home: Path) -> None:
        (home / "new" / "a").mkdir()
        (young,) = doctor._waiting()
        assert (young.good, young.words[:16]) == (None, "1 report waits t")
        os.utime(home / "new" / "a", (1, 1))
        (home / "new" / "b").mkdir()
        (old,) = doctor._waiting()
        assert (old.good, old.words[:16]) == (False, "2 reports wait t")

    def test_those_that_need_their_sender_are_a_remark(self, home: Path) -> None:
        (home / "refused" / "a").mkdir()
        (one,) = doctor._waiting()
        assert one.good is None
        assert "could not be recorded as sent" in one.words


class TestTheGroundOfTheMap:
    def test_of_the_folder_is_nothing_to_say(self, cast: Cast) -> None:
        assert list(doctor._ground()) == []

    def test_a_file_that_is_passed_over_is_a_fault(
        self, cast: Cast, settings: Any, tmp_path: Path
    ) -> None:
        settings.MAPS_DIR = tmp_path
        ground.path_of(cast.city).write_bytes(b"none")
        (fault,) = doctor._ground()
        assert fault.good is False
        assert "It is no PMTiles file" in fault.words


@pytest.mark.parametrize(
    ("built_with", "remarks"),
    [("'--enable-shared'", 1), ("'--enable-optimizations' '--with-lto'", 0), (None, 0)],
)
def test_a_slow_python_is_a_remark(
    monkeypatch: pytest.MonkeyPatch, built_with: str | None, remarks: int
) -> None:
    monkeypatch.setattr(doctor.sysconfig, "get_config_var", lambda _name: built_with)
    found = [f for f in doctor._machine() if "without optimizations" in f.words]
    assert [f.good for f in found] == [None] * remarks


class TestReaders:
    def test_those_that_are_there_and_those_that_are_not(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(osm, "is_installed", lambda: True)
        monkeypatch.setattr(gis, "is_installed", lambda: False)
        there, missing = doctor._readers()
        assert (there.good, there.words) == (
            True,
            "OpenStreetMap extracts in a city's folder can be read.",
        )
        assert missing.good is None
        assert 'cannot be read: pip install "onehall[gis]"' in missing.words
