"""What processes cost, and whether they are gone: read from /proc, so on Linux only."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def below(pid: int) -> list[int]:
    """A process and all that it and its children started and that still live."""
    found = [pid] if is_alive(pid) else []
    for at in found:
        for task in Path(f"/proc/{at}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def cpu_seconds(*pids: int, with_ended: bool = False) -> float:
    """CPU seconds of living processes; `with_ended` adds what their ended children took."""
    ticks = 0
    for pid in pids:
        facts = _stat(pid)
        ticks += sum(int(number) for number in facts[11 : 15 if with_ended else 13])
    return ticks / TICKS


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    facts = _stat(pid)
    return bool(facts) and facts[0] not in {"Z", "X"}


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; [] when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []
