"""Who would get which mail if a reply went out now: made by the code that sends it, and not stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from onehall.casework import parts, steps
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.timeline import NewEntry
from onehall.catalog.queries import catalogue
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests import news
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.queries import followers, reports_of

SHOWN: Final = 20
"""Mails that are shown whole; of the others it is said how many there are."""

HIDDEN: Final = "…"
"""Stands for the secret part of a person's link."""

type Why = Literal["nameless", "silent", "no_address"]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it would go out."""

    report: ServiceRequest
    to: str
    language: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody who would get no mail, and why. The words stand on their page all the same."""

    report: ServiceRequest
    why: Why


@dataclass(frozen=True, slots=True)
class Preview:
    """`count` mails in all, the first of them as `letters`."""

    letters: list[Letter]
    count: int
    unreached: list[Unreached]


def of_reply(
    *,
    city: City,
    case: Case,
    words: str,
    words_in: Mapping[str, str],
    by: Actor,
    now: datetime,
) -> Preview:
    """What `actions.reply` with the same words would send. Raises `MoveRefused` where it would."""
    new = NewEntry(kind="replied", data=steps.said(city, words, words_in))
    if case.parent is not None:
        # Those who follow the whole case read what a part says.
        case.city = city
        flow = catalogue(city).flow_version(case.flow_version_id)
        (new,) = parts.said_by(case, [new], flow)
        case = case.parent
    entry = TimelineEntry(
        case=case,
        seq=case.lock + 1,
        city_id=city.id,
        at=now,
        kind=new.kind,
        public=True,
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_name=by.name,
        data=new.data,
    )
    return _preview(city, entry, case)


def of_join(*, city: City, case: Case, into: Case, by: Actor, now: datetime) -> Preview:
    """What joining `case` into another one would send: to its own people alone."""
    entry = TimelineEntry(
        case=case,
        seq=case.lock + 1,
        city_id=city.id,
        at=now,
        kind="joined",
        public=True,
        actor_kind=by.kind,
        actor_id=by.user_id,
        actor_name=by.name,
        data={"into": into.number, "into_case": into.pk},
    )
    return _preview(city, entry, case)


def _preview(city: City, entry: TimelineEntry, case: Case) -> Preview:
    told = [(r, r.person.email) for r in followers(case.pk) if r.person and r.person.email]
    letters = []
    for report, address in told[:SHOWN]:
        # With their link staff could answer in their name; everything else is as it will be.
        report.token = HIDDEN
        mail = news.mail_for(city, entry, report)
        language = news.language_of(city, report)
        letters.append(Letter(report, address, language, mail.subject, mail.text))
    reached = {report.id for report, _address in told}
    others = [r for r in reports_of(case) if r.id not in reached]
    return Preview(letters, len(told), [Unreached(r, _why(r)) for r in others])


def _why(report: ServiceRequest) -> Why:
    if report.person is None:
        return "nameless"
    return "no_address" if not report.person.email else "silent"
