"""What lies beside a case, for its page: one question to the database for all of it."""

from dataclasses import dataclass, field

from onehall.casework import archived
from onehall.casework.models import (
    Attachment,
    Case,
    CasePause,
    CaseTarget,
    Effort,
    ForYou,
    HandOver,
    Hold,
)
from onehall.kernel.rows import select_together
from onehall.people.actor import Actor
from onehall.people.models import Body, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Files, parts, time and materials, related cases, who of the staff follows; lines the reader has not read.

    Further targets, pauses and hand-overs, every outside body of the city, and the hold in force.
    """

    files: list[Attachment] = field(default_factory=list)
    parts: list[Case] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)
    related: list[Case] = field(default_factory=list)
    watchers: list[User] = field(default_factory=list)
    unread: list[ForYou] = field(default_factory=list)
    targets: list[CaseTarget] = field(default_factory=list)
    pauses: list[CasePause] = field(default_factory=list)
    hand_overs: list[HandOver] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)


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
TARGETS = "WHERE case_id = %s ORDER BY due_at, id"
PAUSES = "WHERE case_id = %s ORDER BY began_at DESC, id DESC LIMIT 50"
HAND_OVERS = "WHERE case_id = %s ORDER BY id DESC LIMIT 10"
BODIES = "WHERE city_id = %s ORDER BY position, id LIMIT 300"
HOLDS = "WHERE case_id = %s AND lifted_at IS NULL LIMIT 1"
UNREAD = "WHERE user_id = %s AND case_id = %s AND read_at IS NULL ORDER BY id LIMIT 1"


def beside(case: Case, reader: Actor) -> Beside:
    """Everything that lies beside a case."""
    pk = case.pk
    (
        files,
        parts,
        efforts,
        related,
        watchers,
        unread,
        targets,
        pauses,
        given,
        bodies,
        holds,
    ) = select_together(
        (Attachment, FILES, [pk]),
        (Case, PARTS, [pk]),
        (Effort, EFFORTS, [pk]),
        (Case, RELATED, [pk, pk, pk]),
        (User, WATCHERS, [pk]),
        (ForYou, UNREAD, [reader.user_id or 0, pk]),
        (CaseTarget, TARGETS, [pk]),
        (CasePause, PAUSES, [pk]),
        (HandOver, HAND_OVERS, [pk]),
        (Body, BODIES, [case.city_id]),
        (Hold, HOLDS, [pk]),
    )
    known = {body.pk: body for body in bodies}
    for row in given:
        row.body = known[row.body_id]
    return Beside(
        targets=targets,
        pauses=pauses if case.archive_id is None else archived.pauses(case),
        hand_overs=given,
        bodies=bodies,
        holds=holds,
        files=files,
        parts=parts,
        efforts=efforts,
        related=related,
        watchers=watchers,
        unread=unread,
    )
