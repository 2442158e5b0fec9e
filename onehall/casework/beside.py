"""What lies beside a case, for its page: one question to the database for all of it."""

from dataclasses import dataclass, field

from onehall.casework.models import Attachment, Case, Effort, ForYou
from onehall.kernel.rows import select_together
from onehall.people.actor import Actor
from onehall.people.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Files, parts, time and materials, related cases, who of the staff follows; lines the reader has not read."""

    files: list[Attachment] = field(default_factory=list)
    parts: list[Case] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    related: list[Case] = field(default_factory=list)
    watchers: list[User] = field(default_factory=list)
    unread: list[ForYou] = field(default_factory=list)


FILES = "WHERE case_id = %s AND removed_at IS NULL ORDER BY created_at, id LIMIT 30"
PARTS = "WHERE parent_id = %s AND merged_into_id IS NULL ORDER BY id LIMIT 8"
EFFORTS = "WHERE case_id = %s ORDER BY day, id LIMIT 300"
RELATED = """
WHERE id IN (SELECT CASE WHEN low_id = %s THEN high_id ELSE low_id END FROM casework_caselink
             WHERE low_id = %s OR high_id = %s)
ORDER BY id LIMIT 20
"""
WATCHERS = """
WHERE is_active AND id IN (SELECT user_id FROM casework_watcher WHERE case_id = %s AND following)
ORDER BY name, id LIMIT 50
"""
UNREAD = "WHERE user_id = %s AND case_id = %s AND read_at IS NULL ORDER BY id LIMIT 1"


def beside(case: Case, reader: Actor) -> Beside:
    """Everything that lies beside a case."""
    pk = case.pk
    files, parts, efforts, related, watchers, unread = select_together(
        (Attachment, FILES, [pk]),
        (Case, PARTS, [pk]),
        (Effort, EFFORTS, [pk]),
        (Case, RELATED, [pk, pk, pk]),
        (User, WATCHERS, [pk]),
        (ForYou, UNREAD, [reader.user_id or 0, pk]),
    )
    return Beside(
        files=files,
        parts=parts,
        efforts=efforts,
        related=related,
        watchers=watchers,
        unread=unread,
    )
