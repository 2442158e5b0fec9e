"""What the staff tell all residents at once, such as in a storm, and which services are paused meanwhile.

Every page shows it, so it is read from the city's own row. It ends by itself at its time, without a worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from onehall.casework.errors import CaseworkRefused
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel import cards
from onehall.people.actor import Actor
from onehall.places.models import City
from onehall.service_requests.notice_models import Notice

LONGEST_TITLE: Final = 120
LONGEST: Final = 1_000
LONGEST_LINK: Final = 300

type Words = dict[str, str]
"""Words by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What residents are told. `paused` says by key of a service what to do instead; `until` is when it ends by itself."""

    title: Words
    words: Words = field(default_factory=dict)
    link: str = ""
    urgent: bool = False
    until: datetime | None = None
    paused: dict[str, Words] = field(default_factory=dict)
    id: int = 0

    @property
    def doc(self) -> dict[str, Any]:
        """The same to be stored, without its number."""
        return {
            "title": self.title,
            "words": self.words,
            "link": self.link,
            "urgent": self.urgent,
            "until": self.until.isoformat() if self.until else None,
            "paused": self.paused,
        }


class NoticeRefused(CaseworkRefused):
    """What was to be told is not right. `wrong` says by field what, in words."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__(" ".join(wrong.values()))
        self.wrong = dict(wrong)


def told(city: City, now: datetime) -> Told | None:
    """What residents of a city are told at a moment; None for nothing."""
    doc = city.notice
    if not doc:
        return None
    until = datetime.fromisoformat(doc["until"]) if doc["until"] else None
    if until is not None and until <= now:
        return None
    return Told(
        title=doc["title"],
        words=doc["words"],
        link=doc["link"],
        urgent=doc["urgent"],
        until=until,
        paused=doc["paused"],
        id=doc["id"],
    )


def instead_of(city: City, service_key: str, now: datetime) -> Words | None:
    """What to do instead of reporting for a service that is paused; None for one that is not."""
    found = told(city, now)
    return found.paused.get(service_key) if found else None


def may_pause(city: City) -> list[ServiceDefinition]:
    """The services that can be paused: those that residents may ask for, in the catalogue's order."""
    return [s for group in catalogue(city).groups for s in group.services]


def latest(city: City) -> Notice | None:
    """What was said last, also when it is over or was taken back."""
    return Notice.objects.filter(city_id=city.pk).order_by("-id").first()


def history(city: City, most: int) -> list[Notice]:
    """What was said, the newest first."""
    return list(Notice.objects.filter(city_id=city.pk).order_by("-id")[:most])


def wrong_with(city: City, new: Told, *, now: datetime) -> dict[str, str]:
    """What is not right about it, by field, in words; nothing when all is."""
    wrong = _wrong_words(city, new)
    if new.link and not _is_link(new.link):
        wrong["link"] = _("This is no web address. It begins with https://")
    if new.until is not None and new.until <= now:
        wrong["until"] = _("This time is over. Choose a later one, or leave it empty.")
    known = {s.key for s in may_pause(city)}
    for key, instead in new.paused.items():
        if key not in known:
            wrong["paused"] = _("One of these services is not offered any more.")
        elif words := _wrong_instead(city, instead):
            wrong[f"paused.{key}"] = words
    return wrong


def _wrong_words(city: City, new: Told) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not new.title.get(city.language, "").strip():
        wrong["title"] = _("Give it a title, at least in the city's first language.")
    if _too_long(new.title, LONGEST_TITLE):
        wrong["title"] = _("A title has %(n)s letters at most.") % {"n": LONGEST_TITLE}
    if _too_long(new.words, LONGEST):
        wrong["words"] = _("It has %(n)s letters at most.") % {"n": LONGEST}
    for name, words in (("title", new.title), ("words", new.words)):
        if any(cards.card_number_in(text) for text in words.values()):
            wrong[name] = cards.refusal()
    return wrong


def _wrong_instead(city: City, instead: Words) -> str:
    if not instead.get(city.language, "").strip():
        return _("Say what to do instead, at least in the city's first language.")
    return (
        _("It has %(n)s letters at most.") % {"n": LONGEST} if _too_long(instead, LONGEST) else ""
    )


def _too_long(words: Words, most: int) -> bool:
    return any(len(text) > most for text in words.values())


def _is_link(text: str) -> bool:
    try:
        URLValidator(schemes=["https", "http"])(text)
    except ValidationError:
        return False
    return len(text) <= LONGEST_LINK and not urlsplit(text).username


def tell(*, city: City, new: Told | None, seen: int, by: Actor, now: datetime) -> Notice:
    """Tell all residents something from now on; None takes back what is told.

    `seen` is the number of what was said last as the writer saw it, 0 for nothing. Raises `NoticeRefused` when
    something is not right, and `CaseworkRefused` when this person may not, or somebody else was quicker.
    """
    if not by.may("tell_all"):
        raise CaseworkRefused(_("Your role may not tell all residents something."))
    if new is not None and (wrong := wrong_with(city, new, now=now)):
        raise NoticeRefused(wrong)
    with transaction.atomic():
        held = City.objects.select_for_update().get(pk=city.pk)
        last = latest(held)
        if (last.pk if last else 0) != seen:
            raise CaseworkRefused(
                _(
                    "Somebody else changed the notice meanwhile. Look at theirs, then say yours again."
                )
            )
        doc = new.doc if new else {}
        row = Notice.objects.create(city=held, at=now, by_id=by.user_id, by_name=by.name, doc=doc)
        held.notice = doc | {"id": row.pk} if doc else {}
        held.save(update_fields=["notice"])
    # Held in memory by this process, where whoever wrote it looks next.
    city.notice = held.notice
    return row
