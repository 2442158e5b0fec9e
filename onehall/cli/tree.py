"""The process tree of one installation: pages, worker, live stream."""

from __future__ import annotations

import http.client
import socket
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from onehall.cli.running import live_socket
from onehall.cli.supervisor import Child
from onehall.cli.words import Failure
from onehall.config.env import Env

PORT_PATIENCE_SECONDS = 3.0
EVERYWHERE = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104  # only compared with
"""Addresses at which `localhost` reaches a server."""
POOLS = {
    "tiles": ("ONEHALL_TILE_WORKERS", "ONEHALL_TILE_BIND"),
    "staff": ("ONEHALL_STAFF_WORKERS", "ONEHALL_STAFF_BIND"),
}
"""Further pools of web processes: how many, and where they listen. A proxy in front sends them their share."""


def children() -> list[Child]:
    """The processes to run, in the order they are started."""
    environment = {"ONEHALL_LIVE_SOCKET": str(live_socket())}
    python = [sys.executable, "-m"]
    pages = [*python, "gunicorn", "--config", "python:onehall.config.gunicorn"]
    found = [
        Child(name="pages", command=pages, environment=environment),
        *_pools(pages, environment),
        Child(name="worker", command=[*python, "onehall", "worker"], environment=environment),
    ]
    if find_spec("onehall.api.live") is not None:
        live = [*python, "onehall.api.live"]
        found.append(Child(name="live", command=live, environment=environment))
    return found


def pay_demo(port: int, data: Path) -> Child:
    """The demo payment provider, which listens where the pages do and tells them what was paid."""
    host, pages = bound()
    name = f"[{host}]" if ":" in host else host
    shown = "localhost" if host in EVERYWHERE else name
    words = ["pay-demo", "--host", host, "--port", str(port), "--dir", str(data / "pay-demo")]
    words += ["--webhooks", f"http://{shown}:{pages}/pay/webhook"]
    return Child(name="pay-demo", command=[sys.executable, "-m", "onehall", *words])


def free_port(wanted: int) -> int:
    """A port beside the pages' own: the one that is wanted, or any."""
    host, _ = bound()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except (OSError, OverflowError):
            probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _pools(pages: list[str], environment: dict[str, str]) -> list[Child]:
    """The pools that are asked for."""
    env = Env()
    return [
        Child(
            name=name,
            command=pages,
            environment=environment
            | {
                "ONEHALL_POOL": name,
                "ONEHALL_WEB_WORKERS": str(env.number(workers)),
                "ONEHALL_BIND": env.text(bind),
            },
        )
        for name, (workers, bind) in POOLS.items()
        if env.number(workers) > 0
    ]


def bound(variable: str = "ONEHALL_BIND") -> tuple[str, int]:
    """The address and port of the pages, or of another pool."""
    host, _, port = Env().text(variable).rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


def port_must_be_free() -> None:
    """Refuses to start when another program holds a port of ours; waits a moment for one that ends."""
    used = [bind for workers, bind in POOLS.values() if Env().number(workers) > 0]
    for variable in ("ONEHALL_BIND", *used):
        _must_be_free(*bound(variable))


def _must_be_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while True:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if time.monotonic() > deadline:
                    message = f"Port {port} on {host} cannot be used: {error.strerror}."
                    raise Failure(message, hint=f"Choose another one: --port {port + 1}") from None
            else:
                return
        time.sleep(0.2)


def _own_name() -> str:
    """A host name the pages answer to: the first that is a whole name."""
    names = Env().items("ONEHALL_HOSTS")
    return next((name for name in names if not name.startswith((".", "*"))), "localhost")


def pages_answer() -> bool:
    """Whether the pages serve requests."""
    host, port = bound()
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # only translated
    connection = http.client.HTTPConnection(here, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": _own_name()})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
