"""Distances as one would say them."""

from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

type Units = Literal["imperial", "metric"]

FOOT, YARD, MILE = 0.3048, 0.9144, 1609.344


def units_for(language: str, city: object = None) -> Units:
    """The reader's units: the city's own choice, else feet and miles for US English, else metres."""
    chosen = getattr(city, "units", "")
    if chosen in {"imperial", "metric"}:
        return "imperial" if chosen == "imperial" else "metric"
    return "imperial" if language.lower() in {"en", "en-us"} else "metric"


def say(metres: float, *, units: Units) -> str:
    """`metres` in words, rounded: "8 feet", "90 yards", "0.4 miles" or "80 m", "1.2 km"."""
    return _imperial(metres) if units == "imperial" else _metric(metres)


def _imperial(metres: float) -> str:
    feet = metres / FOOT
    if feet < 60:
        count = _round(feet, 1 if feet < 10 else 5)
        return ngettext("%(count)d foot", "%(count)d feet", count) % {"count": count}
    yards = metres / YARD
    if yards < 440:
        count = _round(yards, 5 if yards < 50 else 10)
        return ngettext("%(count)d yard", "%(count)d yards", count) % {"count": count}
    miles = round(metres / MILE, 1) if metres < 10 * MILE else round(metres / MILE)
    return _("1 mile") if miles == 1 else _("%(miles)s miles") % {"miles": f"{miles:g}"}


def _metric(metres: float) -> str:
    if metres < 1000:
        count = _round(metres, 1 if metres < 10 else 5 if metres < 50 else 10)
        if count < 1000:
            return _("%(count)d m") % {"count": count}
    kilometres = round(metres / 1000, 1) if metres < 10_000 else round(metres / 1000)
    return _("%(count)s km") % {"count": f"{kilometres:g}"}


def _round(value: float, step: int) -> int:
    return max(step if step == 1 else 1, round(value / step) * step)
