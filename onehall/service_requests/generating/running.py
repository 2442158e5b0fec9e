"""Runs a made-up history from where it stands to its end, in several processes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from queue import Empty
from typing import Any, Final

from django.db import connection

from onehall.casework import bulk, timeline_parts
from onehall.kernel import collector
from onehall.service_requests.generating import indexes, returning, storing
from onehall.service_requests.generating.lanes import write_in_process
from onehall.service_requests.generating.profile import Profile
from onehall.service_requests.generating.storing import HistoryRefused
from onehall.service_requests.models import HistoryRun

_LOCK: Final = 0x68697374
_WAIT: Final = 0.5

type Told = Callable[[int], None]
"""Hears how many cases are there now."""
type Rebuilt = Callable[[int, int], None]
"""Hears how many indexes and references are back, of how many."""


def run_to_end(
    run: HistoryRun,
    profile: Profile,
    *,
    processes: int,
    rebuild: bool,
    now: datetime,
    told: Told,
    rebuilt: Rebuilt,
) -> None:
    """Write what is not there yet. `rebuild` leaves out the indexes meanwhile, also where there are cases already.

    `HistoryRefused` while another history is being made, or with what broke a process.
    """
    with _alone():
        _finish_others(run, rebuilt, processes)
        timeline_parts.reach(int(run.first_ids["case"]) + run.cases)
        if run.written < run.cases and not run.put_back and (rebuild or indexes.are_empty()):
            indexes.leave_out(run)
        try:
            _write(run, profile, processes, told)
        finally:
            run.refresh_from_db()
            indexes.put_back(run, rebuilt, lanes=processes)
        run.finished_at = now
        run.save(update_fields=["finished_at"])
        returning.run_all(run.pk, bulk.statistics(), lambda *_: None, lanes=processes)


def _finish_others(run: HistoryRun, rebuilt: Rebuilt, lanes: int) -> None:
    """What a history that was killed left out is brought back before another one begins."""
    for other in HistoryRun.objects.exclude(put_back=[]).exclude(pk=run.pk).order_by("id"):
        indexes.put_back(other, rebuilt, lanes=lanes)


@contextmanager
def _alone() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise HistoryRefused("Another history is being made in this database.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _write(run: HistoryRun, profile: Profile, processes: int, told: Told) -> None:
    there = run.written
    told(there)
    if processes == 1 or len(run.done) == 1:
        for lane in range(len(run.done)):
            with collector.paused():
                for count in storing.write_lane(run, profile, lane):
                    there += count
                    told(there)
        return
    for count in _in_processes(run, profile):
        there += count
        told(there)


def _in_processes(run: HistoryRun, profile: Profile) -> Iterator[int]:
    """One process for each lane; yields what each has written."""
    context = get_context("spawn")
    news: Any = context.Queue()
    name = connection.settings_dict["NAME"]
    children = [
        context.Process(target=write_in_process, args=(run.pk, profile, lane, name, news))
        for lane in range(len(run.done))
    ]
    for child in children:
        child.start()
    try:
        yield from _news_of(children, news)
    finally:
        for child in children:
            # One that has ended takes no notice.
            child.terminate()
            child.join()


def _news_of(children: Sequence[BaseProcess], news: Any) -> Iterator[int]:
    """What the processes say they have written, until the last one has ended."""
    left = len(children)
    while left:
        try:
            what, value = news.get(timeout=_WAIT)
        except Empty:
            if any(child.exitcode for child in children):
                raise HistoryRefused("A process that writes was ended from outside.") from None
            continue
        if what == "broken":
            raise HistoryRefused(f"Writing broke off: {value}")
        left -= what == "end"
        if what == "cases":
            yield value
