"""Indexes and references come back on several connections: what would wait for another runs after it, in order."""

import threading
import time

import pytest

from onehall.service_requests.generating import returning
from onehall.service_requests.generating.returning import held_by, run_all

INDEX = "CREATE INDEX a_i ON public.a USING btree (x)"
OTHER = "CREATE UNIQUE INDEX a_j ON public.a USING btree (y)"
KEY = "ALTER TABLE a ADD CONSTRAINT a_pkey PRIMARY KEY (id)"
REFERENCE = "ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a(id) NOT VALID"


def test_indexes_of_a_table_are_made_together() -> None:
    assert not held_by(INDEX).waits_for(held_by(OTHER))


@pytest.mark.parametrize("other", [INDEX, KEY, REFERENCE])
def test_what_alters_a_table_waits_for_all_of_it(other: str) -> None:
    assert held_by(KEY).waits_for(held_by(other))
    assert held_by(other).waits_for(held_by(KEY))


def test_a_reference_holds_both_tables() -> None:
    assert held_by(REFERENCE).alone == {"a", "b"}


class Times:
    """Stands in for the database: notes what ran beside what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: str = "") -> None:
        self.order: list[str] = []
        self.beside: set[frozenset[str]] = set()
        self._running: set[str] = set()
        self._lock, self._fails = threading.Lock(), fails
        monkeypatch.setattr(returning, "_carry_out", self.run)

    def run(self, _run_id: int, statement: str, _lanes: int) -> None:
        with self._lock:
            self.order.append(statement)
            self.beside |= {frozenset({statement, one}) for one in self._running}
            self._running.add(statement)
        time.sleep(0.05)
        with self._lock:
            self._running.remove(statement)
        if statement == self._fails:
            raise RuntimeError(statement)


def test_two_lanes_run_what_need_not_wait_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    times, told = Times(monkeypatch), []
    run_all(1, [KEY, INDEX, OTHER, REFERENCE], lambda done, whole: told.append((done, whole)), lanes=2)  # fmt: skip
    assert times.order[0] == KEY
    assert times.order[-1] == REFERENCE
    assert times.beside == {frozenset({INDEX, OTHER})}
    assert told[-1] == (4, 4)


def test_after_a_mistake_nothing_more_is_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    times = Times(monkeypatch, fails=KEY)
    with pytest.raises(RuntimeError):
        run_all(1, [KEY, INDEX, OTHER, REFERENCE], lambda _done, _whole: None, lanes=2)
    assert times.order == [KEY]
