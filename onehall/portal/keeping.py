"""How long the city keeps what residents told, in words for them."""

from collections.abc import Callable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.places import retention
from onehall.places.models import City
from onehall.places.retention import Kind, Term

WHAT: Final[dict[Kind, Callable[[], str]]] = {
    "contact": lambda: _("names, e-mail addresses and phone numbers"),
    "words": lambda: _("what you wrote and answered"),
    "photos": lambda: _("photos"),
}


def lines(city: City) -> list[tuple[str, str]]:
    """What is erased and after how long, as the city says for all its services."""
    found = retention.terms(city.retention, {})
    return [(WHAT[kind](), in_words(term)) for kind, term in found.items()]


def in_words(term: Term) -> str:
    """A length of time in the language that is spoken now."""
    n = term.amount
    said = {
        "day": ngettext("%(n)s day", "%(n)s days", n),
        "week": ngettext("%(n)s week", "%(n)s weeks", n),
        "month": ngettext("%(n)s month", "%(n)s months", n),
        "year": ngettext("%(n)s year", "%(n)s years", n),
    }
    return said[term.unit] % {"n": n}
