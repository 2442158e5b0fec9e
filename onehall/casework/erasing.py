"""What the city's rules of retention erase of ended cases: their timeline, photos, files, and words about people.

An entry of the timeline loses what it may not keep, and its hash stays. An `erased` entry says what was
erased and seals what is left (`timeline.seal`), so that the chain still shows every other change.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection, models
from django.db.models.functions import Coalesce

from onehall.casework import photos, timeline
from onehall.casework.models import (
    Attachment,
    Case,
    Effort,
    HandOver,
    Photo,
    Task,
    TimelineEntry,
)
from onehall.casework.timeline import NewEntry
from onehall.casework.to_erase import BITS
from onehall.kernel.rows import insert
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import system
from onehall.places.retention import KINDS, Kind

FILES: Final = "casework.files"
"""Topic of the outbox rows that delete stored files which no row names any more."""
FILES_AT_ONCE: Final = 500

GONE: Final = "[…]"
"""What stands where a name, an address or a number stood in somebody else's words."""

SPOKEN: Final = (
    "words", "words_in", "reason", "said", "because", "note", "was", "is", "title", "part",
    "place_from", "place_to",
)  # fmt: skip
"""Fields of entries in which somebody's own words stand."""
OWN_WORDS: Final = ("words", "words_in", "reason", "said")
_WRITTEN: Final = (
    (HandOver.objects, "words"),
    (Task.objects, "words"),
    (Effort.objects, "note"),
    (Photo.objects, "words"),
)
"""Where else staff and outside bodies write."""
_LEAST_NAME: Final = 4
_LEAST_DIGITS: Final = 7
_MOST_DIGITS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A locked case and what is erased of it; `known` is how its people are called and reached."""

    case: Case
    kinds: frozenset[Kind]
    known: re.Pattern[str] | None = None


def pattern_of(people: Iterable[tuple[str, str, str]]) -> re.Pattern[str] | None:
    """Finds people's name, e-mail and phone in a text, however the number is spaced; None for nobody."""
    found: set[str] = set()
    for name, email, phone in people:
        parts = name.split()
        if len(parts) > 1 and len(name) >= _LEAST_NAME:
            found.add(rf"(?<!\w){r'\s+'.join(map(re.escape, parts))}(?!\w)")
        if email:
            found.add(re.escape(email))
        digits = re.sub(r"\D", "", phone)[-_MOST_DIGITS:]
        if len(digits) >= _LEAST_DIGITS:
            found.add(r"\D{0,3}".join(digits))
    return re.compile("|".join(sorted(found)), re.IGNORECASE) if found else None


def blanked(value: Any, known: re.Pattern[str]) -> Any:
    """A value without what a pattern finds in its texts."""
    if isinstance(value, str):
        return known.sub(GONE, value)
    if isinstance(value, dict):
        return {key: blanked(item, known) for key, item in value.items()}
    return [blanked(item, known) for item in value] if isinstance(value, list) else value


def erase(*, city_id: int, erasures: Sequence[Erasure], now: datetime) -> None:
    """Erase, in the caller's transaction, and say on each case that it was done. No resident is told."""
    histories = _histories([e.case.pk for e in erasures])
    changed: list[TimelineEntry] = []
    said: list[TimelineEntry] = []
    for one in erasures:
        touched, sealed = _scrub(histories[one.case.pk], one)
        changed += touched
        said += _say(one, sealed, now)
    _rewrite(changed)
    insert(said, with_pk=True)
    _mark(erasures)
    _blank_rows([e for e in erasures if "contact" in e.kinds])
    names = _take_pictures([e.case.pk for e in erasures if "photos" in e.kinds], now)
    _queue(city_id, sorted(names), now)


def forget_files(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:  # noqa: ARG001  (what the worker hands over)
    """Delete stored files that no row names; twice is once."""
    photos.forget_files(set(payload["names"]))


def _histories(case_ids: Collection[int]) -> dict[int, list[TimelineEntry]]:
    found: dict[int, list[TimelineEntry]] = defaultdict(list)
    for entry in TimelineEntry.objects.filter(case_id__in=case_ids).order_by("case_id", "seq"):
        found[entry.case_id].append(entry)
    return found


def _scrub(
    history: Sequence[TimelineEntry], one: Erasure
) -> tuple[list[TimelineEntry], dict[str, str]]:
    """The entries of a case that lose something, and the seals of what is left of them."""
    touched: list[TimelineEntry] = []
    sealed: dict[str, str] = {}
    before: TimelineEntry | None = None
    for entry in history:
        data = _left(entry, before, one)
        if data != entry.data:
            entry.data = data
            touched.append(entry)
            sealed[str(entry.seq)] = timeline.seal(bytes(before.hash) if before else None, entry)
        before = entry
    return touched, sealed


def _left(entry: TimelineEntry, before: TimelineEntry | None, one: Erasure) -> dict[str, Any]:
    """What may stay of the data of an entry."""
    gone: set[str] = set()
    if "words" in one.kinds and (entry.actor_kind == "resident" or _repeats(entry, before)):
        gone.update(OWN_WORDS)
    if "photos" in one.kinds and entry.kind.startswith("file_"):
        gone.add("title")
    if "photos" in one.kinds and entry.kind == "described":
        gone |= {"was", "is"}
    data: dict[str, Any] = entry.data
    if gone & data.keys():
        data = {k: v for k, v in data.items() if k not in gone} | {"erased": True}
    known = one.known if "contact" in one.kinds else None
    if known is None:
        return data
    return {k: blanked(v, known) if k in SPOKEN else v for k, v in data.items()}


def _repeats(entry: TimelineEntry, before: TimelineEntry | None) -> bool:
    """Whether a note is the one that keeps the answers which a change of the service left out."""
    told = before is not None and before.kind == "changed" and before.at == entry.at
    return entry.kind == "noted" and told


def _say(one: Erasure, sealed: Mapping[str, str], now: datetime) -> list[TimelineEntry]:
    case, changed_at = one.case, one.case.updated_at
    data: dict[str, Any] = {"what": [kind for kind in KINDS if kind in one.kinds]}
    if sealed:
        data["sealed"] = dict(sealed)
    rows, _live = timeline.append(
        case, [NewEntry(kind="erased", data=data)], by=system(case.city_id), now=now
    )
    # Nothing happened that anybody who reads lists by their last change waits for.
    case.updated_at = changed_at
    case.erased |= sum(BITS[kind] for kind in one.kinds)
    return rows


def _rewrite(entries: Sequence[TimelineEntry]) -> None:
    """Store what is left of entries; the trigger lets nobody else do so."""
    if not entries:
        return
    values: list[Any] = [
        [e.case_id for e in entries],
        [e.seq for e in entries],
        [json.dumps(e.data) for e in entries],
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onehall.erase = 'on'")
        cursor.execute(
            "UPDATE casework_timelineentry e SET data = n.data::jsonb"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n(case_id, seq, data)"
            " WHERE e.case_id = n.case_id AND e.seq = n.seq",
            values,
        )
        cursor.execute("SET LOCAL onehall.erase = ''")


def _mark(erasures: Sequence[Erasure]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE casework_case c SET lock = n.lock, head = n.head, erased = n.erased,"
            # Without a point these are what somebody typed.
            " place_words = CASE WHEN n.words AND c.cell IS NULL THEN '' ELSE c.place_words END"
            " FROM unnest(%s::bigint[], %s::int[], %s::bytea[], %s::int[], %s::bool[])"
            " AS n(id, lock, head, erased, words) WHERE c.id = n.id",
            [
                [e.case.pk for e in erasures],
                [e.case.lock for e in erasures],
                [bytes(e.case.head or b"") for e in erasures],
                [e.case.erased for e in erasures],
                ["words" in e.kinds for e in erasures],
            ],
        )


def _blank_rows(erasures: Sequence[Erasure]) -> None:
    """Take people's names, addresses and numbers out of what others wrote beside the timeline."""
    known = {e.case.pk: e.known for e in erasures if e.known is not None}
    for rows, column in _WRITTEN:
        if not known:
            return
        written = rows.filter(case_id__in=known).exclude(**{column: ""})
        for row in written.order_by("pk"):
            text = getattr(row, column)
            left = blanked(text, known[row.case_id or 0])
            if left != text:
                rows.filter(pk=row.pk).update(**{column: left})


def _take_pictures(case_ids: Collection[int], now: datetime) -> set[str]:
    """Let go of the pictures and files of cases; the names of what they were stored in."""
    if not case_ids:
        return set()
    pictures = Photo.objects.filter(case_id__in=case_ids, erased=False)
    names = {name for photo in pictures.order_by("pk") for name in photos.files_of(photo)}
    pictures.update(
        **dict.fromkeys(photos.FILES, ""),
        removed_at=Coalesce("removed_at", models.Value(now)),
        erased=True,
        is_public=False,
        words="",
        facts={},
    )
    papers = Attachment.objects.filter(case_id__in=case_ids).exclude(name="")
    for row in papers.order_by("pk").values_list("name", "preview_name"):
        names |= {name for name in row if name}
    papers.update(
        name="",
        preview_name="",
        title="",
        shared=False,
        removed_at=Coalesce("removed_at", models.Value(now)),
    )
    return names


def _queue(city_id: int, names: Sequence[str], now: datetime) -> None:
    """Have files deleted once this is committed: a worker that dies in between leaves none behind."""
    rows = [
        NewOutbox(
            topic=FILES,
            key=f"{now.isoformat()}:{names[start]}",
            payload={"names": list(names[start : start + FILES_AT_ONCE])},
        )
        for start in range(0, len(names), FILES_AT_ONCE)
    ]
    messaging.queue(city_id=city_id, rows=rows, now=now)
