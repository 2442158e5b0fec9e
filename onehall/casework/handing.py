"""A case is handed over to an outside body: the link, what they answer without an account, and taking it back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework import queries, rules, steps
from onehall.casework.after import AFTER_OTHERS
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Case, HandOver, Photo
from onehall.casework.progress import Progress
from onehall.casework.timeline import NewEntry
from onehall.catalog import machine
from onehall.catalog.queries import catalogue
from onehall.kernel.ids import secret_token
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.people.actor import Actor, system
from onehall.people.models import Body
from onehall.places.models import City

TOPIC: Final = "case.body"
"""Topic of the outbox rows that mail a body about a case it has."""

ANSWERS: Final = ("accepted", "done", "not_ours", "words")
"""What a body can say; `words` alone change nothing."""

REMIND_AFTER: Final = 3
"""Working days without an answer before a body is reminded, and again after each reminder."""
MOST_REMINDERS: Final = 3
MOST_PHOTOS: Final = 6


class LinkOver(CaseworkRefused):
    """The link was withdrawn, has expired, or is answered for good."""


@transaction.atomic
def hand_over(
    *,
    city: City,
    case_id: int,
    body: Body,
    words: str,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> HandOver:
    """Give an open case to a body, which gets a link by mail. The clock pauses only if the flow says so."""
    words = words.strip()
    rules.require_fit(words)
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    if by.kind != "system":
        steps.may_work(case, by, "hand_over")
    if body.city_id != city.pk or not body.active:
        raise MoveRefused(_("Choose one of the listed bodies."), missing=("body",))
    if not case.is_open:
        raise MoveRefused(_("The case has ended. Open it again first."))
    if HandOver.objects.filter(case_id=case.pk, body_id=body.pk, ended_at=None).exists():
        raise MoveRefused(_("They have it already. Take it back first."), missing=("body",))
    service, calendar = catalogue(city).by_id(case.service_id), queries.calendar_of(city)
    given = HandOver.objects.create(
        city_id=city.pk,
        case=case,
        body=body,
        token=secret_token(),
        created_at=now,
        by_id=by.user_id,
        words=words,
        shares_contact=service.shares_contact,
        expires_at=now + timedelta(days=service.link_days),
        remind_at=calendar.add_days(now, REMIND_AFTER),
    )
    entries = [NewEntry(kind="handed", data=_named(body))]
    if words:
        entries.append(_said(body, "asked", words=words))
    _act(city, case, entries, "hand_over", by=by, now=now)
    _mail(given, "handed", now)
    return given


@transaction.atomic
def take_back(
    *,
    city: City,
    case_id: int,
    hand_over_id: int,
    by: Actor,
    now: datetime,
    seen: int | None = None,
) -> None:
    """Withdraw the link: it opens nothing any more, and the body is told."""
    case = steps.locked(city=city, case_id=case_id, seen=seen)
    steps.may_work(case, by, "hand_over")
    given = _locked(case, hand_over_id)
    if given is None:
        raise MoveRefused(_("They do not have it any more."))
    _end(given, HandOver.State.WITHDRAWN, now)
    entries = [_said(given.body, "withdrawn", public=True)]
    _act(city, case, entries, "take_back", by=by, now=now)
    _mail(given, "withdrawn", now)


def by_token(city: City, token: str, *, now: datetime) -> HandOver | None:
    """What a link opens, with case and body; None when it never was one, is withdrawn or too old."""
    found = HandOver.objects.filter(city_id=city.pk, token=token, expires_at__gt=now)
    found = found.exclude(state=HandOver.State.WITHDRAWN).select_related("case", "body")
    return found.first()


@transaction.atomic
def opened(*, city: City, hand_over_id: int, now: datetime) -> None:
    """Note that a body has looked, the first time. Looking again adds nothing."""
    rows = HandOver.objects.filter(pk=hand_over_id, city_id=city.pk, opened_at=None)
    if not rows.update(opened_at=now):
        return
    given = HandOver.objects.select_related("body").get(pk=hand_over_id)
    case = steps.locked(city=city, case_id=given.case_id)
    steps.finish(case, [_said(given.body, "opened")], by=system(city.pk), now=now)


@transaction.atomic
def answer(
    *,
    city: City,
    token: str,
    what: str,
    words: str,
    pictures: Sequence[Photo],
    now: datetime,
) -> HandOver:
    """What a body says by its link: accepted, done, not theirs, or only words and photos.

    Residents read that it was accepted or done; the words and photos are for the staff, who may show them.
    The same said twice, as by a double tap, is said once.
    """
    given = by_token(city, token, now=now)
    if given is None or given.ended_at is not None:
        raise LinkOver(_("This link is over. Ask the city if you still need it."))
    words = words.strip()
    _require(what, words, pictures)
    case = steps.locked(city=city, case_id=given.case_id)
    given = _locked(case, given.pk) or given
    if given.ended_at is not None:
        raise LinkOver(_("This link is over. Ask the city if you still need it."))
    hung = _hang(case, pictures)
    entries = []
    if what != "words" and given.state != what:
        entries.append(_said(given.body, what, public=True))
    if words or hung:
        shown = [photo.pk for photo in hung]
        entries.append(_said(given.body, "wrote", words=words, photos=shown))
    _note_answer(city, given, what, now)
    if not entries:
        return given
    case.unread_reply = True
    ends = given.ended_at is not None
    _act(city, case, entries, "take_back" if ends else "", by=system(city.pk), now=now)
    return given


@transaction.atomic
def remind(*, city: City, hand_over_id: int, now: datetime) -> bool:
    """Remind a body that has not ended it, at most three times; False when another worker did or it is over."""
    held = HandOver.objects.select_for_update(skip_locked=True, of=("self",))
    given = held.filter(pk=hand_over_id, city_id=city.pk, ended_at=None, remind_at__lte=now)
    row = given.select_related("body").first()
    if row is None:
        return False
    case = steps.locked(city=city, case_id=row.case_id)
    if not case.is_open or row.expires_at <= now:
        HandOver.objects.filter(pk=row.pk).update(remind_at=None)
        return False
    row.reminded += 1
    again = row.reminded < MOST_REMINDERS
    calendar = queries.calendar_of(city)
    row.remind_at = calendar.add_days(now, REMIND_AFTER) if again else None
    row.save(update_fields=["reminded", "remind_at"])
    steps.finish(case, [_said(row.body, "reminded")], by=system(city.pk), now=now)
    _mail(row, f"reminded:{row.reminded}", now)
    return True


@transaction.atomic
def put_off(*, hand_over_id: int, until: datetime) -> None:
    """Remind a body later, so that a reminder that fails does not hold up the others."""
    HandOver.objects.filter(pk=hand_over_id, ended_at=None).update(remind_at=until)


def _require(what: str, words: str, pictures: Sequence[Photo]) -> None:
    if what not in ANSWERS:
        raise MoveRefused(_("Choose one of the answers."))
    rules.require_fit(words)
    if what == "words" and not words and not pictures:
        raise MoveRefused(_("Write something, or add a photo."), missing=("words",))
    if what in ("done", "not_ours") and not words:
        raise MoveRefused(_("Say in a line what was done, or whose it is."), missing=("words",))


def _note_answer(city: City, given: HandOver, what: str, now: datetime) -> None:
    given.answered_at = now
    if what in ("done", "not_ours"):
        _end(given, HandOver.State(what), now)
        return
    if what == "accepted":
        given.state = HandOver.State.ACCEPTED
    # Whoever works on it is asked again later.
    given.remind_at = queries.calendar_of(city).add_days(now, 2 * REMIND_AFTER)
    given.save(update_fields=["state", "answered_at", "remind_at"])


def _end(given: HandOver, state: HandOver.State, now: datetime) -> None:
    given.state, given.ended_at, given.remind_at = state, now, None
    given.save(update_fields=["state", "ended_at", "remind_at", "answered_at"])


def _locked(case: Case, hand_over_id: int) -> HandOver | None:
    held = HandOver.objects.select_for_update(of=("self",)).select_related("body")
    return held.filter(pk=hand_over_id, case_id=case.pk, ended_at=None).first()


def _hang(case: Case, pictures: Sequence[Photo]) -> list[Photo]:
    """Photos of a body: of the work, seen by the staff alone until they show them; each once."""
    room = MOST_PHOTOS * 5 - case.photos.filter(kind=Photo.Kind.AFTER).count()
    hung = []
    for photo in pictures[: max(0, min(MOST_PHOTOS, room))]:
        if case.photos.filter(name=photo.name, removed_at=None).exists():
            continue
        photo.case_id, photo.kind, photo.is_public = case.pk, Photo.Kind.AFTER, False
        photo.position = AFTER_OTHERS
        photo.save(force_insert=True)
        hung.append(photo)
    return hung


def _act(
    city: City, case: Case, entries: list[NewEntry], purpose: str, *, by: Actor, now: datetime
) -> None:
    """Append, and make the move that the flow has for it, if it has one; then its clock follows."""
    flow = catalogue(city).flow_version(case.flow_version_id)
    maker = by if purpose == "hand_over" else system(city.pk)
    moves = bool(purpose) and case.merged_into_id is None
    step = flow.with_purpose(purpose, case.state, maker.roles) if moves else None
    progress = Progress.of(case, flow, city=city, by=by, now=now)
    progress.entries += entries
    if step is not None and not _still_out(case, purpose):
        target = machine.target_of(step, flow, previous=case.previous_state, end="")
        data: dict[str, Any] = {"move": step.key, "from": case.state, "to": target}
        progress.enter(target, data | {"purpose": purpose})
        progress.entries[-1] = NewEntry(
            kind="moved", data=progress.entries[-1].data, by=maker, news=False
        )
        progress.begin(step.effects)
    steps.finish_progress(progress)


def _still_out(case: Case, purpose: str) -> bool:
    """Whether another body still has the case that one of several gives back."""
    if purpose != "take_back":
        return False
    return HandOver.objects.filter(case_id=case.pk, ended_at=None).exists()


def _named(body: Body) -> dict[str, Any]:
    found: dict[str, Any] = {"body": body.key, "name": body.name}
    return found | {k: v for k, v in (("does", body.does), ("phone", body.phone)) if v}


def _said(
    body: Body,
    what: str,
    *,
    words: str = "",
    photos: Sequence[int] = (),
    public: bool = False,
) -> NewEntry:
    data: dict[str, Any] = {"body": body.key, "name": body.name, "what": what}
    data |= {"words": words} if words else {}
    data |= {"photos": list(photos)} if photos else {}
    return NewEntry(kind="outside", data=data, public=public, news=public)


def _mail(given: HandOver, what: str, now: datetime) -> None:
    row = NewOutbox(
        topic=TOPIC, key=f"{given.pk}:{what}", payload={"hand_over": given.pk, "what": what}
    )
    messaging.queue(city_id=given.city_id, rows=[row], now=now)
