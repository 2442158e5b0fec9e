"""What stands on somebody's page "For you", and the mails about it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone, translation

from onehall.casework import archived, following, wording
from onehall.casework.models import Case, ForYou, MailWish, TimelineEntry
from onehall.casework.telling import public_address
from onehall.casework.wording import Line
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.people.actor import Actor
from onehall.people.models import User
from onehall.people.queries import queues, staff_actor
from onehall.places.models import City

PAGE: Final = 50
"""Lines on one page."""

GRACE: Final = timedelta(seconds=30)
"""How long a line waits before its mail: several acts become one, and what is read at once needs none."""

DIGEST_AT: Final = time(7)
AT_ONCE: Final = 400
"""Lines looked at in one run; the next run takes the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line: the case, what happened there, and whether it names the reader or is new."""

    id: int
    case: Case
    service: str
    line: Line
    mention: bool
    new: bool


def page(city: City, actor: Actor, *, language: str, before: int | None = None) -> list[Item]:
    """Somebody's lines, newest first, one more than a page; those of cases they may see now."""
    found = following.page_of(actor, before=before, most=PAGE + 1)
    rows = ForYou.objects.filter(pk__in=found).select_related("case").order_by("-id")
    return _items(city, list(rows), language)


def _items(city: City, rows: Sequence[ForYou], language: str) -> list[Item]:
    listed, default = catalogue(city), city.languages[0]
    names = {q.id: pick(q.name, language, default) for q in queues(city)}
    wanted = [(r.case_id, r.seq) for r in rows]
    entries = {
        (e.case_id, e.seq): e
        for e in TimelineEntry.objects.filter(pk__in=wanted).order_by("case_id", "seq")
    }
    for old in archived.entries_of(archived.where(r.case for r in rows), city.pk).values():
        entries |= {(e.case_id, e.seq): e for e in old}
    found = []
    for row in rows:
        entry = entries.get((row.case_id, row.seq))
        if entry is None:
            continue
        flow = listed.flow_version(row.case.flow_version_id)
        reader = wording.Reader(flow, language, default, names, staff=True)
        found.append(
            Item(
                id=row.pk,
                case=row.case,
                service=reader.text(listed.by_id(row.case.service_id).name),
                line=wording.line_of(entry, row.case, reader, row.case.category),
                mention=row.mention,
                new=row.read_at is None,
            )
        )
    return found


def mail_news(now: datetime) -> int:
    """Mail those who want it at once, one mail per case and person; returns how many mails."""
    silent = MailWish.objects.exclude(mail=MailWish.Mail.AT_ONCE).filter(
        city_id=models.OuterRef("city_id"), user_id=models.OuterRef("user_id")
    )
    rows = (
        ForYou.objects.filter(read_at=None, mailed_at=None)
        .filter(at__lte=now - GRACE, at__gt=now - timedelta(days=1))
        .exclude(models.Exists(silent))
        .select_related("case", "user", "city")
        .order_by("id")[:AT_ONCE]
    )
    bundles: dict[tuple[int, int, int], list[ForYou]] = defaultdict(list)
    for row in rows:
        bundles[row.city_id, row.user_id, row.case_id].append(row)
    sent = 0
    for (_city, user_id, case_id), lines in bundles.items():
        key = f"foryou:{user_id}:{case_id}:{lines[-1].seq}"
        sent += _mail(lines[0].city, lines[0].user, lines, key=key, now=now, digest=False)
    return sent


def mail_digests(now: datetime) -> int:
    """Mail those who want it once a day, in the morning of their city; returns how many mails."""
    sent = 0
    wishes = MailWish.objects.filter(mail=MailWish.Mail.DAILY, user__is_active=True)
    for wish in wishes.select_related("city", "user").order_by("pk").iterator(chunk_size=200):
        day = _due_today(wish, now)
        if day is None:
            continue
        rows = list(
            ForYou.objects.filter(city_id=wish.city_id, user_id=wish.user_id, read_at=None)
            .filter(mailed_at=None, at__gt=now - timedelta(days=7))
            .select_related("case")
            .order_by("id")[:PAGE]
        )
        key = f"foryou:{wish.user_id}:{day.isoformat()}"
        sent += _mail(wish.city, wish.user, rows, key=key, now=now, digest=True)
        MailWish.objects.filter(pk=wish.pk).update(last_digest=day)
    return sent


def _due_today(wish: MailWish, now: datetime) -> date | None:
    """Today in the city, when its mail is due and has not gone out."""
    local = now.astimezone(ZoneInfo(wish.city.time_zone))
    due = local.time() >= DIGEST_AT and (
        wish.last_digest is None or wish.last_digest < local.date()
    )
    return local.date() if due else None


def _mail(
    city: City, user: User, rows: Sequence[ForYou], *, key: str, now: datetime, digest: bool
) -> bool:
    """One mail about lines of cases that the person may see now; those of others are let go of."""
    actor = staff_actor(user, city)
    seen = _visible(actor, {r.case_id for r in rows})
    shown = [r for r in rows if r.case_id in seen]
    if shown and user.email:
        language = city.language_for(user.language)
        with translation.override(language), timezone.override(city.time_zone):
            context = _context(city, _items(city, shown, language), digest=digest)
            mail = render("casework/mail/for_you", context, language)
        messaging.send_message(
            message=NewMessage(
                city_id=city.id,
                key=key,
                to_address=user.email,
                language=language,
                subject=mail.subject,
                body_text=mail.text,
                body_html=mail.html,
                case_number="" if digest else shown[0].case.number,
            ),
            now=now,
        )
    ForYou.objects.filter(pk__in=[r.pk for r in rows]).update(mailed_at=now)
    return bool(shown)


def _visible(actor: Actor | None, case_ids: Iterable[int]) -> set[int]:
    if actor is None:
        return set()
    seen = Case.objects.reachable_by(actor).filter(pk__in=sorted(case_ids))
    return set(seen.values_list("pk", flat=True))


def _context(city: City, items: Sequence[Item], *, digest: bool) -> dict[str, Any]:
    desk = f"{public_address(city)}/desk"
    return {
        "city": city,
        "digest": digest,
        "items": [(i, f"{desk}/cases/{i.case.number}") for i in items],
        "first": items[0] if items else None,
        "mention": any(i.mention for i in items),
        "url": f"{desk}/for-you",
    }
