"""A worker process for the chaos tests: its handler notes what it did in a table."""

import datetime as dt
import os
import time
from typing import Any

import django


def note(payload: dict[str, Any], *, city_id: int, key: str, now: dt.datetime) -> None:
    """Insert a line, slowly enough to be killed in between."""
    from django.db import connection

    time.sleep(0.003)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO chaos (key, pid) VALUES (%s, %s)", [key, os.getpid()])


if __name__ == "__main__":
    django.setup()
    from onehall.messaging import handlers, worker

    handlers.register("chaos", note)
    worker.run(lease=dt.timedelta(seconds=2))
