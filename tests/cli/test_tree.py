"""The processes of an installation: further pools of web processes, each at an address of its own."""

import socket

import pytest

from onehall.cli import tree
from onehall.cli.words import Failure


def test_a_small_machine_has_one_pool() -> None:
    assert [c.name for c in tree.children()] == ["pages", "worker", "live"]


def test_pools_are_started_with_their_own_number_and_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ONEHALL_TILE_WORKERS", "1")
    monkeypatch.setenv("ONEHALL_STAFF_WORKERS", "3")
    monkeypatch.setenv("ONEHALL_STAFF_BIND", "127.0.0.1:9012")
    found = {c.name: c for c in tree.children()}
    assert list(found) == ["pages", "tiles", "staff", "worker", "live"]
    assert found["tiles"].command == found["pages"].command
    staff = found["staff"].environment
    assert (staff["ONEHALL_POOL"], staff["ONEHALL_WEB_WORKERS"], staff["ONEHALL_BIND"]) == (
        "staff", "3", "127.0.0.1:9012",
    )  # fmt: skip
    assert "ONEHALL_POOL" not in found["pages"].environment


def test_a_port_of_a_pool_that_is_taken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "PORT_PATIENCE_SECONDS", 0)
    with socket.socket() as free, socket.socket() as taken:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ONEHALL_BIND", f"127.0.0.1:{free.getsockname()[1]}")
        free.close()
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("ONEHALL_TILE_BIND", f"127.0.0.1:{port}")
        tree.port_must_be_free()
        monkeypatch.setenv("ONEHALL_TILE_WORKERS", "1")
        with pytest.raises(Failure, match=str(port)):
            tree.port_must_be_free()
