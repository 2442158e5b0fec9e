"""The demo payment provider in a process of its own, and beside a demo."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from onehall.cli import demo, tree
from onehall.cli.supervisor import Supervisor
from onehall.config.env import Env, pay_demo_secrets
from tests.cli.test_supervisor import alive, eventually
from tests.conftest import ROOT

pytestmark = pytest.mark.real_clock


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/knobs.json", timeout=2) as said:
            return json.load(said)["down"] is False
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_alone_and_ends_when_asked(tmp_path: Path, number: signal.Signals) -> None:
    port = free()
    command = [sys.executable, "-m", "onehall", "pay-demo", "--port", str(port)]
    environment = {**os.environ, "ONEHALL_DATA": str(tmp_path)}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert eventually(lambda: answers(port), seconds=30)
    journal = tmp_path / "pay-demo" / "journal.jsonl"
    assert journal.stat().st_mode & 0o077 == 0
    for other in (["--port", str(port)], ["--port", "0"]):
        # Neither its port nor its folder is taken away.
        again = subprocess.run(
            [*command[:4], *other],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 1
        assert "cannot be used" in again.stderr or "Another demo provider" in again.stderr
    running.send_signal(number)
    assert running.wait(20) == 0
    assert running.stdout is not None
    running.stdout.close()


def test_beside_a_demo_it_knows_where_the_pages_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEHALL_PAY_DEMO_ADDRESS", "x")
    monkeypatch.setenv("ONEHALL_DATA", str(tmp_path))
    for host, bind, pages in (
        ("127.0.0.1", "127.0.0.1", "localhost"), ("0.0.0.0", "0.0.0.0", "localhost"),
    ):  # fmt: skip
        monkeypatch.setenv("ONEHALL_BIND", f"{host}:8000")
        wanted = free()
        port = demo._set_payments(wanted)
        assert port == wanted
        assert os.environ["ONEHALL_PAY_DEMO_ADDRESS"] == f"http://127.0.0.1:{port}"
        child = tree.pay_demo(port, tmp_path)
        assert ["--host", bind] == list(child.command[4:6])
        assert f"http://{pages}:8000/pay/webhook" in child.command


def test_a_taken_port_is_got_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEHALL_BIND", "127.0.0.1:8000")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        assert tree.free_port(port) not in {0, port}
    assert tree.free_port(65_600) > 0


def test_it_lives_and_dies_with_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEHALL_BIND", "127.0.0.1:8000")
    monkeypatch.setenv("ONEHALL_DATA", str(tmp_path))
    port = tree.free_port(free())
    child = tree.pay_demo(port, tmp_path)
    supervisor = Supervisor([child])
    pids: set[int] = set()

    def beside() -> None:
        try:
            assert eventually(lambda: answers(port), seconds=30)
            assert child.process is not None
            pids.add(child.process.pid)
        finally:
            supervisor.stop()

    thread = threading.Thread(target=beside)
    thread.start()
    supervisor.run(is_ready=lambda: True, on_ready=lambda: None)
    thread.join()
    assert pids
    assert not any(alive(pid) for pid in pids)
    assert not answers(port)


def test_its_secrets_are_made_once_or_given(tmp_path: Path) -> None:
    made = pay_demo_secrets(Env({"ONEHALL_DATA": str(tmp_path)}))
    assert made == pay_demo_secrets(Env({"ONEHALL_DATA": str(tmp_path)}))
    assert made[0] != made[1]
    given = {"ONEHALL_PAY_DEMO_KEY": "k", "ONEHALL_PAY_DEMO_SECRET": "s"}
    assert pay_demo_secrets(Env({"ONEHALL_DATA": str(tmp_path), **given})) == ("k", "s")
