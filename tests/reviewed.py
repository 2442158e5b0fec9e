"""Testford with a flow that uses the whole language: a hole is reviewed by two or three teams at once."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

from onehall.casework import task_actions
from onehall.casework.models import Case, Task
from onehall.casework.progress import row_of
from onehall.cli import city as city_cli
from onehall.people.actor import Actor
from tests.cast import START, Cast, build, everybody, forget
from tests.kept_rows import KeptRows
from tests.packs import FIXTURES, WrongPack

REVIEWED = FIXTURES / "reviewed"


def pack(folder: Path) -> WrongPack:
    """Testford's pack with the flow and its service."""
    found = WrongPack(folder)
    for path in REVIEWED.rglob("*.yaml"):
        found.add(path.relative_to(REVIEWED).as_posix(), path.read_text(encoding="utf-8"))
    return found


def _reviewing() -> None:
    build()
    with tempfile.TemporaryDirectory() as folder:
        city_cli.apply(pack(Path(folder)).folder, with_staff=False, by="tests")


_KEPT = KeptRows(_reviewing)


def reviewed() -> Cast:
    """Everybody of Testford, where holes are reviewed."""
    forget()
    _KEPT.put()
    return everybody()


def hole(cast: Cast, size: str = "small", **more: Any) -> Case:
    """A reported hole."""
    return cast.case(service_key="hole", answers={"size": size}, **more)


def task(case: Case, key: str) -> Task:
    """The open task with this key."""
    return Task.objects.get(case_id=case.pk, key=key, state="open")


def open_tasks(case: Case) -> list[str]:
    """Keys of the open tasks."""
    found = Task.objects.filter(case_id=case.pk, state="open")
    return sorted(found.values_list("key", flat=True))


def finish(
    cast: Cast,
    case: Case,
    key: str,
    outcome: str = "yes",
    by: Actor | None = None,
    *,
    now: dt.datetime = START,
    **more: Any,
) -> Case:
    """Do a task, by Dana unless said otherwise; the roads cost 10 unless said otherwise."""
    if key == "roads":
        more.setdefault("answers", {"cost": 10})
    return task_actions.complete_task(
        city=cast.city,
        case_id=case.pk,
        task_id=task(case, key).pk,
        outcome=outcome,
        by=by or cast.dana,
        now=now,
        **more,
    )


def rows(case: Case) -> list[Any]:
    """The tasks of a case as conditions see them."""
    return [row_of(t) for t in Task.objects.filter(case_id=case.pk).order_by("id")]
