"""Append-only entries, hash-chained per case, and the words each kind is read with.

An entry's public words are built from its kind and `data` at reading time, in the reader's language,
so that nothing localized is frozen in the chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from onehall.casework.models import Case, TimelineEntry
from onehall.kernel.chain import entry_hash
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor

PUBLIC_KINDS: Final = frozenset(
    {
        "received",
        "routed",
        "changed",
        "handed",
        "moved",
        "replied",
        "wrote",
        "joined",
        "unjoined",
        "followed",
        "promised",
        "photo",
        "verdict",
        "called",
        "notified",
        "file_shared",
        "split",
        "part",
    }
)
STAFF_KINDS: Final = frozenset(
    {
        "noted",
        "outside",
        "assigned",
        "priority",
        "redacted",
        "looked",
        "rerouted",
        "redistricted",
        "imported",
        "task_opened",
        "task_taken",
        "task_done",
        "task_skipped",
        "task_cancelled",
        "reminded",
        "escalated",
        "clock",
        "migrated",
        "undone",
        "file_added",
        "file_hidden",
        "file_removed",
        "part_of",
        "described",
        "effort",
        "related",
        "unrelated",
        "held",
        "released",
        "erased",
    }
)
MERE_LOOKS: Final = frozenset({"looked", "redistricted", "erased"})
"""Kinds that change nothing of what somebody who has the case open decides on."""
KINDS: Final = PUBLIC_KINDS | STAFF_KINDS
"""Every kind of entry; `docs/words.md` explains them."""

NEWS: Final = frozenset(
    {
        "received",
        "moved",
        "changed",
        "handed",
        "replied",
        "joined",
        "unjoined",
        "promised",
        "notified",
        "reminded",
        "file_shared",
        "split",
        "part",
    }
)
"""Kinds that residents get a message about, when their service and wishes say so."""

STAFF_NEWS: Final = frozenset({"reminded", "escalated"})
"""Kinds that the staff who have the case get a message about, when the entry is for staff alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to append. `data` is JSON-ready and holds no contact details."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    public: bool | None = None
    news: bool | None = None
    by: Actor | None = None


def facts_for_hash(entry: TimelineEntry) -> dict[str, Any]:
    """What the chain covers: everything that is stored about the entry except the hash."""
    return {
        "case": entry.case_id,
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "public": entry.public,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "data": entry.data,
    }


def seal(previous: bytes | None, entry: TimelineEntry) -> str:
    """64 hex digits that hold what is left of an entry to its place, its own hash included.

    An `erased` entry keeps those of the entries that it took something from: their hashes no longer
    follow from what is stored, and this stands for that.
    """
    return entry_hash(previous, facts_for_hash(entry) | {"hash": bytes(entry.hash)}).hex()


def append(
    case: Case, entries: Sequence[NewEntry], *, by: Actor, now: datetime
) -> tuple[list[TimelineEntry], list[NewOutbox]]:
    """Build the next entries of a case and set `lock` and `head` on it (unsaved).

    Returns unsaved rows and the outbox rows that tell the world; the caller saves all in its
    transaction. `case.id` must be known.
    """
    rows: list[TimelineEntry] = []
    outbox: list[NewOutbox] = []
    head = bytes(case.head) if case.head is not None else None
    seq = case.lock
    for new in entries:
        if new.kind not in KINDS:
            raise ValueError(f"Unknown kind of timeline entry: {new.kind}")
        actor = new.by or by
        seq += 1
        row = TimelineEntry(
            case_id=case.id,
            seq=seq,
            city_id=case.city_id,
            at=now,
            kind=new.kind,
            public=new.kind in PUBLIC_KINDS if new.public is None else new.public,
            actor_kind=actor.kind,
            actor_id=actor.user_id,
            actor_name=actor.name if actor.is_staff else "",
            data=new.data,
        )
        head = entry_hash(head, facts_for_hash(row))
        row.hash = head
        rows.append(row)
        for_staff = new.kind in STAFF_NEWS and not row.public
        if for_staff or ((new.kind in NEWS) if new.news is None else new.news):
            outbox.append(
                NewOutbox(
                    topic="case.staff" if for_staff else "case.news",
                    key=f"{case.id}:{seq}",
                    payload={"case": case.id, "seq": seq},
                )
            )
    case.lock, case.head, case.updated_at = seq, head, now
    outbox.append(live_row(case))
    return rows, outbox


def live_row(case: Case) -> NewOutbox:
    """Wakes the open pages of this case and of its city's inboxes."""
    return NewOutbox(
        topic="live",
        key=f"{case.id}:{case.lock}",
        payload={
            "channels": [f"case:{case.id}", f"city:{case.city_id}"],
            "v": case.lock,
            "queue": case.queue_id,
        },
    )
