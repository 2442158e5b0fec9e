"""The routing tester: what somebody would tell us, as the facts of a report, and every rule's verdict in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from onehall.casework.queries import calendar_of
from onehall.catalog import routing, rules
from onehall.catalog.routing import Check, Verdict
from onehall.catalog.services import Question, ServiceDefinition
from onehall.kernel.localized import pick
from onehall.places import areas
from onehall.places import queries as places
from onehall.places.models import LIMIT_LAYER, City
from onehall.service_requests import deciding

PREFIX: Final = "q_"
"""Before a question's key in field names."""


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One question of the service with what was answered, for the form."""

    question: Question
    name: str
    given: list[str]
    asked: bool


@dataclass(slots=True)
class Trial:
    """One try: the facts it came to, and what could not be understood."""

    service: ServiceDefinition
    city: City
    language: str
    at: datetime
    channel: str
    where: str = ""
    asset: str = ""
    place: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def verdicts(self) -> list[Verdict]:
        """Every rule of the service with whether it holds."""
        return routing.explain(self.service, self.facts)


def read(
    city: City, service: ServiceDefinition, asked: QueryDict, language: str, *, now: datetime
) -> Trial:
    """The try that an address describes. What is not given counts as not told."""
    trial = Trial(service, city, language, _moment(city, asked.get("at", ""), now), _channel(asked))
    raw = {q.key: asked.getlist(PREFIX + q.key) for q in service.questions}
    required = {q.key for q in service.questions if q.required}
    trial.answers, errors, stop = rules.clean_answers(service, raw)
    for key, words in errors.items():
        # What is missing is no mistake of a try.
        if any(raw[key]) or key not in required:
            trial.problems.append(f"{_text(trial, _question(service, key).label)}: {words}")
    if stop is not None:
        trial.problems.append(
            _("With these answers the form stops: %(words)s") % {"words": _text(trial, stop.words)}
        )
    point = _point(trial, asked)
    owner = deciding.owner_of(city, deciding.asset_id(city, service.asset, trial.asset))
    if trial.asset and not owner:
        trial.problems.append(_("Nothing with that number is known, or it has no owner."))
    trial.facts = routing.facts_of(
        answers=trial.answers,
        areas=trial.areas,
        channel=trial.channel,
        placed=point is not None,
        at=trial.at,
        calendar=calendar_of(city),
        owner=owner,
    )
    return trial


def _moment(city: City, text: str, now: datetime) -> datetime:
    zone = ZoneInfo(city.time_zone)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone, second=0, microsecond=0)
    except ValueError:
        return now.astimezone(zone)


def _channel(asked: QueryDict) -> str:
    channel = asked.get("channel", "")
    return channel if channel in routing.CHANNELS else "web"


def _question(service: ServiceDefinition, key: str) -> Question:
    return next(q for q in service.questions if q.key == key)


def _text(trial: Trial, words: dict[str, str] | str) -> str:
    return pick(words, trial.language, trial.city.languages[0])


def _point(trial: Trial, asked: QueryDict) -> tuple[float, float] | None:
    """The point that was typed as "latitude, longitude", found as words, or of the asset."""
    trial.where = asked.get("where", "").strip()[:200]
    trial.asset = asked.get("asset", "").strip()[:60]
    city, found = trial.city, None
    if trial.asset and trial.service.asset:
        near = places.asset_by_code(city, trial.service.asset, trial.asset, language=trial.language)
        if near is not None:
            trial.asset, trial.place, found = near.code, near.words, (near.lon, near.lat)
    if trial.where:
        point = _typed_point(trial.where)
        if point is None:
            hits = places.find_place(city, trial.where, limit=1, language=trial.language)
            if hits:
                trial.place, point = hits[0].words, (hits[0].lon, hits[0].lat)
            else:
                trial.problems.append(
                    _(
                        "This place is not known. Type it another way, or a point such as 44.60, -124.05."
                    )
                )
        found = point or found
    if found is not None:
        trial.areas = places.areas_at(city, *found)
        if not places.inside_limit(city, *found):
            trial.problems.append(_("This place is outside the city."))
    return found


def _typed_point(text: str) -> tuple[float, float] | None:
    """(longitude, latitude) of text such as "44.60, -124.05"."""
    first, comma, second = text.partition(",")
    try:
        lat, lon = float(first), float(second)
    except ValueError:
        return None
    return (lon, lat) if comma and abs(lat) <= 85 and abs(lon) <= 180 else None


def fields_of(
    service: ServiceDefinition, asked: QueryDict, answers: Mapping[str, Any]
) -> list[FieldShown]:
    """The questions of a service with what was answered."""
    shown = {q.key for q in rules.visible_questions(service, answers)}
    return [
        FieldShown(q, PREFIX + q.key, asked.getlist(PREFIX + q.key), q.key in shown)
        for q in service.questions
    ]


def area_words(trial: Trial) -> list[tuple[str, str]]:
    """The areas of the place by layer, in words."""
    return [
        (
            areas.layer_label(trial.city, layer, trial.language) or layer,
            areas.label(trial.city, layer, code, trial.language),
        )
        for layer, code in sorted(trial.areas.items())
        if layer != LIMIT_LAYER
    ]


def said(check: Check, trial: Trial) -> str:
    """One comparison in words: what the rule asks for."""
    name = _field_name(check.field, trial)
    if check.operator == "exists":
        return _("%(field)s is answered") % {"field": name}
    wanted = check.wanted if isinstance(check.wanted, list) else [check.wanted]
    given = {"field": name, "value": ", ".join(_value(check.field, v, trial) for v in wanted)}
    words = {
        "eq": _("%(field)s is %(value)s"),
        "ne": _("%(field)s is not %(value)s"),
        "gt": _("%(field)s is more than %(value)s"),
        "lt": _("%(field)s is less than %(value)s"),
        "in": _("%(field)s is one of: %(value)s"),
    }
    return words[check.operator] % given


def found_words(check: Check, trial: Trial) -> str:
    """What there was instead."""
    if check.found in (None, "", []):
        return _("not told")
    found = check.found if isinstance(check.found, list) else [check.found]
    return ", ".join(_value(check.field, v, trial) for v in found)


def _field_name(name: str, trial: Trial) -> str:
    fixed = {
        "channel": _("Channel"),
        "place.exists": _("A place on the map"),
        "asset.owner": _("Owner of the thing"),
        "time.hour": _("Hour of the day"),
        "time.weekday": _("Weekday"),
        "time.working": _("Working time"),
        "time.holiday": _("Holiday"),
    }
    if name in fixed:
        return fixed[name]
    if name.startswith("area."):
        layer = name.removeprefix("area.")
        return areas.layer_label(trial.city, layer, trial.language) or layer
    question = trial.service.question(name)
    return _text(trial, question.label) if question else name


def _value(name: str, value: Any, trial: Trial) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name.startswith("area."):
        return areas.label(trial.city, name.removeprefix("area."), str(value), trial.language)
    if name == "time.weekday":
        return weekday(str(value))
    question = trial.service.question(name)
    option = next((o for o in question.options if o.key == value), None) if question else None
    return _text(trial, option.label) if option else str(value)


def weekday(key: str) -> str:
    """A weekday by its key in calendars."""
    names = {
        "mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"),
        "fri": _("Friday"), "sat": _("Saturday"), "sun": _("Sunday"),
    }  # fmt: skip
    return names.get(key, key)
