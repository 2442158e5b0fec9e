"""A run of the archive in a process of its own, which kills itself where it is told: SLUG SIZE NOW STEP."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django


def die(*_given: Any, **_named: Any) -> Any:
    """End at once, as when the machine fails."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(done: Callable[..., Any]) -> Callable[..., Any]:
    """Do something, and die."""

    def both(*given: Any, **named: Any) -> Any:
        done(*given, **named)
        die()

    return both


if __name__ == "__main__":
    django.setup()
    from onehall.casework import archiving
    from onehall.kernel import storage
    from onehall.places.models import City

    slug, size, now, step = sys.argv[1:]
    archiving.BATCH = int(size)  # type: ignore[misc]
    if step == "before the file":
        storage.put = die  # type: ignore[assignment]
    elif step == "after the file":
        storage.put = after(storage.put)
    elif step == "before deleting":
        archiving._delete = die
    elif step == "after deleting":
        archiving._delete = after(archiving._delete)
    elif step == "after a batch":
        archiving._seal = after(archiving._seal)
    archiving.carry_out(City.objects.get(slug=slug), now=datetime.fromisoformat(now))
