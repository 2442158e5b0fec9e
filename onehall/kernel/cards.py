"""Numbers of payment cards in texts: found, so that no text with one is kept, and taken out of what is logged.

Which digits a card's number begins with and how long it is then is in ISO/IEC 7812 and the networks' own tables; the
last digit fits the others. Numbers of houses, phones, parcels and accounts rarely do all three.
"""

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

_RUN: Final = re.compile(r"(?<![0-9+])[0-9](?:[ .\-\u00a0\u2011\u2013]{0,2}[0-9]){13,}")
_DIGITS: Final = re.compile(r"[0-9]+")
_SHORTEST, _LONGEST = 14, 19
_LOOKS: Final = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})"
    r"|5[1-5][0-9]{14}"
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[689][0-9])[0-9]{11,16}"
    r"|35[2-8][0-9]{13,16}"
    r"|6(?:011|4[4-9][0-9]|5[0-9]{2})[0-9]{12,15}"
    r"|62[0-9]{14,17}"
)
GONE: Final = "[card]"


def card_number_in(text: str) -> bool:
    """Whether a text holds what is a card's number to a machine: its beginning, its length and its check digit."""
    return next(_found(text), None) is not None


def refusal() -> str:
    """What is said to whoever typed one."""
    return _(
        "This looks like the number of a payment card. Take it out: we never need it, and here it would be kept."
    )


def without(text: str) -> str:
    """The text with `[card]` in the place of each such number."""
    for start, end in reversed(list(_found(text))):
        text = text[:start] + GONE + text[end:]
    return text


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Where such numbers stand. Groups of digits are tried together, as people write them: "4111 1111 1111 1111 12/27"."""
    for run in _RUN.finditer(text):
        groups = [(run.start() + g.start(), g[0]) for g in _DIGITS.finditer(run[0])]
        first = 0
        while first < len(groups):
            last = _number_from(groups, first)
            if last is None:
                first += 1
                continue
            yield groups[first][0], groups[last][0] + len(groups[last][1])
            first = last + 1


def _number_from(groups: list[tuple[int, str]], first: int) -> int | None:
    """The last group of a number that begins with the group `first`."""
    digits = ""
    for last in range(first, len(groups)):
        digits += groups[last][1]
        if len(digits) > _LONGEST:
            return None
        if len(digits) >= _SHORTEST and _LOOKS.fullmatch(digits) and _fits(digits):
            return last
    return None


def _fits(digits: str) -> bool:
    """The check digit of Luhn."""
    doubled = (
        int(d) if n % 2 == 0 else sum(divmod(2 * int(d), 10))
        for n, d in enumerate(reversed(digits))
    )
    return sum(doubled) % 10 == 0
