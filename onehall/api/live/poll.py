"""Reads the live news from the outbox over one connection."""

import asyncio
import logging
from collections import deque
from typing import Any, Final

import psycopg

from onehall.api.live.hub import KEEP_MOST, LATE_SECONDS, Hub, News

log = logging.getLogger("onehall.live")

EVERY_SECONDS: Final = 0.25
PAGE: Final = 2_000
FIRST: Final = """
    SELECT id, payload, age FROM (
        SELECT id, payload, extract(epoch FROM clock_timestamp() - created_at)::float8 AS age
        FROM messaging_outbox
        WHERE topic = 'live'
        ORDER BY id DESC LIMIT %(most)s
    ) newest
    ORDER BY id
"""
NEXT: Final = """
    SELECT id, payload, 0::float8 FROM messaging_outbox
    WHERE topic = 'live' AND id > %(low)s AND id <> ALL(%(seen)s)
    ORDER BY id LIMIT %(most)s
"""


class Poller:
    """Reads what is new. Rows can commit out of the order of their ids, so the ids of the last
    ten seconds are read again, without those that were told."""

    def __init__(self, database_url: str, hub: Hub) -> None:
        self.database_url = database_url
        self.hub = hub
        self.wake = asyncio.Event()
        self.loaded = False
        self._low = 0
        self._highest = 0
        self._marks: deque[tuple[float, int]] = deque()

    async def run(self) -> None:
        """For ever: read every quarter second while somebody listens; reconnect with back-off."""
        losses = 0
        while True:
            await self.wake.wait()
            try:
                async with await psycopg.AsyncConnection.connect(
                    self.database_url,
                    autocommit=True,
                    connect_timeout=5,
                    prepare_threshold=None,
                    application_name="onehall-live",
                ) as database:
                    async for _reading in self._readings(database):
                        losses = 0
            except (psycopg.Error, OSError, TimeoutError) as problem:
                losses += 1
                log.warning("event=live.database_lost kind=%s", type(problem).__name__)
                await asyncio.sleep(min(5.0, 0.2 * 2.0**losses))

    async def _readings(self, database: psycopg.AsyncConnection[Any]) -> Any:
        loop = asyncio.get_running_loop()
        while True:
            await self.wake.wait()
            started = loop.time()
            full = await self._read(database, started)
            yield full
            if not len(self.hub):
                self.wake.clear()
            elif not full:
                await asyncio.sleep(max(0.02, EVERY_SECONDS - (loop.time() - started)))

    async def _read(self, database: psycopg.AsyncConnection[Any], started: float) -> bool:
        """One reading, told to the hub; True when there is more at once."""
        if self.loaded:
            values = {"low": self._low, "seen": self.hub.seen_after(self._low), "most": PAGE}
            cursor = await database.execute(NEXT, values)
        else:
            cursor = await database.execute(FIRST, {"most": KEEP_MOST})
        rows = await cursor.fetchall()
        self.hub.tell([_news(row, started) for row in rows], started)
        if rows or not self.loaded:
            self._highest = max(self._highest, *(row[0] for row in rows), 0)
        if not self.loaded:
            self.loaded = True
            # A row with a lower id than a recent one may still be on its way to its commit.
            cut = rows[0][0] - 1 if len(rows) == KEEP_MOST else 0
            self._low = max((row[0] for row in rows if row[2] >= LATE_SECONDS), default=cut)
        self._marks.append((started, self._highest))
        while self._marks and self._marks[0][0] <= started - LATE_SECONDS:
            self._low = max(self._low, self._marks.popleft()[1])
        return len(rows) == PAGE


def _news(row: tuple[Any, ...], now: float) -> News:
    news_id, payload, age = row
    rest = dict(payload)
    channels = tuple(str(channel) for channel in rest.pop("channels", ()))
    return News(int(news_id), channels, rest, now - max(0.0, float(age)))
