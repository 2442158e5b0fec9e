"""`onehall generate history`, as somebody types it."""

from contextlib import nullcontext
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection

from onehall.casework.models import Case
from onehall.cli import running, words
from onehall.cli.main import main
from onehall.service_requests.generating import storing
from onehall.service_requests.models import ServiceRequest
from tests.service_requests.import_city import build_city
from tests.service_requests.import_city_files import squeezed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A city, and commands that use the database of the tests, in small parts."""
    monkeypatch.setattr(running, "django", nullcontext)
    monkeypatch.setattr(storing, "PART", 40)
    city = build_city(now, slug="town")
    city.calendar = {"hours": {"mon": ["08:00-17:00"], "thu": ["08:00-17:00"]}}
    city.save()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return city


def run(*given: str) -> tuple[int, str]:
    """The exit code and what was said, as one line."""
    usual = ["--profile", "la", "--processes", "1"]
    with words.out.capture() as said, words.err.capture() as errors:
        answer = CliRunner().invoke(main, ["generate", "history", *usual, *given])
    if answer.exception and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.exit_code, squeezed(said.get() + errors.get() + answer.output)


def test_it_makes_a_history_and_says_so() -> None:
    code, said = run("--cases", "100", "--until", "2026-03-01")
    assert code == 0, said
    assert "100 cases are there, 100 of them new" in said
    assert "Seed 1, until 2026-03-01 00:00:00 UTC." in said
    assert Case.objects.count() == 100


def test_asked_for_again_it_adds_nothing() -> None:
    run("--cases", "100")
    code, said = run("--cases", "100")
    assert code == 0, said
    assert "100 of 100 cases are there already." in said
    assert Case.objects.count() == 100


def test_broken_off_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    write, left = storing._write, iter((True, False))

    def failing(*given: Any) -> None:
        if not next(left):
            raise storing.HistoryRefused("The disk is full.")
        write(*given)

    monkeypatch.setattr(storing, "_write", failing)
    code, said = run("--cases", "100")
    assert code == 1
    assert "The disk is full." in said
    monkeypatch.setattr(storing, "_write", write)
    code, said = run("--cases", "100")
    assert code == 0, said
    assert "40 of 100 cases are there already." in said
    assert "100 cases are there, 60 of them new" in said
    assert Case.objects.count() == 100


def test_another_seed_adds_another_history() -> None:
    run("--cases", "50")
    code, said = run("--cases", "60")
    assert code == 1
    assert "There is a history of 50 cases in 3 years with the seed 1 already" in said
    code, said = run("--cases", "60", "--seed", "2")
    assert code == 0, said
    assert Case.objects.count() == 110


def test_reports_of_real_residents_keep_it_out(town: Any, now: datetime) -> None:
    run("--cases", "50")
    case = Case.objects.order_by("id")[0]
    ServiceRequest.objects.create(city=town, case=case, created_at=now, number="R-1")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    code, said = run("--cases", "50", "--seed", "2")
    assert code == 1
    assert "Import Town has reports of real residents." in said
    assert Case.objects.count() == 50
    code, said = run("--cases", "50", "--seed", "2", "--yes")
    assert code == 0, said
    assert Case.objects.count() == 100


def test_what_cannot_be_is_said(now: datetime) -> None:
    assert "must be" in run("--cases", "0")[1] or run("--cases", "0")[0] == 2
    code, said = run("--cases", "5", "--profile", "atlantis")
    assert code == 1
    assert 'There is no profile "atlantis". Use one of la, nyc' in said
    code, said = run("--cases", "5", "--until", "2030-01-01")
    assert "The past cannot end in the future." in said
    code, said = run("--cases", "5", "--city", "nowhere")
    assert "There is no city called 'nowhere'." in said
    assert "Known cities: town" in said
    build_city(now, slug="other-town")
    assert "Say which city, with --city." in run("--cases", "5")[1]
