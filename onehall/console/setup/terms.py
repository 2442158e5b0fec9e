"""Conditions as a person picks them: one list of "this question is that", grouped by what it is about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from onehall.catalog.flowparts import tree_of
from onehall.console.setup import saying
from onehall.kernel.localized import pick
from onehall.kernel.work_calendar import WEEKDAYS
from onehall.places import pack as places_pack
from onehall.places.models import LIMIT_LAYER, Area, City
from onehall.service_requests.models import ServiceRequest
from onehall.setup import forms

type Choice = tuple[str, str]
"""A condition as JSON, with null where a value is typed; and its words."""


@dataclass(frozen=True, slots=True)
class Group:
    """What can be said about one thing: the field it is, and the words of its values, where it has fixed ones."""

    label: str
    choices: tuple[Choice, ...]
    name: str = ""
    values: Mapping[Any, str] = field(default_factory=dict)


def as_json(tree: Any) -> str:
    """A condition as the value of a choice."""
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":"))


def about(
    label: str, choices: Iterable[Choice], name: str = "", values: Mapping[Any, str] | None = None
) -> Group:
    """A group whose choices say what they are about: a closed list shows no heading."""
    said = tuple((key, f"{label} {words}") for key, words in choices)
    return Group(label, said, name, values or {})


def is_one_of(label: str, name: str, values: Mapping[Any, str], *, nor: bool = False) -> Group:
    """What can be said about a field with fixed values: that it is one of them, with `nor` that it is not."""
    choices = [
        (as_json({operator: [name, key]}), words % {"value": value})
        for key, value in values.items()
        for operator, words in (("eq", _("is: %(value)s")), ("ne", _("is not: %(value)s")))
        if operator == "eq" or nor
    ]
    return about(label, choices, name, values)


def is_number(label: str, name: str) -> Group:
    """What can be said about a number."""
    return about(
        label,
        [
            (as_json({"gt": [name, None]}), _("is more than …")),
            (as_json({"lt": [name, None]}), _("is less than …")),
        ],
        name,
    )


class Terms:
    """The choices of a city's conditions, in a language."""

    def __init__(self, city: City, language: str) -> None:
        self.city = city
        self.language = language
        self._areas: dict[str, tuple[str, dict[str, str]]] | None = None

    def say(self, words: Any) -> str:
        """Localized words that may be half written."""
        return (
            pick(words, self.language, self.city.languages[0])
            if isinstance(words, (str, dict))
            else ""
        )

    def of_questions(self, questions: Iterable[Any], prefix: str = "") -> list[Group]:
        """What can be said about the answers to questions. `prefix` stands before their keys."""
        found = (self._question(q, prefix) for q in questions if isinstance(q, dict))
        return [group for group in found if group is not None]

    def _question(self, question: Mapping[str, Any], prefix: str) -> Group | None:
        key = question.get("key")
        if not isinstance(key, str) or not key:
            return None
        label = self.say(question.get("label")) or key
        name = f"{prefix}{key}"
        kind = question.get("type")
        options = [o for o in forms.listed(question.get("options")) if isinstance(o, dict)]
        values = {
            str(o.get("key", "")): self.say(o.get("label")) or str(o.get("key", ""))
            for o in options
        }
        found: list[Choice] = []
        if kind == "choice":
            found = list(is_one_of("", name, values, nor=True).choices)
        elif kind == "choices":
            found = [
                (as_json({"in": [name, [key]]}), _("includes: %(value)s") % {"value": value})
                for key, value in values.items()
            ]
        elif kind == "yes_no":
            found = [
                (as_json({"eq": [name, True]}), _("is yes")),
                (as_json({"eq": [name, False]}), _("is no")),
            ]
        if kind in ("number", "date"):
            above = _("is more than …") if kind == "number" else _("is after …")
            below = _("is less than …") if kind == "number" else _("is before …")
            found = [(as_json({"gt": [name, None]}), above), (as_json({"lt": [name, None]}), below)]
        if kind in ("number", "date", "text"):
            found.append((as_json({"eq": [name, None]}), _("is exactly …")))
        found.append((as_json({"exists": name}), _("was answered")))
        found.append((as_json({"not": {"exists": name}}), _("was not answered")))
        return about(label, [(key, words.strip()) for key, words in found], name, values)

    def of_areas(self) -> list[Group]:
        """What can be said about the areas it lies in."""
        return [
            is_one_of(label, f"area.{layer}", codes, nor=True)
            for layer, (label, codes) in self._areas_by_layer().items()
        ]

    def of_case(self) -> list[Group]:
        """What can be said about where it is and how it came, for routing."""
        return [*self.of_areas(), *self._moment(), *self.of_arrival()]

    def of_arrival(self) -> list[Group]:
        """How it came, and whether its place is known."""
        channels = ServiceRequest.Channel
        names = {
            channels.WEB: _("the web form"),
            channels.PHONE: _("a call"),
            channels.STAFF: _("the city's own staff"),
            channels.API: _("another system"),
        }
        place = (
            (as_json({"eq": ["place.exists", True]}), _("is known")),
            (as_json({"eq": ["place.exists", False]}), _("is not known")),
        )
        return [
            is_one_of(_("How it came"), "channel", {str(k): word for k, word in names.items()}),
            about(_("The place"), place, "place.exists"),
        ]

    def _moment(self) -> list[Group]:
        """When it came, on the city's own clock, and who looks after the thing it is about."""
        names = [
            _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
        ]  # fmt: skip
        working = [
            (as_json({"eq": ["time.working", True]}), _("is working time")),
            (as_json({"eq": ["time.working", False]}), _("is not working time")),
            (as_json({"eq": ["time.holiday", True]}), _("is a holiday")),
        ]
        owners = {owner: owner for owner in sorted(places_pack.owners_of(self.city))}
        found = [
            is_one_of(_("The weekday"), "time.weekday", dict(zip(WEEKDAYS, names, strict=True))),
            is_number(_("The hour"), "time.hour"),
            about(_("The moment"), working),
        ]
        if owners:
            found.append(is_one_of(_("The owner of the thing"), "asset.owner", owners))
        return found

    def layers(self) -> list[Choice]:
        """The layers that divide the city, with their words."""
        found = self._areas_by_layer()
        return [(layer, label) for layer, (label, _codes) in found.items() if layer != LIMIT_LAYER]

    def codes_of(self, layer: str) -> list[Choice]:
        """The areas of a layer."""
        return list(self._areas_by_layer().get(layer, ("", {}))[1].items())

    def _areas_by_layer(self) -> dict[str, tuple[str, dict[str, str]]]:
        """The words of each layer and of its areas by code, read once."""
        if self._areas is None:
            labels = {e["layer"]: self.say(e.get("label")) or e["layer"] for e in self.city.layers}
            found: dict[str, tuple[str, dict[str, str]]] = {k: (w, {}) for k, w in labels.items()}
            stored = Area.objects.filter(city=self.city).order_by("layer", "sort", "id")
            for layer, code, name in stored.values_list("layer", "code", "name")[:1_000]:
                found.setdefault(layer, (layer, {}))[1][code] = self.say(name) or code
            self._areas = {layer: part for layer, part in found.items() if part[1]}
        return self._areas

    def shown(self, when: Any, groups: Sequence[Group]) -> dict[str, Any]:
        """A condition for the template: rows with the choice taken and its typed value, and one empty row.

        One that is nested deeper is told as a sentence, and sent along as it is.
        """
        if isinstance(when, str):
            when = tree_of(when)
        split = forms.terms_of(when)
        if split is None:
            said = saying.sentence(when, groups)
            return {
                "deep": json.dumps(when, ensure_ascii=False),
                "said": said,
                "rows": [],
                "join": "all",
            }
        join, parts = split
        known = {choice for group in groups for choice, _words in group.choices}
        rows = [self._row(part, known, groups) for part in parts]
        blank = {"what": "", "value": "", "other": "", "said": ""}
        return {"deep": "", "said": "", "join": join, "rows": [*rows, blank]}

    def _row(self, part: Any, known: set[str], groups: Sequence[Group]) -> dict[str, str]:
        operator, operand = next(iter(part.items()))
        whole = as_json(part)
        if whole not in known and isinstance(operand, list) and len(operand) == 2:
            open_one = as_json({operator: [operand[0], None]})
            if open_one in known:
                return {"what": open_one, "value": str(operand[1]), "other": "", "said": ""}
        if whole in known:
            return {"what": whole, "value": "", "other": "", "said": ""}
        return {"what": whole, "value": "", "other": whole, "said": saying.sentence(part, groups)}
