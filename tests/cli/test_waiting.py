"""`onehall waiting`: the operator's look at reports that came while the database was away."""

import datetime as dt
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection

from onehall.cli import running
from onehall.cli import waiting as commands
from onehall.cli.main import main
from onehall.cli.words import Failure
from onehall.kernel.clock import now
from onehall.places.models import City
from onehall.portal import recording
from onehall.service_requests import waiting
from onehall.service_requests.models import ServiceRequest
from tests.portal import conftest
from tests.portal.conftest import filled

city = conftest.city
NOBODY = uuid.UUID("0b0a7c1e-5f0e-4f0c-9d57-3f6f0e2a9a11")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Path:
    """The test's own database and a folder of its own."""

    @contextmanager
    def this_process() -> Iterator[None]:
        yield

    monkeypatch.setattr(running, "django", this_process)
    monkeypatch.setattr(running, "set_up_django", lambda: None)
    settings.WAITING_DIR = tmp_path / "waiting"
    return tmp_path / "waiting"


def run(*given: str) -> Result:
    return CliRunner().invoke(main, ["waiting", *given])


def keep(*photos: bytes, **changes: Any) -> uuid.UUID:
    """A report that waits."""
    fields = filled(**{"email": "rosa@example.com"} | changes)
    key = uuid.UUID(fields["key"])
    report = waiting.Report(
        key=key, service="pothole", host="testford.example", secure=True, language="en",
        received_at=now() - dt.timedelta(hours=1), fields=tuple(fields.items()),
    )  # fmt: skip
    waiting.keep(report, [SimpleUploadedFile("a.jpg", data, "image/jpeg") for data in photos])
    return key


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that nobody reaches."""

    def none() -> NoReturn:
        raise Failure("The server did not start.")

    monkeypatch.setattr(running, "django", none)


class TestList:
    def test_says_that_none_waits(self) -> None:
        assert "No report waits." in run("list").output

    def test_names_each_without_a_word_of_it(self, away: None) -> None:
        first, second = keep(), keep()
        waiting.put_aside(second, waiting.REFUSED, why="only its sender can put right: email")
        answer = run("list")
        assert answer.exit_code == 0, answer.output
        lines = answer.output.splitlines()
        assert lines[0].startswith(f"{first}  waits  ")
        assert lines[0].endswith("UTC  testford.example  pothole")
        assert lines[1].startswith(f"{second}  refused  ")
        assert lines[2] == "    only its sender can put right: email"
        assert "rosa" not in answer.output
        assert "wheel" not in answer.output

    def test_passes_over_what_is_no_report_and_names_what_is_damaged(self, here: Path) -> None:
        key = keep()
        (here / "new" / str(key) / "report.json").write_text("{")
        (here / "new" / "lost+found").mkdir()
        assert run("list").output.splitlines() == [f"{key}  waits", f"    {commands.DAMAGED}"]
        assert "are damaged" in run("show", str(key)).output

    def test_of_another_account_is_refused_in_words(
        self, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key = keep()
        monkeypatch.setattr(os, "geteuid", lambda: here.stat().st_uid + 1)
        assert run("list").exit_code == 0
        for given in (["drop", str(key), "--reason", "spam"], ["retry"]):
            answer = run(*given)
            assert answer.exit_code == 1
            assert "belongs to another account" in " ".join(answer.output.split())
        assert waiting.keys() == [key]


class TestShow:
    def test_prints_what_was_told(self, away: None) -> None:
        key = keep(b"12345", words="A [red]hole[/red]\r\n\x1b[31min the road")
        answer = run("show", str(key))
        assert answer.exit_code == 0, answer.output
        assert "words: A [red]hole[/red]\n\ufffd[31min the road" in answer.output
        assert "email: rosa@example.com" in answer.output
        assert "Photo a.jpg (image/jpeg, 5 bytes)" in answer.output
        assert "do:" not in answer.output

    @pytest.mark.parametrize("given", ["show", "drop", "retry"])
    def test_a_key_that_is_none_is_refused(self, given: str) -> None:
        more = ["--reason", "spam"] if given == "drop" else []
        for text in ("pothole", "../../etc", "137f0b0b"):
            answer = run(given, text, *more)
            assert answer.exit_code == 1
            assert f"{text!r} is no key of a report" in answer.output
        answer = run(given, str(NOBODY), *more)
        assert answer.exit_code == 1
        assert f"No report {NOBODY} waits" in answer.output


class TestDrop:
    def test_puts_it_away_with_a_line_in_the_log(
        self, away: None, here: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        key = keep()
        answer = run("drop", str(key), "--reason", "told  by\ntelephone")
        assert answer.exit_code == 0, answer.output
        assert waiting.keys() == []
        assert "dropped" not in run("list").output
        assert "told by telephone" in run("list", "--all").output
        assert f"event=waiting.dropped key={str(key)[:8]} was=waits" in caplog.text
        assert str(key) not in caplog.text
        line = (here / "dropped.log").read_text()
        assert f'key="{key}" was="waits"' in line
        assert 'reason="told by telephone"' in line
        assert "rosa" not in line
        assert stat.S_IMODE((here / "dropped.log").stat().st_mode) == 0o600
        again = run("drop", str(key), "--reason", "spam")
        assert again.exit_code == 1
        assert "was dropped before: told by telephone" in again.output
        old = now().timestamp()
        os.utime(here / "dropped" / str(key), (old, old))
        waiting.forget_old(now=now() + dt.timedelta(days=31))
        assert "No report waits" in run("list", "--all").output

    @pytest.mark.parametrize(
        ("reason", "says"),
        [
            (" ", "Say why in words"),
            ("x" * 201, "longer than 200"),
            ("spam of rosa@example.com", "names an e-mail address"),
        ],
    )
    def test_a_reason_that_is_none_is_refused(self, reason: str, says: str) -> None:
        key = keep()
        answer = run("drop", str(key), "--reason", reason)
        assert answer.exit_code == 1
        assert says in answer.output
        assert waiting.keys() == [key]
        assert run("drop", str(key)).exit_code == 2

    def test_waits_for_the_worker_and_then_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commands, "PATIENCE_SECONDS", 0)
        key = keep()
        with waiting.alone():
            answer = run("drop", str(key), "--reason", "spam")
        assert answer.exit_code == 1
        assert "A worker is recording" in answer.output
        assert waiting.keys() == [key]


class TestRetry:
    def test_records_what_waits_now(self, city: City) -> None:
        keep()
        keep()
        answer = run("retry")
        assert answer.exit_code == 0, answer.output
        assert "2 of 2 recorded." in answer.output
        assert ServiceRequest.objects.count() == 2
        assert "No report waits." in run("retry").output

    def test_says_what_was_refused_and_why(self, city: City) -> None:
        key = keep(where="", email="rosa", words="x" * 5000)
        answer = run("retry")
        assert answer.exit_code == 1
        assert "1 refused" in answer.output
        why = waiting.why(key)
        assert why == "only its sender can put right: words, email, the place (missing)"
        assert why in run("list").output

    def test_takes_back_what_was_put_aside(self, city: City) -> None:
        refused, dropped, other = keep(), keep(), keep()
        waiting.put_aside(refused, waiting.REFUSED, why="a fault of the program: KeyError")
        run("drop", str(dropped), "--reason", "by mistake")
        answer = run("retry", str(refused), str(dropped))
        assert answer.exit_code == 0, answer.output
        assert {r.key for r in ServiceRequest.objects.all()} == {refused, dropped}
        assert waiting.keys() == [other]

    def test_a_damaged_one_holds_up_no_other(self, city: City, here: Path) -> None:
        damaged, key = keep(), keep()
        (here / "new" / str(damaged) / "report.json").unlink()
        recording.record_waiting(now=now())
        assert ServiceRequest.objects.get().key == key
        assert waiting.why(damaged) == commands.DAMAGED

    def test_says_that_nothing_is_lost_while_the_database_is_away(self, away: None) -> None:
        key = keep()
        answer = run("retry")
        assert answer.exit_code == 1
        assert "The server did not start." in answer.output
        assert "goes on waiting" in answer.output
        assert waiting.keys() == [key]

    def test_leaves_where_it_is_what_it_can_not_try(
        self,
        city: City,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def gone() -> None:
            raise OperationalError("no")

        key = keep()
        waiting.put_aside(key, waiting.REFUSED, why="x")
        with monkeypatch.context() as patched:
            patched.setattr(connection, "ensure_connection", gone)
            answer = run("retry", str(key))
        assert answer.exit_code == 1
        assert "0 of 1 recorded" in answer.output
        assert waiting.keys(waiting.REFUSED) == [key]
