"""`onehall import requests`, as an operator sees it."""

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onehall.cli import importing, running, words
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import small_profile, squeezed, write_csv

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(now: datetime) -> City:
    return build_city(now, slug="town")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    small_profile(tmp_path)
    return write_csv(tmp_path / "rows.csv", [{}, {"Lon": "", "Lat": ""}, {"Opened": "x"}])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Runs":
    monkeypatch.setattr(running, "django", nullcontext)
    monkeypatch.chdir(tmp_path)
    return Runs()


class Runs:
    """Runs the command and returns what was said, as one line."""

    def __call__(self, *arguments: str | Path) -> tuple[int, str]:
        with words.out.capture() as said, words.err.capture() as errors:
            result: Result = CliRunner().invoke(
                importing.command, ["requests", *map(str, arguments)]
            )
        return result.exit_code, squeezed(said.get() + errors.get() + result.output)


def test_rows_are_accounted_for(run: Runs, file: Path) -> None:
    code, said = run(file, "--profile", "small.yaml", "--city", "town")
    assert code == 0
    assert "3 rows in = 2 imported + 0 already there + 1 rejected" in said
    assert "1 The opening time cannot be read" in said
    assert "1 no place in the file: kept without one" in said
    assert "rows.csv.rejects.csv" in said
    assert Path("rows.csv.rejects.csv").read_text().splitlines()[1].startswith("4,")


def test_without_a_rejected_row_there_is_no_file_of_them(run: Runs, file: Path) -> None:
    write_csv(file, [{}])
    code, said = run(file, "--profile", "small.yaml", "--city", "town")
    assert code == 0
    assert "+ 0 rejected" in said
    assert not Path("rows.csv.rejects.csv").exists()


def test_a_second_run_finds_everything_there(run: Runs, file: Path) -> None:
    run(file, "--profile", "small.yaml", "--city", "town")
    code, said = run(file, "--profile", "small.yaml", "--city", "town", "--rejects", "no.csv")
    assert code == 0
    assert "3 rows in = 0 imported + 2 already there + 1 rejected" in said
    assert Path("no.csv").exists()
    assert ServiceRequest.objects.count() == 2


def test_the_fallback_service_can_be_named(run: Runs, file: Path) -> None:
    small_profile(
        file.parent, ("unknown: keep_as\n  keep_as: [nowhere, something-else]", "unknown: reject")
    )
    write_csv(file, [{"Kind": "Loud music"}])
    code, _ = run(file, "--profile", "small.yaml", "--city", "town", "--keep-as", "graffiti")
    assert code == 0
    assert ServiceRequest.objects.get().case.service.key == "graffiti"


@pytest.mark.parametrize(
    ("profile", "slug", "more", "words"),
    [
        ("small.yaml", "atlantis", (), "There is no city"),
        ("atlantis", "town", (), "There is no profile"),
        ("small.yaml", "town", ("--keep-as", "moon"), "has no service moon"),
        ("small.yaml", "town", ("--rejects", "rows.csv"), "a file of their own"),
        ("boston-311", "town", (), "The file has no column"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(
    run: Runs, file: Path, profile: str, slug: str, more: tuple[str, ...], words: str
) -> None:
    code, said = run(file, "--profile", profile, "--city", slug, *more)
    assert code == 1
    assert words in said
    assert not ServiceRequest.objects.exists()
