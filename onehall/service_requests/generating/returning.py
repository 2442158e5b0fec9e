"""Runs the statements that bring indexes and references back, several at a time where they do not wait for each other."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition
from typing import Final

from django.db import connection, transaction

from onehall.casework.bulk import CASES

_MEMORY_MB: Final = 512
"""For sorting, of all connections together."""
_INDEX: Final = re.compile(r"CREATE (?:UNIQUE )?INDEX \S+ ON (?:ONLY )?(?:\w+\.)?(\w+) ")
_ALTERED: Final = re.compile(r"ALTER TABLE (?:\w+\.)?(\w+) ")
_REFERRED: Final = re.compile(r" REFERENCES (?:\w+\.)?(\w+)\(")
_FORGET: Final = (
    "UPDATE service_requests_historyrun SET put_back = put_back - %s::text WHERE id = %s"
)


@dataclass(frozen=True, slots=True)
class Held:
    """Tables that a statement keeps from every other one, and those that it only keeps from being altered."""

    alone: frozenset[str]
    shared: frozenset[str] = frozenset()

    def waits_for(self, other: "Held") -> bool:
        """Whether one of two statements would wait until the other is done."""
        return bool(self.alone & (other.alone | other.shared) or self.shared & other.alone)


def held_by(statement: str) -> Held:
    """What a statement holds while it runs."""
    index = _INDEX.match(statement)
    if index:
        return Held(frozenset(), frozenset({index[1]}))
    if statement.startswith("SELECT"):
        # The map is counted while no case can change.
        return Held(frozenset({CASES}))
    return Held(frozenset(_ALTERED.findall(statement)) | frozenset(_REFERRED.findall(statement)))


@dataclass
class _Shelf:
    """Statements that wait, and what those that run hold."""

    left: list[str]
    running: list[Held] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    @contextmanager
    def next(self) -> Iterator[str]:
        """The first statement that need not wait, "" when there is none left; when it fails nobody begins another."""
        with self.changed:
            while self.left and (at := self._free()) < 0:
                self.changed.wait()
            statement = self.left.pop(at) if self.left else ""
            held = held_by(statement)
            self.running.append(held)
        try:
            yield statement
        except BaseException:
            with self.changed:
                self.left.clear()
            raise
        finally:
            with self.changed:
                self.running.remove(held)
                self.changed.notify_all()

    def _free(self) -> int:
        """Where the first one is that waits for none that runs or comes before it; -1 when each would."""
        before = list(self.running)
        for at, statement in enumerate(self.left):
            held = held_by(statement)
            if not any(held.waits_for(other) for other in before):
                return at
            before.append(held)
        return -1


def run_all(
    run_id: int, statements: Sequence[str], told: Callable[[int, int], None], *, lanes: int
) -> None:
    """Run each in a transaction of its own, in which the run forgets it too. What one of them raises is raised."""
    shelf, whole = _Shelf(list(statements)), len(statements)

    def lane() -> None:
        while True:
            with shelf.next() as statement:
                if not statement:
                    return
                _carry_out(run_id, statement, lanes)
            told(whole - len(shelf.left) - len(shelf.running), whole)

    def apart() -> None:
        try:
            lane()
        finally:
            connection.close()

    if lanes == 1:
        lane()
        return
    with ThreadPoolExecutor(lanes) as pool:
        for future in [pool.submit(apart) for _ in range(lanes)]:
            future.result()


@transaction.atomic
def _carry_out(run_id: int, statement: str, lanes: int) -> None:
    quick = {
        "maintenance_work_mem": f"{_MEMORY_MB // lanes}MB",
        # Where others run beside it, more processes would only wait for each other.
        "max_parallel_maintenance_workers": "2" if lanes == 1 else "0",
        "work_mem": "128MB",
    }
    with connection.cursor() as cursor:
        for name, value in quick.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
        cursor.execute(statement)
        # Last, because the others wait for this row until the commit.
        cursor.execute(_FORGET, [statement, run_id])
