"""Imports a file in batches: each is one transaction with its rows and the run's counts.

Killed at any moment and started again, the same run goes on after the last committed batch. A row
whose (city, source, id) is there already is never written twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Final, Self

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from onehall.casework import mapping
from onehall.casework.bulk import allocate_numbers, copy_cases, refresh_statistics
from onehall.casework.bulk_tasks import copy_tasks
from onehall.kernel import collector
from onehall.places.models import City
from onehall.service_requests.importing.mapper import Draft, Mapper, Row
from onehall.service_requests.importing.profile import Profile, ProfileError
from onehall.service_requests.importing.reader import Reader, Record, fingerprint
from onehall.service_requests.importing.reasons import RowRejected
from onehall.service_requests.importing.rejects import Rejects
from onehall.service_requests.importing.rows import REQUESTS, copy_requests
from onehall.service_requests.models import ImportRun

BATCH: Final = 5_000
ANALYZE_FROM: Final = 10_000

type Progress = Callable[[int, int, ImportRun], None]
"""Called after each batch with bytes read, bytes in all, and the run."""


class ImportBusy(Exception):
    """Another process is at the same file."""


@dataclass(slots=True)
class _Batch:
    """One batch on its way: what is to be written, and what was counted."""

    rows: int = 0
    drafts: list[tuple[Record, Draft]] = field(default_factory=list)
    refused: list[tuple[Record, RowRejected]] = field(default_factory=list)
    already: int = 0
    position: int = 0

    def refuse(self, record: Record, no: RowRejected) -> None:
        """Keep the reason without its traceback, which would keep the whole batch alive in a cycle."""
        self.refused.append((record, no.with_traceback(None)))


def import_requests(
    *,
    city: City,
    profile: Profile,
    path: Path,
    rejects: Path,
    now: datetime,
    restart: bool = False,
    progress: Progress | None = None,
    batch_size: int = BATCH,
) -> ImportRun:
    """Import `path` into a city and return the finished run with its counts.

    `ProfileError` when profile, file and city do not fit; `FileBroken` when the file ends early
    (what was read before stays imported, and the run can go on with a whole file of that size).
    """
    with Reader(path, profile) as reader:
        mapper = Mapper(city=city, profile=profile, header=reader.header, now=now)
        run = _run(city=city, profile=profile, path=path, now=now, restart=restart)
        keep = run.rejects_bytes if run.rejects_name == str(rejects.absolute()) else 0
        with Rejects(rejects, reader.header, keep=keep) as refused:
            run.rejects_name = str(rejects.absolute())
            work = _Import(city, profile, run, refused)
            with collector.paused(), _Ahead(mapper, reader, run.rows_done, batch_size) as ahead:
                while (batch := ahead.next()).rows:
                    work.write(batch, now, meanwhile=ahead.start)
                    if progress:
                        progress(batch.position, reader.size, run)
    run.finished_at = now
    run.save(update_fields=["finished_at"])
    if run.imported >= ANALYZE_FROM:
        refresh_statistics()
    # Another system's default place comes with its rows, and must not look like a hot spot until somebody looks.
    mapping.find_piles_of(city, now=now)
    return run


@transaction.atomic
def _run(*, city: City, profile: Profile, path: Path, now: datetime, restart: bool) -> ImportRun:
    """The unfinished run of this file, or a new one."""
    mark = fingerprint(path)
    mine = ImportRun.objects.filter(city_id=city.pk, profile=profile.key, fingerprint=mark)
    found = mine.filter(finished_at=None).select_for_update().first()
    if found and restart:
        found.finished_at = now
        found.save(update_fields=["finished_at"])
        found = None
    if found is None:
        return ImportRun.objects.create(
            city_id=city.pk,
            profile=profile.key,
            profile_digest=profile.digest,
            file_name=path.name[:255],
            fingerprint=mark,
            started_at=now,
            changed_at=now,
        )
    if found.profile_digest != profile.digest:
        raise ProfileError(
            "The profile has changed since this import was broken off. "
            "Use --restart to read the file from its beginning."
        )
    return found


class _Ahead:
    """Maps one batch in a thread while the database works on the one before."""

    def __init__(self, mapper: Mapper, reader: Reader, done: int, size: int) -> None:
        self._mapper = mapper
        self._reader = reader
        self._records = islice(reader.records(), done, None)
        self._size = size
        self._thread = ThreadPoolExecutor(1, "onehall-import")
        self._coming: Future[_Batch] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def start(self) -> None:
        """Begin with the next batch; called where this side only waits for the database."""
        self._coming = self._thread.submit(self._map)

    def next(self) -> _Batch:
        """The next batch, without rows at the end of the file. What broke while mapping is raised here."""
        coming = self._coming or self._thread.submit(self._map)
        self._coming = None
        return coming.result()

    def _map(self) -> _Batch:
        batch = _mapped(self._mapper, islice(self._records, self._size))
        batch.position = self._reader.position
        return batch


def _mapped(mapper: Mapper, records: Iterable[Record]) -> _Batch:
    """One batch without touching the database."""
    batch = _Batch()
    rows: list[tuple[Record, Row]] = []
    for record in records:
        batch.rows += 1
        try:
            rows.append((record, mapper.row(record)))
        except RowRejected as no:
            batch.refuse(record, no)
    mapper.look_around(row for _, row in rows)
    for record, row in rows:
        try:
            batch.drafts.append((record, mapper.draft(row)))
        except RowRejected as no:
            batch.refuse(record, no)
    return batch


class _Import:
    """Writes the batches of one run."""

    def __init__(self, city: City, profile: Profile, run: ImportRun, rejects: Rejects) -> None:
        self._city = city
        self._source = profile.source
        self._run = run
        self._rejects = rejects

    def write(self, batch: _Batch, now: datetime, *, meanwhile: Callable[[], None]) -> None:
        """Write one batch, or nothing of it. `meanwhile` is called when only the commit is left."""
        with transaction.atomic(), connection.cursor() as cursor:
            self._claim(cursor)
            fresh = list(self._fresh(cursor, batch))
            ids = self._copy(cursor, fresh)
            if self._run.first_request_id is None and ids:
                self._run.first_request_id = ids[0]
            self._count(batch, fresh, now)
            # The commit is where the database works longest, on foreign keys, and we not at all.
            meanwhile()

    def _claim(self, cursor: CursorWrapper) -> None:
        """One batch of a source at a time, and none that another process has done."""
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"import {self._city.pk} {self._source}"],
        )
        done = ImportRun.objects.filter(pk=self._run.pk, finished_at=None)
        if done.values_list("rows_done", flat=True).first() != self._run.rows_done:
            raise ImportBusy("Another import of this file is running.")

    def _fresh(self, cursor: CursorWrapper, batch: _Batch) -> Iterator[Draft]:
        """Drafts that are not there yet; the first row with an id wins."""
        ids = [draft.source_id for _, draft in batch.drafts]
        cursor.execute(
            f"SELECT source_id, id FROM {REQUESTS} "  # noqa: S608  (our own name)
            "WHERE city_id = %s AND source = %s AND source_id = ANY(%s)",
            [self._city.pk, self._source, ids],
        )
        there: dict[str, int] = dict(cursor.fetchall())
        first = self._run.first_request_id
        seen: set[str] = set()
        for record, draft in batch.drafts:
            known = there.get(draft.source_id)
            if draft.source_id in seen or (known and first and known >= first):
                batch.refused.append((record, RowRejected("duplicate", draft.source_id)))
            elif known:
                batch.already += 1
            else:
                seen.add(draft.source_id)
                yield draft

    def _copy(self, cursor: CursorWrapper, drafts: list[Draft]) -> list[int]:
        if not drafts:
            return []
        # In order of time inside a year, so that numbers grow as the reports came.
        drafts.sort(key=lambda draft: (draft.year, draft.case.opened_at))
        for year, group in groupby(drafts, key=attrgetter("year")):
            members = list(group)
            numbers = allocate_numbers(self._city, year, len(members))
            for draft, number in zip(members, numbers, strict=True):
                draft.case.number = number
        copy_cases(cursor, [draft.case for draft in drafts])
        copy_tasks(cursor, [(draft.case, task) for draft in drafts for task in draft.tasks])
        for draft in drafts:
            draft.request.case_id, draft.request.number = draft.case.id, draft.case.number
        return copy_requests(cursor, [draft.request for draft in drafts])

    def _count(self, batch: _Batch, fresh: list[Draft], now: datetime) -> None:
        """Rejects to the disk, then the counts; the commit makes both stand."""
        run = self._run
        for record, no in sorted(batch.refused, key=lambda pair: pair[0].line):
            self._rejects.add(record, no.sentence())
        run.rejects_bytes = self._rejects.flush()
        run.rows_done += batch.rows
        run.imported += len(fresh)
        run.already += batch.already
        run.rejected += len(batch.refused)
        run.reasons = dict(Counter(run.reasons) + Counter(no.key for _, no in batch.refused))
        repairs = Counter(key for draft in fresh for key in set(draft.repairs))
        run.repairs = dict(Counter(run.repairs) + repairs)
        run.changed_at = now
        run.save()
