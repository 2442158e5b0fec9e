"""Killed at any moment, a run of the rules of retention loses nothing, and the next one goes on."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from onehall.casework import verify
from onehall.casework.models import Case, TimelineEntry
from onehall.people.models import Person
from onehall.places.models import City
from onehall.service_requests import retention
from onehall.service_requests.models import ServiceRequest
from tests.cast import START, build
from tests.packs import changed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_clock]
ROOT = Path(__file__).resolve().parents[2]
CASES = 24
SIZE = 3
LATE = datetime.now(UTC) + timedelta(days=3_650)


def start(city: City) -> subprocess.Popen[str]:
    """The run as another process on the database of this test."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    environ = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    script = str(Path(__file__).with_name("retention_child.py"))
    return subprocess.Popen(
        [sys.executable, script, city.slug, str(SIZE), LATE.isoformat()],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_killed_run_is_taken_up(tmp_path: Path) -> None:
    cast = build()
    line = "numbering: {width: 5}"
    rules = "retention: {contact: 90 days, words: 1 year, photos: 1 year}"
    city = changed(tmp_path, "city.yaml", line, f"{line}\n{rules}")
    cast.city = city
    for _ in range(CASES):
        cast.finish(cast.case(words="Deep."), now=START)
    child = start(city)
    assert child.stdout is not None
    assert [int(child.stdout.readline()) for _ in range(2)] == [SIZE, SIZE]
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    left = Case.objects.filter(erased=0).count()
    assert 0 < left <= CASES - 2 * SIZE
    assert list(verify.faults()) == []
    assert Person.objects.count() == left
    assert retention.carry_out(city, now=LATE) == left
    assert set(Case.objects.values_list("erased", flat=True)) == {7}
    assert TimelineEntry.objects.filter(kind="erased").count() == CASES
    assert not ServiceRequest.objects.exclude(words="").exists()
    assert not Person.objects.exists()
    assert list(verify.faults()) == []
