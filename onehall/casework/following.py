"""Who of the staff follows a case, and the lines on their page "For you". No resident hears of any of it.

Lines are written in the transaction of the act they are about, with its entries, by statements that
name no rows beforehand: an act on a case that nobody follows costs two short ones.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, ForYou, MailWish, TimelineEntry, Watcher
from onehall.kernel.rows import Together
from onehall.people.actor import Actor
from onehall.people.queries import Member, members
from onehall.places.models import City

TOLD_OF: Final = frozenset(
    {
        "moved", "replied", "noted", "wrote", "joined", "unjoined", "promised", "verdict", "routed",
        "assigned", "priority", "escalated", "reminded", "file_added", "file_shared", "task_done",
        "split", "part", "called",
    }
)  # fmt: skip
"""Kinds of entries that those who follow find on their page: one line per act."""

MOST_NAMED: Final = 10
"""Colleagues that one note may name."""

KEEP_READ: Final = timedelta(days=90)
KEEP: Final = timedelta(days=365)
PURGE_AT_ONCE: Final = 5_000

AUTO_SQL: Final = """
INSERT INTO casework_watcher (city_id, case_id, user_id, following, since)
SELECT %s, %s, u.id, true, %s FROM unnest(%s::bigint[]) AS u(id)
WHERE NOT EXISTS (SELECT FROM casework_mailwish w
                  WHERE w.city_id = %s AND w.user_id = u.id AND NOT w.auto_follow)
ON CONFLICT (case_id, user_id) DO NOTHING
"""
"""Whoever said that they do not follow has a row already, so that they are never asked again."""

LINES_SQL: Final = """
INSERT INTO casework_foryou (city_id, user_id, case_id, seq, mention, at)
SELECT w.city_id, w.user_id, w.case_id, %s, false, %s FROM casework_watcher w
WHERE w.case_id = %s AND w.following AND NOT (w.user_id = ANY(%s))
ON CONFLICT (user_id, case_id, seq) DO NOTHING
"""

NAMED_SQL: Final = """
INSERT INTO casework_foryou (city_id, user_id, case_id, seq, mention, at)
SELECT %s, u.id, %s, %s, true, %s FROM unnest(%s::bigint[]) AS u(id)
ON CONFLICT (user_id, case_id, seq) DO UPDATE SET mention = true
"""


SEEN_SQL: Final = """
FROM casework_foryou f JOIN casework_case c ON c.id = f.case_id
WHERE f.city_id = %(city)s AND f.user_id = %(user)s
  AND (%(queues)s::bigint[] IS NULL OR c.queue_id = ANY(%(queues)s)
       OR EXISTS (SELECT FROM casework_task t
                  WHERE t.case_id = c.id AND t.queue_id = ANY(%(queues)s)))
  AND (%(areas)s::jsonb[] IS NULL OR c.areas @> ANY(%(areas)s::jsonb[]))
"""
"""Somebody's lines of cases they may see now: what their page lists, and what the rail counts.

The same as `Case.objects.reachable_by`, in one text for everybody, because every page of the desk asks.
"""

PAGE_SQL: Final = f"""
SELECT f.id {SEEN_SQL} AND (%(before)s::bigint IS NULL OR f.id < %(before)s)
ORDER BY f.id DESC LIMIT %(most)s
"""

_MINE: Final = """
SELECT (SELECT count(*) FROM casework_case
        WHERE city_id = %(city)s AND assignee_id = %(user)s AND is_open
          AND (%(areas)s::jsonb[] IS NULL OR areas @> ANY(%(areas)s::jsonb[]))),
       (SELECT count(*) FROM (SELECT {seen} AND f.read_at IS NULL LIMIT 100) unread),
       (SELECT json_agg(json_build_array(v.id, v.name, v.query, p.first) ORDER BY p.position, p.id)
        FROM casework_viewpin p JOIN casework_savedview v ON v.id = p.view_id
        WHERE p.city_id = %(city)s AND p.user_id = %(user)s
          AND (v.owner_id = %(user)s OR v.shared = 'city'
               OR v.shared = 'team' AND v.department_id = %(department)s))
"""
MINE_SQL: Final = _MINE.format(seen=SEEN_SQL)


def _seen_by(actor: Actor) -> dict[str, Any]:
    """The values of `SEEN_SQL` for one person."""
    theirs = actor.visible_queue_ids
    within = [json.dumps({layer: code}) for layer, code in sorted(actor.areas)]
    return {
        "city": actor.city_id,
        "user": actor.user_id,
        "queues": None if theirs is None else sorted(theirs),
        "areas": within or None,
    }


def page_of(actor: Actor, *, before: int | None, most: int) -> list[int]:
    """The keys of somebody's newest lines about cases they may see now, newest first."""
    if not actor.is_staff or not actor.may("see_cases"):
        return []
    with connection.cursor() as cursor:
        cursor.execute(PAGE_SQL, _seen_by(actor) | {"before": before, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def mine_and_unread(actor: Actor) -> tuple[int, int, list[list[Any]]]:
    """One person's open cases, the unread lines of their page, up to 100, and their pins."""
    with connection.cursor() as cursor:
        cursor.execute(MINE_SQL, _seen_by(actor) | {"department": actor.department_id})
        mine, unread, pins = cursor.fetchone()
    return mine, unread, pins or []


def follow_up(
    case: Case, entries: Sequence[TimelineEntry], *, now: datetime, along: Together
) -> None:
    """Let those who act on a case follow it, and tell those who do. Sent with the caller's writes."""
    if not entries or entries[0].seq == 1:
        # A case that begins: nobody can follow it yet.
        return
    told = [e for e in entries if e.kind in TOLD_OF]
    acting = {e.actor_id for e in told if e.actor_kind == "staff" and e.actor_id is not None}
    given = {int(e.data["to"]) for e in told if e.kind == "assigned" and e.data.get("to")}
    if joins := sorted(acting | given):
        along.add(AUTO_SQL, [case.city_id, case.pk, now, joins, case.city_id])
    for entry in entries:
        if named := [int(pk) for pk in entry.data.get("mentions", ()) if pk != entry.actor_id]:
            along.add(NAMED_SQL, [case.city_id, case.pk, entry.seq, now, named])
    if told:
        along.add(LINES_SQL, [told[0].seq, now, case.pk, sorted(acting)])


def may_see(member: Member, departments: Iterable[int], areas: Mapping[str, Any]) -> bool:
    """Whether a case whose queue and tasks are of these departments, in these areas, is theirs to see."""
    if not member.may("see_cases"):
        return False
    everywhere = [member.department_id or 0] if member.may("see_everywhere") else []
    return any(member.works_in(d, areas) for d in (*everywhere, *departments))


def colleagues(city: City, case: Case, by: Actor) -> list[Member]:
    """Whom a note on this case may name: the others who may see it, by name."""
    tasks = case.tasks.order_by().values_list("queue__department_id", flat=True)
    seen = {case.queue.department_id, *tasks.distinct()}
    return of_these(members(city), seen, case.areas, by)


def of_these(
    people: Iterable[Member], departments: Iterable[int], areas: Mapping[str, Any], by: Actor
) -> list[Member]:
    """Those who may see a case of these departments and areas, without whoever asks."""
    seen = frozenset(departments)
    return [m for m in people if m.user_id != by.user_id and may_see(m, seen, areas)]


def named_in(words: str, people: Sequence[Member]) -> list[Member]:
    """Who is named in a text, as @First Last; of several with one name all, longest names first."""
    if "@" not in words:
        return []
    found: dict[int, Member] = {}
    rest = words
    for name in sorted({m.name for m in people}, key=lambda n: (-len(n), n)):
        sign = re.compile(rf"(?<!\w)@{re.escape(name)}(?!\w)", re.IGNORECASE)
        if sign.search(rest):
            rest = sign.sub(" ", rest)
            found |= {m.user_id: m for m in people if m.name == name}
    return list(found.values())[:MOST_NAMED]


def with_names(words: str, chosen: Sequence[Member], people: Sequence[Member]) -> str:
    """The text with those who were chosen and are not named in it yet, named at its beginning."""
    there = {m.user_id for m in named_in(words, people)}
    names = " ".join(f"@{m.name}" for m in chosen if m.user_id not in there)
    return f"{names} {words}" if names else words


@transaction.atomic
def set_following(*, case: Case, following: bool, by: Actor, now: datetime) -> None:
    """Follow a case that one may see, or say that one does not. No entry: nothing happened to the case."""
    if not by.is_staff or by.user_id is None or by.city_id != case.city_id:
        raise CaseworkRefused("Only the staff of the city follow cases.")
    Watcher.objects.update_or_create(
        case=case,
        user_id=by.user_id,
        defaults={"city_id": case.city_id, "following": following, "since": now},
    )


@transaction.atomic
def read_lines(*, by: Actor, now: datetime, case_id: int | None = None) -> int:
    """Somebody has read their lines: those of one case, or all. Returns how many were new."""
    mine = ForYou.objects.filter(city_id=by.city_id, user_id=by.user_id or 0, read_at=None)
    if case_id is not None:
        mine = mine.filter(case_id=case_id)
    return mine.update(read_at=now)


def wish_of(by: Actor) -> MailWish:
    """How somebody wants to hear of news; an unsaved row with the usual when they never said."""
    found = MailWish.objects.filter(city_id=by.city_id, user_id=by.user_id or 0).first()
    return found or MailWish(city_id=by.city_id, user_id=by.user_id or 0)


@transaction.atomic
def set_wish(*, by: Actor, mail: str, auto_follow: bool, now: datetime) -> None:  # noqa: ARG001  (every action takes it)
    """Say when mails go out, and whether acting on a case means following it."""
    if not by.is_staff or by.user_id is None or mail not in MailWish.Mail.values:
        raise CaseworkRefused("Choose one of the listed ways.")
    MailWish.objects.update_or_create(
        city_id=by.city_id,
        user_id=by.user_id,
        defaults={"mail": mail, "auto_follow": auto_follow},
    )


def purge(now: datetime) -> int:
    """Forget lines that were read long ago, and those that nobody read in a year."""
    gone = 0
    read, old = now - KEEP_READ, now - KEEP
    for lines in (
        ForYou.objects.filter(read_at__lt=read, at__lt=read),
        ForYou.objects.filter(at__lt=old),
    ):
        some = lines.order_by("id").values("pk")[:PURGE_AT_ONCE]
        gone += ForYou.objects.filter(pk__in=some).delete()[0]
    return gone
