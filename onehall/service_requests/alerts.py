"""News of a selection by mail: asked for, confirmed, told at once or once a day, stopped with one click."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from onehall.casework import public, squares
from onehall.casework.models import Case
from onehall.casework.public import PublicLine
from onehall.casework.selection import Span
from onehall.casework.telling import public_address
from onehall.catalog.queries import catalogue
from onehall.kernel.localized import pick
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.messaging.render import render
from onehall.places.models import City
from onehall.service_requests import publicly
from onehall.service_requests.alert_models import Alert
from onehall.service_requests.publicly import Asked

LISTED: Final = 20
"""Reports that one mail names; of more it says how many, up to `MOST_COUNTED`."""
MOST_COUNTED: Final = 1_000
MOST: Final = 20
"""Selections that one address is told about."""
MOST_ASKED: Final = 3
"""Requests to confirm that one address gets within a day, whoever asks: nobody's mailbox is filled through us."""
FORGOTTEN: Final = timedelta(days=3)
"""After which what nobody confirmed is deleted."""
SETTLED: Final = timedelta(seconds=15)
"""A report may be stored this much after its time."""
MORNING: Final = time(7)
"""When daily mail is written, in the city's time."""
AT_ONCE: Final = 100
ASKED_KEYS: Final = tuple(key for key in publicly.KEYS if key not in ("state", "days"))
"""What an alert keeps of a selection. It is about every new report of it, whatever becomes of the report."""


class AlertRefused(Exception):
    """Nothing was done; the text is for the person who asked."""


@transaction.atomic
def ask(*, city: City, email: str, asked: Asked, often: str, language: str, now: datetime) -> None:
    """Keep a selection and send its address a link to confirm it. Raises `AlertRefused`.

    Says nothing of what the address has or has not asked for before.
    """
    if often not in Alert.Often.values:
        raise AlertRefused(_("Choose how often you want news."))
    if asked.lost:
        raise AlertRefused(_("We do not know this place. Type an address, a corner or a landmark."))
    near = asked.query.near
    theirs = Alert.objects.filter(city=city, email__iexact=email)
    lately = theirs.filter(confirmed_at=None, created_at__gt=now - timedelta(days=1))
    if lately.count() >= MOST_ASKED:
        return
    alert = Alert.objects.create(
        city=city,
        token=secrets.token_urlsafe(16),
        email=email,
        language=language,
        said={k: v for k, v in asked.said.items() if k in ASKED_KEYS},
        point=f"{near.lon:.6f},{near.lat:.6f}" if near else "",
        often=often,
        created_at=now,
        looked_at=now,
        due_at=_next_morning(city, now) if often == Alert.Often.DAY else None,
    )
    _send(city, alert, "alert_asked", f"alert:{alert.pk}:asked", {}, now)


@transaction.atomic
def confirm(*, city: City, token: str, now: datetime) -> Alert:
    """Begin to send. `Alert.DoesNotExist` for a link that is over; `AlertRefused` for one too many."""
    alert = Alert.objects.select_for_update().get(city=city, token=token)
    if alert.confirmed_at is not None:
        return alert
    others = Alert.objects.filter(city=city, email__iexact=alert.email)
    if others.exclude(confirmed_at=None).count() >= MOST:
        raise AlertRefused(
            _("You have %(n)s of these. Stop one by the link in its mail first.") % {"n": MOST}
        )
    alert.confirmed_at = alert.looked_at = now
    if alert.often == Alert.Often.DAY:
        alert.due_at = _next_morning(city, now)
    alert.save(update_fields=["confirmed_at", "looked_at", "due_at"])
    return alert


def stop(*, city: City, token: str) -> None:
    """Send nothing more and forget the address."""
    Alert.objects.filter(city=city, token=token).delete()


def purge(*, now: datetime) -> int:
    """Forget what nobody confirmed; how many."""
    return Alert.objects.filter(confirmed_at=None, created_at__lt=now - FORGOTTEN).delete()[0]


def tell(*, now: datetime) -> bool:
    """Write the mails that are due; whether there may be more to do at once."""
    until = now - SETTLED
    waiting = Alert.objects.exclude(confirmed_at=None).order_by()
    cities = City.objects.filter(pk__in=waiting.values("city")).order_by("pk")
    busy = [city for city in cities if _tell_city(city, until, now)]
    return bool(busy)


@transaction.atomic
def _tell_city(city: City, until: datetime, now: datetime) -> bool:
    newest = (
        Case.objects.of_city(city.pk)
        .filter(is_public=True, opened_at__lt=until)
        .order_by("-opened_at", "-id")
        .values_list("opened_at", flat=True)
        .first()
    )
    mine = Alert.objects.filter(city=city).exclude(confirmed_at=None)
    due = list(
        mine.filter(often=Alert.Often.DAY, due_at__lte=now)
        .order_by("pk")
        .select_for_update(skip_locked=True)[:AT_ONCE]
    )
    if newest is not None:
        due += (
            mine.filter(often=Alert.Often.NOW, looked_at__lte=newest)
            .order_by("pk")
            .select_for_update(skip_locked=True)[:AT_ONCE]
        )
    for alert in due:
        _tell_one(city, alert, until, now)
    daily = [alert.pk for alert in due if alert.often == Alert.Often.DAY]
    looked = Alert.objects.filter(pk__in=[alert.pk for alert in due])
    looked.update(looked_at=until)
    Alert.objects.filter(pk__in=daily).update(due_at=_next_morning(city, now))
    return len(due) >= AT_ONCE


def _tell_one(city: City, alert: Alert, until: datetime, now: datetime) -> None:
    try:
        said = alert.said | ({"at": alert.point} if alert.point else {})
        query = publicly.read(city, said | {"state": "all"}).query
    except publicly.MeansNothing:
        # The selection's own page is gone with what it names.
        everything = {"list_url": f"{public_address(city)}/city"}
        _send(city, alert, "alert_over", f"alert:{alert.pk}:over", everything, now)
        stop(city=city, token=alert.token)
        return
    query = replace(query, opened=Span(alert.looked_at, until))
    found = public.page(city, query, now=now, size=LISTED)
    if not found:
        return
    lines = found[:LISTED]
    more = 0
    if len(found) > LISTED:
        more = squares.how_many(city, query, now=now, at_most=MOST_COUNTED) - LISTED
    key = f"alert:{alert.pk}:{until.timestamp():.6f}"
    _send(city, alert, "alert", key, {"lines": _lines(city, lines, alert), "more": more}, now)


def _lines(city: City, lines: Sequence[PublicLine], alert: Alert) -> list[dict[str, str]]:
    listed, address = catalogue(city), public_address(city)
    language = city.language_for(alert.language)
    return [
        {
            "service": pick(listed.by_id(line.service_id).name, language, city.language),
            "place": line.place_words,
            "url": f"{address}/city/{line.number}",
        }
        for line in lines
    ]


def _send(
    city: City, alert: Alert, template: str, key: str, more: dict[str, Any], now: datetime
) -> None:
    language, address = city.language_for(alert.language), public_address(city)
    with translation.override(language), timezone.override(city.time_zone):
        context = {
            "city": city,
            "what": publicly.in_words(city, alert.said, language),
            "url": f"{address}/alerts/{alert.token}",
            "list_url": address + publicly.address("/city", alert.said | {"state": "all"}),
            **more,
        }
        mail = render(f"service_requests/mail/{template}", context, language)
    messaging.send_message(
        message=NewMessage(
            city_id=city.pk,
            key=key,
            to_address=alert.email,
            language=language,
            subject=mail.subject,
            body_text=mail.text,
            body_html=mail.html,
            stop_url="" if template == "alert_over" else f"{address}/alerts/{alert.token}/stop",
        ),
        now=now,
    )


def _next_morning(city: City, now: datetime) -> datetime:
    zone = ZoneInfo(city.time_zone)
    today = datetime.combine(now.astimezone(zone).date(), MORNING, zone)
    return (
        today if today > now else datetime.combine(today.date() + timedelta(days=1), MORNING, zone)
    )
