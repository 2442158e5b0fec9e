"""Conditions as a person picks them: one list of "this question is that", grouped by what it is about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from onehall.kernel.localized import pick
from onehall.kernel.work_calendar import WEEKDAYS
from onehall.places import pack as places_pack
from onehall.places.models import Area, City
from onehall.service_requests.models import ServiceRequest
from onehall.setup import forms

type Choice = tuple[str, str]
"""A condition as JSON, with null where a value is typed; and its words."""


@dataclass(frozen=True, slots=True)
class Group:
    """What can be said about one thing."""

    label: str
    choices: tuple[Choice, ...]


def _json(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def _said(label: str, choices: Iterable[Choice]) -> Group:
    """A group whose choices say what they are about: a closed list shows no heading."""
    return Group(label, tuple((key, f"{label} {words}") for key, words in choices))


class Terms:
    """The choices of a city's conditions, in a language."""

    def __init__(self, city: City, language: str) -> None:
        self.city = city
        self.language = language
        self._areas: list[Group] | None = None

    def say(self, words: Any) -> str:
        """Localized words that may be half written."""
        return (
            pick(words, self.language, self.city.languages[0])
            if isinstance(words, (str, dict))
            else ""
        )

    def of_questions(self, questions: Iterable[Any]) -> list[Group]:
        """What can be said about the answers to questions."""
        return [
            g for q in questions if isinstance(q, dict) and (g := self._question(q)) is not None
        ]

    def _question(self, question: Mapping[str, Any]) -> Group | None:
        key = question.get("key")
        if not isinstance(key, str) or not key:
            return None
        label = self.say(question.get("label")) or key
        kind = question.get("type")
        options = [o for o in forms.listed(question.get("options")) if isinstance(o, dict)]
        found: list[Choice] = []
        for option in options:
            name = self.say(option.get("label")) or str(option.get("key", ""))
            value = option.get("key")
            if kind == "choice":
                found.append((_json({"eq": [key, value]}), _("is: %(value)s") % {"value": name}))
                found.append(
                    (_json({"ne": [key, value]}), _("is not: %(value)s") % {"value": name})
                )
            elif kind == "choices":
                found.append(
                    (_json({"in": [key, [value]]}), _("includes: %(value)s") % {"value": name})
                )
        if kind == "yes_no":
            found = [
                (_json({"eq": [key, True]}), _("is yes")),
                (_json({"eq": [key, False]}), _("is no")),
            ]
        if kind in ("number", "date"):
            above = _("is more than …") if kind == "number" else _("is after …")
            below = _("is less than …") if kind == "number" else _("is before …")
            found = [(_json({"gt": [key, None]}), above), (_json({"lt": [key, None]}), below)]
        if kind in ("number", "date", "text"):
            found.append((_json({"eq": [key, None]}), _("is exactly …")))
        found.append((_json({"exists": key}), _("was answered")))
        found.append((_json({"not": {"exists": key}}), _("was not answered")))
        return _said(label, found)

    def of_areas(self) -> list[Group]:
        """What can be said about the areas it lies in, read once."""
        if self._areas is None:
            self._areas = self._read_areas()
        return self._areas

    def of_case(self) -> list[Group]:
        """What can be said about where it is and how it came, for routing."""
        channels = ServiceRequest.Channel
        names = {
            channels.WEB: _("the web form"),
            channels.PHONE: _("a call"),
            channels.STAFF: _("the city's own staff"),
            channels.API: _("another system"),
        }
        came = tuple(
            (_json({"eq": ["channel", str(key)]}), _("is: %(value)s") % {"value": word})
            for key, word in names.items()
        )
        place = (
            (_json({"eq": ["place.exists", True]}), _("is known")),
            (_json({"eq": ["place.exists", False]}), _("is not known")),
        )
        return [
            *self.of_areas(),
            *self._moment(),
            _said(_("How it came"), came),
            _said(_("The place"), place),
        ]

    def _moment(self) -> list[Group]:
        """When it came, on the city's own clock, and who looks after the thing it is about."""
        names = [
            _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
        ]  # fmt: skip
        days = [
            (_json({"eq": ["time.weekday", key]}), _("is: %(value)s") % {"value": word})
            for key, word in zip(WEEKDAYS, names, strict=True)
        ]
        hours = [
            (_json({"gt": ["time.hour", None]}), _("is more than …")),
            (_json({"lt": ["time.hour", None]}), _("is less than …")),
        ]
        working = [
            (_json({"eq": ["time.working", True]}), _("is working time")),
            (_json({"eq": ["time.working", False]}), _("is not working time")),
            (_json({"eq": ["time.holiday", True]}), _("is a holiday")),
        ]
        owners = [
            (_json({"eq": ["asset.owner", owner]}), _("is: %(value)s") % {"value": owner})
            for owner in sorted(places_pack.owners_of(self.city))
        ]
        found = [
            _said(_("The weekday"), days), _said(_("The hour"), hours), _said(_("The moment"), working),
        ]  # fmt: skip
        return [*found, *([_said(_("The owner of the thing"), owners)] if owners else [])]

    def _read_areas(self) -> list[Group]:
        labels = {e["layer"]: self.say(e.get("label")) or e["layer"] for e in self.city.layers}
        rows: dict[str, list[Choice]] = {layer: [] for layer in labels}
        stored = Area.objects.filter(city=self.city).order_by("layer", "sort", "id")
        for layer, code, name in stored.values_list("layer", "code", "name")[:1_000]:
            words = self.say(name) or code
            field = f"area.{layer}"
            rows.setdefault(layer, []).extend(
                [
                    (_json({"eq": [field, code]}), _("is: %(value)s") % {"value": words}),
                    (_json({"ne": [field, code]}), _("is not: %(value)s") % {"value": words}),
                ]
            )
        return [_said(labels.get(layer, layer), found) for layer, found in rows.items() if found]

    def shown(self, when: Any, groups: Sequence[Group]) -> dict[str, Any]:
        """A condition for the template: rows with the choice taken and its typed value, and one empty row.

        One that is nested deeper is told as text, and sent along as it is.
        """
        split = forms.terms_of(when)
        if split is None:
            return {"deep": json.dumps(when, ensure_ascii=False), "rows": [], "join": "all"}
        join, parts = split
        known = {choice for group in groups for choice, _words in group.choices}
        rows = [self._row(part, known) for part in parts]
        return {"deep": "", "join": join, "rows": [*rows, {"what": "", "value": "", "other": ""}]}

    def _row(self, part: Any, known: set[str]) -> dict[str, str]:
        operator, operand = next(iter(part.items()))
        whole = _json(part)
        if whole not in known and isinstance(operand, list) and len(operand) == 2:
            open_one = _json({operator: [operand[0], None]})
            if open_one in known:
                return {"what": open_one, "value": str(operand[1]), "other": ""}
        other = "" if whole in known else whole
        return {"what": whole, "value": "", "other": other}
