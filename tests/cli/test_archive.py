"""`onehall archive`: what it says, moves, brings back and verifies, and how it refuses."""

import datetime as dt
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.core.cache import caches

from onehall.casework import archiving
from onehall.casework.models import Archive, Case, TimelineEntry, Timer
from onehall.cli import doctor, running
from onehall.cli.main import main
from onehall.kernel import clock, storage
from tests.cast import START, Cast, build, everybody
from tests.packs import changed

pytestmark = pytest.mark.django_db(transaction=True)
LATER = START + dt.timedelta(days=400)


@pytest.fixture
def cast() -> Cast:
    return build()


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run here, on the database of the test."""
    monkeypatch.setattr(running, "django", nullcontext)


@pytest.fixture
def old(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Case]:
    """Three cases that ended more than a year ago, in a city that archives after a year."""
    line = "numbering: {width: 5}"
    changed(tmp_path, "city.yaml", line, f"{line}\nretention: {{archive_after: 1 year}}")
    kept = everybody()
    found = [kept.finish(kept.case()) for _ in range(3)]
    Timer.objects.update(fired_at=START)
    monkeypatch.setattr(clock, "now", lambda: LATER)
    caches["local"].clear()
    return [Case.objects.get(pk=c.pk) for c in found]


def onehall(*words: str) -> Result:
    """`onehall archive …`."""
    return CliRunner().invoke(main, ["archive", *words])


def test_there_and_back(old: list[Case]) -> None:
    plan = onehall("plan")
    assert plan.exit_code == 0
    assert "pothole" in plan.output
    assert "1 year" in plan.output
    assert "`onehall archive run` does it" in plan.output
    assert not Archive.objects.exists()
    run = onehall("run", "--city", "testford", "--limit", "2")
    assert "2 cases archived." in run.output
    assert "1 cases archived." in onehall("run").output
    assert not TimelineEntry.objects.exists()
    assert "3 cases with" in onehall("plan").output
    assert f"{sum(c.lock for c in old):,} entries in files" in onehall("verify").output
    back = onehall("restore", f"#{old[0].number}")
    assert (back.exit_code, f"{old[0].number} is back" in back.output) == (0, True)
    assert set(TimelineEntry.objects.values_list("case_id", flat=True)) == {old[0].pk}
    assert "2 histories brought back" in onehall("restore", "--all").output
    assert TimelineEntry.objects.count() == sum(c.lock for c in old)
    assert not Archive.objects.exists()
    assert onehall("verify").exit_code == 0


def test_refuses_in_words(old: list[Case]) -> None:
    assert "Name one case" in onehall("restore").output
    assert "Name one case" in onehall("restore", "2026-1", "--all").output
    assert "has no case with the number" in onehall("restore", "2026-9999999").output
    assert "is not archived" in onehall("restore", old[0].number).output
    assert "There is no city called" in onehall("run", "--city", "nowhere").output


def test_says_what_is_broken(old: list[Case]) -> None:
    onehall("run")
    Path(storage.default_storage.path(Archive.objects.get().name)).write_bytes(b"gone")
    verify = onehall("verify", "--city", "testford")
    assert verify.exit_code == 1
    assert verify.output.count("is missing or not what was written") == 3
    assert "3 archived cases are broken" in verify.output
    assert [f.good for f in doctor._archive()] == [True]
    Path(storage.default_storage.path(Archive.objects.get().name)).unlink()
    (finding,) = doctor._archive()
    assert finding.good is False
    assert "1 files of the archive are missing" in finding.words
    back = onehall("restore", old[0].number)
    assert back.exit_code == 1
    assert "cannot be read now" in back.output
    assert onehall("restore", "--all").exit_code == 1
    assert Case.objects.filter(archive__isnull=False).count() == 3


def test_a_city_without_the_rule(cast: Cast) -> None:
    assert "archives nothing" in onehall("plan").output
    assert "0 cases archived." in onehall("run").output
    assert archiving.stock(cast.city).files == 0
    assert list(doctor._archive()) == []
