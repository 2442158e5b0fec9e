"""`onehall billing`: what it says, what it leaves behind, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.db import connection

from onehall.billing.models import ApiKey, Invoice, Payout
from onehall.cli import doctor, running
from onehall.cli.billing import command
from onehall.places.models import City
from tests.billing.money import bill, billing_city
from tests.billing.test_statements import HEAD, ROW, changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return billing_city()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    from contextlib import nullcontext

    monkeypatch.setattr(running, "django", nullcontext)
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Result:
        return CliRunner().invoke(command, [str(w) for w in words])

    return call


def test_import(city: City, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("\n".join([HEAD, ROW, changed(ROW, Statement="")]), "utf-8")
    words = ("import", file, "--city", "testford", "--profile", "utility-statements")
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0
    assert "Nothing was changed." in dry.output
    assert not Invoice.objects.exists()
    done = run(*words)
    assert done.exit_code == 0
    assert Invoice.objects.count() == 1
    rejects = (tmp_path / "s.csv.rejects.csv").read_text("utf-8")
    assert "Statement,The reference is missing." in rejects
    assert "2 rows = 1 new bills" in done.output
    assert run(*words[:-1], "nothing").exit_code == 1


def test_payouts(city: City, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text(
        json.dumps(
            [{"ref": "po_1", "currency": "USD", "arrives_on": "2026-03-01", "net": 5, "items": []}]
        ),
        "utf-8",
    )
    for _again in range(2):
        assert run("payouts", file, "--city", "testford", "--provider", "bank").exit_code == 0
    assert Payout.objects.get().provider == "bank"
    file.write_text("[", "utf-8")
    assert run("payouts", file, "--city", "testford").exit_code == 1
    assert run("payouts", "--city", "testford").exit_code == 1


def test_the_proof_ends_with_1_when_something_is_off_and_doctor_says_so(
    city: City, run: Any
) -> None:
    bill(city)
    assert run("prove").exit_code == 0
    assert [f.good for f in doctor._ledgers()] == [True]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_invoice SET owed = owed - 1")
    said = run("prove", "--city", "testford")
    assert said.exit_code == 1
    assert "off by $0.01" in said.output
    (finding,) = doctor._ledgers()
    assert finding.good is False
    assert "1 thing off" in finding.words


def test_keys(city: City, run: Any) -> None:
    made = run("key", "--city", "testford", "--name", "Harbor")
    assert made.exit_code == 0
    assert "ohk_" in made.output
    assert ApiKey.objects.get().sha256 not in made.output
    assert run("key", "--city", "testford", "--name", "Harbor").exit_code == 1
    assert "Harbor: made" in run("key", "--city", "testford").output
    assert run("key", "--city", "testford", "--end", "Harbor").exit_code == 0
    assert run("key", "--city", "testford", "--end", "Harbor").exit_code == 1
