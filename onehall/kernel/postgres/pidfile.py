"""What `postmaster.pid` says, and whether it is still true."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class PidFile:
    """The lines of a pid file that matter; `ready` is what the server itself claims."""

    pid: int
    port: int
    socket_dir: str
    ready: bool


def read(cluster: Path) -> PidFile | None:
    """The pid file of a cluster; None when there is none, or none that can be read."""
    try:
        lines = (cluster / "postmaster.pid").read_text("utf-8").splitlines()
        return PidFile(
            pid=int(lines[0]),
            port=int(lines[3]),
            socket_dir=lines[4],
            ready=len(lines) > 7 and lines[7].strip() == "ready",
        )
    except (OSError, ValueError, IndexError):
        return None


def is_postmaster(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a living server of this very cluster, and not a zombie or a reused number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    if sys.platform != "linux":
        answer = subprocess.run(
            ["ps", "-o", "stat=,command=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        return "postgres" in answer and not answer.startswith("Z")
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        name, _, rest = status.partition("(")[2].rpartition(")")
        if name != "postgres" or rest.split()[0] in {"Z", "X"}:
            return False
        # A server lives in its data folder; where that cannot be read, its name has to do.
        return Path(f"/proc/{pid}/cwd").resolve() == cluster.resolve()
    except PermissionError:
        return True
    except OSError:
        return False


def forget_if_stale(cluster: Path) -> bool:
    """Removes a pid file whose server is gone; true when the cluster is free to start."""
    known = read(cluster)
    if known is not None and is_postmaster(known.pid, cluster):
        return False
    # A server that is gone may have left a half-written file, which would stop the next one.
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    return True
