"""How the web processes share new connections out among themselves."""

import os
import socket
from types import SimpleNamespace

from onehall.config.gunicorn_worker import FRESH_SECONDS, Shares, _hung_up


def test_a_connection_is_left_to_a_process_that_has_fewer() -> None:
    shares = Shares()
    shares.tell(1, connections=3, now=100)
    shares.tell(2, connections=1, now=100)
    assert shares.others_have_fewer(1, 3, now=101)
    assert not shares.others_have_fewer(2, 1, now=101)
    assert not shares.others_have_fewer(1, 1, now=101), "as many is not fewer"


def test_nothing_is_left_to_a_process_that_is_gone_or_takes_no_more() -> None:
    shares = Shares()
    shares.tell(1, connections=3, now=100)
    shares.tell(2, connections=0, now=100)
    assert not shares.others_have_fewer(1, 3, now=100 + FRESH_SECONDS)
    shares.tell(2, connections=0, now=200)
    shares.leave(2)
    assert not shares.others_have_fewer(1, 3, now=201)


def test_processes_that_parted_see_each_others_counts() -> None:
    shares = Shares()
    child = os.fork()
    if child == 0:
        shares.tell(2, connections=0, now=100)
        os._exit(0)
    os.waitpid(child, 0)
    assert shares.others_have_fewer(1, 1, now=100)


def test_a_connection_that_its_client_ended_counts_for_nothing() -> None:
    pairs = [socket.socketpair() for _ in range(3)]
    idle = [SimpleNamespace(sock=ours) for ours, _theirs in pairs]
    assert _hung_up(idle) == 0
    pairs[0][1].close()
    pairs[2][1].close()
    assert _hung_up(idle) == 2
    pairs[1][1].sendall(b"GET / HTTP/1.1")
    assert _hung_up(idle) == 2, "one that asks is there"
    for sock in (s for pair in pairs for s in pair):
        sock.close()
