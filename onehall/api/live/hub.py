"""Who listens to what, and what was told lately."""

import json
import random
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from onehall.api.live.client import Client

KEEP_SECONDS: Final = 600.0
KEEP_MOST: Final = 20_000
FRESH_SECONDS: Final = 5.0
LATE_SECONDS: Final = 10.0
BUCKETS: Final = 20
LIFE_SECONDS: Final = 3600
RESET: Final = b"event: reset\ndata: {}\n\n"
HEARTBEAT: Final = b":\n\n"


class News(NamedTuple):
    """One outbox row; `at` is when it was seen (loop time), earlier when it was read late."""

    id: int
    channels: tuple[str, ...]
    rest: dict[str, Any]
    at: float


def encode(news: News, channel: str) -> bytes:
    """The event as one channel sees it: the names of the other channels are not told."""
    data = json.dumps({"channel": channel, **news.rest}, separators=(",", ":"))
    return f"id: {news.id}\ndata: {data}\n\n".encode()


class Hub:
    """Clients by channel, and the news of the last ten minutes in the order they were told."""

    def __init__(self) -> None:
        self.channels: defaultdict[str, set[Client]] = defaultdict(set)
        self.buckets: list[set[Client]] = [set() for _ in range(BUCKETS)]
        self.waiting: set[Client] = set()
        self.recent: deque[News] = deque(maxlen=KEEP_MOST)
        self.index: dict[int, int] = {}
        self.told = 0
        self.first_load = 0
        self._beat = 0

    def __len__(self) -> int:
        """How many clients are connected."""
        return sum(map(len, self.buckets))

    def join(self, client: Client, now: float) -> None:
        """A client connected; it is told news from the next reading on, with what it missed."""
        client.bucket = random.randrange(BUCKETS)  # noqa: S311 (spreads the heartbeats)
        client.ends_at = now + LIFE_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 (spread)
        self.buckets[client.bucket].add(client)
        self.waiting.add(client)

    def leave(self, client: Client) -> None:
        """A client is gone; harmless when repeated."""
        self.waiting.discard(client)
        self.buckets[client.bucket].discard(client)
        for channel in client.channels:
            listeners = self.channels.get(channel)
            if listeners is not None:
                listeners.discard(client)
                if not listeners:
                    del self.channels[channel]

    def tell(self, batch: Sequence[News], now: float) -> None:
        """Remember a reading, fan it out, then let the waiting clients in with their replay."""
        if self.told == 0:
            self.first_load = len(batch)
        for news in batch:
            self._remember(news)
            for channel in news.channels:
                listeners = self.channels.get(channel)
                if listeners:
                    _write(tuple(listeners), encode(news, channel))
        self._forget(now)
        for client in tuple(self.waiting):
            self.waiting.discard(client)
            for channel in client.channels:
                self.channels[channel].add(client)
            replay = b"".join(self._missed(client, now))
            if replay:
                client.write(replay)

    def beat(self, now: float) -> None:
        """Every second: a heartbeat for one bucket of clients, and the end of old streams."""
        self._beat = (self._beat + 1) % BUCKETS
        for client in tuple(self.buckets[self._beat]):
            if now >= client.ends_at:
                client.end()
            else:
                client.write(HEARTBEAT)

    def seen_after(self, low: int) -> list[int]:
        """The ids above `low` that were told already."""
        return [news_id for news_id in self.index if news_id > low]

    def _remember(self, news: News) -> None:
        if len(self.recent) == KEEP_MOST:
            self.index.pop(self.recent[0].id, None)
        self.index[news.id] = self.told
        self.recent.append(news)
        self.told += 1

    def _forget(self, now: float) -> None:
        while self.recent and self.recent[0].at < now - KEEP_SECONDS:
            self.index.pop(self.recent.popleft().id, None)

    def _missed(self, client: Client, now: float) -> Iterator[bytes]:
        """What a client has not seen, for its channels; RESET when that is no longer known."""
        if client.since is None:
            missed = self._newer_than(now - FRESH_SECONDS)
        elif client.since in self.index:
            missed = self._told_after(client.since)
        else:
            yield RESET
            return
        for news in missed:
            for channel in client.channels:
                if channel in news.channels:
                    yield encode(news, channel)

    def _newer_than(self, at: float) -> Iterable[News]:
        found: deque[News] = deque()
        for news in reversed(self.recent):
            if news.at < at:
                break
            found.appendleft(news)
        return found

    def _told_after(self, since: int) -> Iterable[News]:
        """News told after `since`.

        Of the first reading after a start the order of telling is not known, only that of the
        ids; so what was written shortly before is told once more.
        """
        oldest = self.told - len(self.recent)
        place = self.index[since]
        after = [self.recent[at - oldest] for at in range(place + 1, self.told)]
        if place < self.first_load:
            known = self.recent[place - oldest]
            before = [self.recent[at - oldest] for at in range(oldest, place)]
            return [n for n in before if n.at >= known.at - LATE_SECONDS] + after
        return after


def _write(clients: Iterable[Client], data: bytes) -> None:
    for client in clients:
        client.write(data)
