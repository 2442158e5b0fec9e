"""Who is told what: fan-out, replay, slow clients, the end of a stream."""

import asyncio
import re
from typing import Any, cast

from onehall.api.live.client import SLOW_BYTES, Client, head
from onehall.api.live.hub import BUCKETS, HEARTBEAT, RESET, Hub, News


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.data = b""
        self.closed = self.aborted = False
        self.limit: int | None = None

    def set_write_buffer_limits(self, high: int | None = None) -> None:
        self.limit = high

    def write(self, data: bytes) -> None:
        self.data += data

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    @property
    def ids(self) -> list[int]:
        return [int(n) for n in re.findall(rb"^id: (\d+)$", self.data, re.MULTILINE)]


def open_page(
    hub: Hub, *channels: str, since: int | None = None, now: float = 1000.0
) -> tuple[Client, Wire]:
    client, wire = Client(channels, since, hub.leave), Wire()
    client.connection_made(cast("asyncio.Transport", wire))
    hub.join(client, now)
    return client, wire


def item(news_id: int, *channels: str, at: float = 1000.0, **rest: Any) -> News:
    return News(news_id, channels, rest, at)


def test_each_channel_hears_its_own_and_no_names_of_others() -> None:
    hub = Hub()
    _one, first = open_page(hub, "case:1")
    _two, second = open_page(hub, "city:9", "case:2")
    hub.tell([], 1000)
    hub.tell([item(5, "case:1", "city:9", v=7), item(6, "case:3", v=1)], 1000.2)
    assert first.data == b'id: 5\ndata: {"channel":"case:1","v":7}\n\n'
    assert second.data == b'id: 5\ndata: {"channel":"city:9","v":7}\n\n'


def test_a_new_page_hears_the_last_seconds_before_it() -> None:
    hub = Hub()
    hub.tell([item(1, "c", at=990), item(2, "c", at=998)], 1000)
    _client, wire = open_page(hub, "c")
    hub.tell([item(3, "c")], 1000.1)
    assert wire.ids == [2, 3]


def test_a_page_that_comes_back_hears_what_it_missed_in_the_order_it_was_told() -> None:
    hub = Hub()
    hub.tell([], 900)
    for news_id in (1, 3, 2, 4):
        hub.tell([item(news_id, "c", at=900)], 900)
    _client, wire = open_page(hub, "c", since=3)
    hub.tell([], 1000)
    assert wire.ids == [2, 4], "2 was committed after 3 was told"


def test_after_a_restart_the_seconds_before_are_told_once_more() -> None:
    hub = Hub()
    hub.tell([item(1, "c", at=950), item(2, "c", at=995), item(3, "c", at=996)], 1000)
    _client, wire = open_page(hub, "c", since=3)
    hub.tell([item(4, "c")], 1000)
    assert wire.ids == [2, 4]


def test_a_page_that_was_away_too_long_is_told_to_read_anew() -> None:
    hub = Hub()
    hub.tell([item(1, "c", at=1000)], 1000)
    hub.tell([], 1700)
    _client, wire = open_page(hub, "c", since=1, now=1700)
    hub.tell([], 1700)
    assert wire.data == RESET
    assert hub.index == {}


def test_a_page_that_left_leaves_nothing_behind() -> None:
    hub = Hub()
    client, _wire = open_page(hub, "a", "b")
    hub.tell([], 1000)
    assert len(hub) == 1
    client.connection_lost(None)
    client.connection_lost(None)
    assert (len(hub), dict(hub.channels), hub.waiting) == (0, {}, set())


def test_a_slow_page_is_dropped() -> None:
    hub = Hub()
    client, wire = open_page(hub, "a")
    assert wire.limit == SLOW_BYTES
    client.pause_writing()
    assert wire.aborted
    client.write(b"more")
    assert wire.data == b""


def test_heartbeats_come_every_twenty_seconds_and_streams_end_after_an_hour() -> None:
    hub = Hub()
    _client, wire = open_page(hub, "a", now=0)
    for second in range(BUCKETS * 2):
        hub.beat(second)
    assert wire.data == HEARTBEAT * 2
    for second in range(BUCKETS):
        hub.beat(3600 * 1.1 + second)
    assert wire.closed


def test_the_head_forbids_storing_and_buffering() -> None:
    text = head("").decode()
    for line in (
        "Content-Type: text/event-stream; charset=utf-8",
        "Cache-Control: no-store, no-transform",
        "Connection: close",
        "X-Accel-Buffering: no",
        "X-Content-Type-Options: nosniff",
        "Cross-Origin-Resource-Policy: same-origin",
    ):
        assert f"\r\n{line}\r\n" in text
    assert re.search(r"\r\n\r\nretry: [2-5]\d\d\d\n\n$", text)
    assert "Access-Control" not in text
    assert (
        "Access-Control-Allow-Origin: https://a.example\r\n" in head("https://a.example").decode()
    )
