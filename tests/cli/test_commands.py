"""The command line: what it lists, how it refuses, what the demo leaves alone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from onehall.cli import demo_facts, running
from onehall.cli.demo import MARK
from onehall.cli.main import COMMANDS, main
from onehall.cli.words import Failure


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    # Commands set variables for their children; the tests get them back.
    for name in ("ONEHALL_DATA", "ONEHALL_MODE", "ONEHALL_BIND", "ONEHALL_HOSTS", "DATABASE_URL"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    return CliRunner()


@pytest.mark.parametrize("name", [name for name, words in COMMANDS.items() if words])
def test_every_command_explains_itself(run: CliRunner, name: str) -> None:
    if name == "manage":
        return
    answer = run.invoke(main, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    assert "Usage" in answer.output


def test_the_inner_command_is_not_listed(run: CliRunner) -> None:
    assert "prepare-demo" not in run.invoke(main, ["--help"]).output


def test_a_folder_that_is_no_demo_is_never_emptied(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    answer = run.invoke(main, ["demo", "--dir", str(tmp_path), "--reset"])
    assert answer.exit_code == 1
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.real_clock
def test_a_port_in_use_is_said_before_anything_starts(run: CliRunner, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        answer = run.invoke(main, ["demo", "--dir", str(tmp_path / "d"), "--port", port])
    assert answer.exit_code == 1
    assert [path.name for path in (tmp_path / "d").iterdir()] == [MARK]


def test_facts_of_the_demo_come_back_as_written(tmp_path: Path) -> None:
    facts = demo_facts.DemoFacts(
        city="Town",
        sign_ins=[demo_facts.SignIn(name="A", role="agent", email="a@b.example", password="p")],
        pages=[demo_facts.Page(name="Report", path="/report")],
    )
    assert demo_facts.load(tmp_path) is None
    facts.save(tmp_path)
    assert demo_facts.load(tmp_path) == facts


def test_a_deep_data_folder_gets_a_short_live_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEHALL_DATA", str(tmp_path / ("d" * 90)))
    monkeypatch.delenv("ONEHALL_LIVE_SOCKET", raising=False)
    assert len(str(running.live_socket())) < running.LONGEST_SOCKET


def test_failures_carry_their_exit_code() -> None:
    assert Failure("No.", code=3).exit_code == 3
