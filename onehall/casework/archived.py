"""Reads of histories that lie in the archive: what a page of such a case shows, without bringing anything back.

A file is read where the case is, a piece of some kilobytes, and the line is kept for a minute. A file may be written
anew while we look for it: then the case says where its history lies now, and we look there.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.core.cache import caches

from onehall.casework import archive_files
from onehall.casework.archive_files import Unreadable
from onehall.casework.models import Archive, Case, CasePause, TimelineEntry
from onehall.kernel import storage

log = logging.getLogger(__name__)

LOCAL: Final = "local"
KEPT_SECONDS: Final = 60
MOST_KEPT: Final = 50
"""Lines that are kept of one question: a page's, not those of a walk over many cases."""
_TRIES: Final = 3

type Where = Mapping[int, int]
"""Which archive the history of a case lies in, by the key of the case."""


def where(cases: Iterable[Case]) -> dict[int, int]:
    """Those of some cases that are archived."""
    return {case.pk: case.archive_id for case in cases if case.archive_id is not None}


def lines_of(wanted: Where) -> dict[int, bytes]:
    """The lines of archived cases; without those that were brought back meanwhile. Unreadable where one cannot be read."""
    found: dict[int, bytes] = {}
    left = dict(wanted)
    for _ in range(_TRIES):
        try:
            return found | _read(left, found)
        except (Unreadable, OSError) as problem:
            rows = Case.objects.filter(pk__in=left, archive__isnull=False)
            now: dict[int, int | None] = dict(rows.values_list("pk", "archive_id"))
            moved = {pk: at for pk, at in now.items() if at is not None}
            if moved == left:
                raise Unreadable(str(problem)) from problem
            left = moved
    raise Unreadable("the archive was written anew again and again")


def _read(wanted: Where, found: dict[int, bytes]) -> dict[int, bytes]:
    by_archive: dict[int, list[int]] = defaultdict(list)
    for case_id, archive_id in wanted.items():
        known = caches[LOCAL].get(_key(archive_id, case_id))
        if known is None:
            by_archive[archive_id].append(case_id)
        else:
            found[case_id] = known
    rows = Archive.objects.in_bulk(list(by_archive)) if by_archive else {}
    for archive_id, case_ids in by_archive.items():
        row = rows.get(archive_id)
        if row is None:
            raise Unreadable("its row is gone")
        for case_id, line in _lines(row, case_ids).items():
            found[case_id] = line
            if len(wanted) <= MOST_KEPT:
                caches[LOCAL].set(_key(archive_id, case_id), line, KEPT_SECONDS)
    return found


def _key(archive_id: int, case_id: int) -> str:
    return f"archived:{archive_id}:{case_id}"


def _lines(row: Archive, case_ids: Iterable[int]) -> dict[int, bytes]:
    by_block: dict[tuple[int, int], list[int]] = defaultdict(list)
    for case_id in case_ids:
        _first, offset, length = archive_files.block_of(row.blocks, case_id)
        by_block[offset, length].append(case_id)
    found: dict[int, bytes] = {}
    with storage.open(row.name) as file:
        for (offset, length), mine in sorted(by_block.items()):
            file.seek(offset)
            lines = archive_files.unpacked(file.read(length))
            found |= {case_id: archive_files.line_of(lines, case_id) for case_id in mine}
    return found


def documents(wanted: Where) -> dict[int, dict[str, Any]]:
    """Archived histories as documents, for pages; what cannot be read is left out, and the log says so."""
    try:
        return {pk: archive_files.parsed(line) for pk, line in lines_of(wanted).items()}
    except Unreadable as problem:
        # One broken file must not hide what lies in others.
        if len(set(wanted.values())) > 1:
            parts = [{pk: at} for pk, at in wanted.items()]
            return {pk: doc for part in parts for pk, doc in documents(part).items()}
        for pk in wanted:
            log.error("event=archive.unreadable case=%d error=%s", pk, problem)  # noqa: TRY400
        return {}


def entries_of(wanted: Where, city_id: int) -> dict[int, list[TimelineEntry]]:
    """The timelines of archived cases, first entry first."""
    return (
        {pk: entries(pk, city_id, doc) for pk, doc in documents(wanted).items()} if wanted else {}
    )


def timeline(case: Case) -> list[TimelineEntry]:
    """That of one archived case, first entry first; [] where it cannot be read."""
    return entries_of(where([case]), case.city_id).get(case.pk, [])


def pauses(case: Case) -> list[CasePause]:
    """The times in which the clock of an archived case stood still, the last first."""
    found = documents(where([case])).get(case.pk, {}).get("pauses", [])
    rows = [_row(CasePause, _TIMES_OF_PAUSE, case.pk, case.city_id, row) for row in found]
    return sorted(rows, key=lambda row: (row.began_at, row.pk), reverse=True)


_TIMES_OF_PAUSE: Final = ("began_at", "ended_at")


def entries(case_id: int, city_id: int, doc: Mapping[str, Any]) -> list[TimelineEntry]:
    """The entries of a line that was read, as rows."""
    found = []
    for row in doc["entries"]:
        values = row | {"hash": bytes.fromhex(row["hash"].removeprefix("\\x"))}
        found.append(_row(TimelineEntry, ("at",), case_id, city_id, values))
    return found


def _row[M: (TimelineEntry, CasePause)](
    model: type[M], times: Iterable[str], case_id: int, city_id: int, values: Mapping[str, Any]
) -> M:
    at = {name: datetime.fromisoformat(values[name]) for name in times if values[name] is not None}
    row = model(**{**values, **at}, case_id=case_id, city_id=city_id)
    row._state.adding = False  # noqa: SLF001  (as a row that the database gave)
    return row
