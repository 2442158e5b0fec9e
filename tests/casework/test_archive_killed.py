"""Killed at any step, a run of the archive loses nothing, leaves nothing lying about, and the next one goes on."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection

from onehall.casework import archiving, verify
from onehall.casework.models import Archive, Case, TimelineEntry, Timer
from onehall.kernel import storage
from onehall.messaging.models import Outbox
from onehall.places.models import City
from tests.cast import START, build
from tests.packs import changed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real_clock]
ROOT = Path(__file__).resolve().parents[2]
CASES = 8
SIZE = 3
LATE = datetime.now(UTC) + timedelta(days=3_650)
STEPS = {
    "before the file": 0,
    "after the file": 0,
    "before deleting": 0,
    "after deleting": 0,
    "after a batch": SIZE,
}
"""Where the run dies, and how many cases are archived then."""


def run(city: City, step: str) -> None:
    """The run as another process on the database of this test, until it dies."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = str(connection.settings_dict["NAME"])
    environ = {
        **os.environ,
        "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")),
        "ONEHALL_DATA": str(Path(storage.default_storage.path("x")).parent.parent),
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    script = str(Path(__file__).with_name("archive_child.py"))
    done = subprocess.run(
        [sys.executable, script, city.slug, str(SIZE), LATE.isoformat(), step],
        env=environ,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL


def test_a_killed_run_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = build()
    line = "numbering: {width: 5}"
    city = changed(tmp_path, "city.yaml", line, f"{line}\nretention: {{archive_after: 1 year}}")
    cast.city = city
    for _ in range(CASES):
        cast.finish(cast.case(words="Deep."), now=START)
    Timer.objects.update(fired_at=START)
    told = list(TimelineEntry.objects.order_by("case_id", "seq").values())
    for step, count in STEPS.items():
        run(city, step)
        assert Case.objects.filter(archive__isnull=False).count() == count, step
        assert list(verify.faults()) == []
    left = Archive.objects.filter(sealed_at=None)
    assert left.count() == len(STEPS) - 1
    names = list(left.values_list("name", flat=True))
    # Too young to be told from one that is being written.
    archiving.tidy(now=LATE)
    assert left.count() == len(names)
    left.update(created_at=datetime.now(UTC) - timedelta(hours=2))
    archiving.tidy(now=LATE)
    assert not left.exists()
    for due in Outbox.objects.filter(topic=archiving.FORGET):
        archiving.forget_file(due.payload, city_id=city.pk, key=due.key, now=LATE)
    assert not any(storage.exists(name) for name in names)
    monkeypatch.setattr(archiving, "BATCH", SIZE)
    assert archiving.carry_out(city, now=LATE) == CASES - SIZE
    assert not TimelineEntry.objects.exists()
    assert list(verify.faults()) == []
    for some in list(archiving.archived_ids(city)):
        archiving.restore(city, some)
    assert list(TimelineEntry.objects.order_by("case_id", "seq").values()) == told
