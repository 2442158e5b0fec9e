"""Killed at any moment, an import goes on and ends with the same rows."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.importing import loader
from onehall.service_requests.importing.loader import ImportBusy
from onehall.service_requests.importing.profile import ProfileError
from onehall.service_requests.importing.rows import copy_requests
from onehall.service_requests.models import ImportRun, ServiceRequest
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import (
    bring_in,
    rejected,
    small_profile,
    write_csv,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_clock]
ROOT = Path(__file__).resolve().parents[2]
SIZE = 50


def many_rows(count: int) -> list[dict[str, str]]:
    """Rows of every kind: open, closed, denied, without a place, repeated, broken."""
    states = ("Open", "Doing", "Closed", "Void", "Limbo")
    return [
        {
            "Id": str(n if n % 41 else n // 2),
            "State": states[n % 5],
            "Kind": ("Pothole", "graffiti", "Loud music")[n % 3],
            "Closed": "2024-07-09" if n % 13 else "2023-01-01",
            "Lon": ("2", "7", "", "44")[n % 4],
            "Note": f"Note {n}",
        }
        for n in range(1, count + 1)
    ]


def start(path: Path, city: City, now: datetime) -> subprocess.Popen[str]:
    """The import as another process on the database of this test."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    environ = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    script = str(Path(__file__).with_name("import_child.py"))
    values = [str(path), str(path.with_name("small.yaml")), city.slug, str(SIZE)]
    return subprocess.Popen(
        [sys.executable, script, *values, now.isoformat(), str(path.with_name("rejects.csv"))],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def rows_of(city: City) -> list[dict[str, Any]]:
    """Everything an import wrote, without what names the city or counts on: ids and numbers."""
    found = []
    reports = ServiceRequest.objects.filter(city=city).select_related(
        "case__service", "case__queue"
    )
    for report in reports.order_by("source_id"):
        case = report.case
        entries = list(case.timeline.order_by("seq"))
        assert case.lock == len(entries)
        assert bytes(case.head or b"") == bytes(entries[-1].hash)
        found.append(
            {
                "id": report.source_id,
                "words": report.words,
                "channel": report.channel,
                "state": case.state,
                "times": (case.opened_at, case.closed_at, case.updated_at, case.due_at),
                "place": (case.lon, case.cell, case.place_words, case.areas),
                "to": (case.service.key, case.queue.key),
                "entries": [
                    (e.seq, e.at, e.kind, {k: v for k, v in e.data.items() if k != "queue"})
                    for e in entries
                ],
            }
        )
    return found


@pytest.mark.parametrize("batches", [1, 6])
def test_killed_and_started_again_it_ends_with_the_same_rows(
    tmp_path: Path, now: datetime, batches: int
) -> None:
    whole, torn = build_city(now, slug="whole"), build_city(now, slug="torn")
    rules = small_profile(tmp_path)
    path = write_csv(tmp_path / "rows.csv.gz", many_rows(600))
    expected = bring_in(whole, rules, path, now, size=SIZE)
    refused = rejected(path)

    with start(path, torn, now) as child:
        assert child.stdout is not None
        for _ in range(batches):
            assert child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
    broken = ImportRun.objects.get(city=torn)
    assert broken.finished_at is None
    assert batches * SIZE <= broken.rows_done < 600
    assert ServiceRequest.objects.filter(city=torn).count() == broken.imported

    run = bring_in(torn, rules, path, now, size=SIZE)
    assert run.pk == broken.pk
    assert (run.rows_done, run.imported, run.already, run.rejected) == (
        600, expected.imported, 0, expected.rejected,
    )  # fmt: skip
    assert (run.reasons, run.repairs) == (expected.reasons, expected.repairs)
    assert rejected(path) == refused
    assert rows_of(torn) == rows_of(whole)
    numbers = Case.objects.filter(city=torn).values_list("number", flat=True)
    assert len(set(numbers)) == run.imported

    again = bring_in(torn, rules, path, now, size=SIZE)
    assert (again.imported, again.already) == (0, 600 - sum(again.reasons.values()))


def break_off(
    city: City, path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, *, after: int
) -> None:
    """Start an import that fails inside a batch after `after` whole ones."""
    calls = iter(range(after + 1))

    def fails(*args: Any) -> list[int]:
        if next(calls) == after:
            raise RuntimeError("pulled the plug")
        return copy_requests(*args)

    with monkeypatch.context() as patch:
        patch.setattr(f"{loader.__name__}.copy_requests", fails)
        with pytest.raises(RuntimeError, match="plug"):
            bring_in(city, small_profile(path.parent), path, now, size=SIZE)


def test_a_failed_batch_leaves_nothing_behind(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = build_city(now)
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(200)])
    break_off(city, path, now, monkeypatch, after=2)
    assert Case.objects.count() == ServiceRequest.objects.count() == 2 * SIZE
    run = bring_in(city, small_profile(tmp_path), path, now, size=SIZE)
    assert (run.rows_done, run.imported, run.already) == (200, 200, 0)


def test_restart_reads_the_file_from_its_beginning(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = build_city(now)
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(200)])
    break_off(city, path, now, monkeypatch, after=1)
    run = loader.import_requests(
        city=city,
        profile=small_profile(tmp_path),
        path=path,
        rejects=tmp_path / "rejects.csv",
        now=now,
        restart=True,
    )
    assert (run.rows_done, run.imported, run.already) == (200, 150, 50)
    assert not ImportRun.objects.filter(finished_at=None).exists()


def test_a_changed_profile_does_not_go_on_by_other_rules(
    tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = build_city(now)
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(200)])
    break_off(city, path, now, monkeypatch, after=1)
    changed = small_profile(tmp_path, ("outside: drop_pin", "outside: keep"))
    with pytest.raises(ProfileError, match="--restart"):
        bring_in(city, changed, path, now)


def test_two_imports_of_one_file_do_not_mix(tmp_path: Path, now: datetime) -> None:
    city = build_city(now)
    path = write_csv(tmp_path / "rows.csv", [{} for _ in range(200)])

    def tell(position: int, size: int, run: ImportRun) -> None:
        """As if another process had gone on with the run."""
        ImportRun.objects.filter(pk=run.pk).update(rows_done=7, already=7, imported=0)

    with pytest.raises(ImportBusy):
        loader.import_requests(
            city=city,
            profile=small_profile(tmp_path),
            path=path,
            rejects=tmp_path / "rejects.csv",
            now=now,
            progress=tell,
            batch_size=SIZE,
        )
    assert Case.objects.count() == SIZE
