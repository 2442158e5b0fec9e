"""The process tree: restarts, draining, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onehall.cli.supervisor import Child, Supervisor

pytestmark = pytest.mark.real_clock
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"
OUTER = """
import sys
from onehall.cli.supervisor import Child, Supervisor
child = Child(name="sleeper", command=[sys.executable, "-c", "import time; time.sleep(60)"])
def ready():
    return child.process is not None
Supervisor([child]).run(is_ready=ready, on_ready=lambda: print(child.process.pid, flush=True))
"""


def eventually(true: Callable[[], bool], *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.02)
    return False


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def run_with(child: Child, steps: Callable[[Supervisor], None]) -> None:
    """Runs `steps` beside the supervisor, which itself needs the main thread."""
    supervisor = Supervisor([child])

    def beside() -> None:
        try:
            steps(supervisor)
        finally:
            supervisor.stop()

    thread = threading.Thread(target=beside)
    thread.start()
    supervisor.run(is_ready=lambda: True, on_ready=lambda: None)
    thread.join()


def test_a_child_that_dies_is_started_again() -> None:
    child = Child(name="sleeper", command=SLEEPER)
    pids: set[int] = set()

    def steps(supervisor: Supervisor) -> None:
        assert eventually(lambda: child.process is not None)
        assert child.process
        pids.add(child.process.pid)
        child.process.kill()
        assert eventually(lambda: child.process is not None and child.process.pid not in pids)
        assert child.process
        pids.add(child.process.pid)

    run_with(child, steps)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


def test_the_pause_grows_with_each_failure() -> None:
    child = Child(name="failing", command=[sys.executable, "-c", "raise SystemExit(3)"])
    run_with(child, lambda _: time.sleep(2.5))
    assert child.wait >= 1.0


def test_one_that_does_not_listen_is_ended_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onehall.cli.supervisor.DRAIN_SECONDS", 0.5)
    child = Child(name="stubborn", command=[sys.executable, "-c", STUBBORN])
    run_with(child, lambda _: time.sleep(1))
    assert child.is_gone()


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux only")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_its_supervisor(number: signal.Signals) -> None:
    outer = subprocess.Popen([sys.executable, "-c", OUTER], stdout=subprocess.PIPE, text=True)
    assert outer.stdout is not None
    pid = int(outer.stdout.readline())
    assert alive(pid)
    os.kill(outer.pid, number)
    assert eventually(lambda: not alive(pid))
    outer.wait(10)
    outer.stdout.close()
