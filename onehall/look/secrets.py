"""The secrets of forms, drawn at once.

Django asks the system for each of the 64 letters of a page's token. Every question lets another thread go first, and
while four of them make pages that costs as much as a tenth of a page.
"""

import os
from typing import Any, Final, cast

from django.middleware import csrf

LETTERS: Final = csrf.CSRF_ALLOWED_CHARS
LENGTH: Final = csrf.CSRF_SECRET_LENGTH
_EVEN: Final = 256 // len(LETTERS) * len(LETTERS)
"""Bytes below this stand for each letter equally often."""


def secret() -> str:
    """As many letters as Django's secrets have, each as likely as any other, from the system's randomness."""
    found = ""
    while len(found) < LENGTH:
        found += "".join(LETTERS[b % len(LETTERS)] for b in os.urandom(LENGTH + 8) if b < _EVEN)
    return found[:LENGTH]


def take_over() -> None:
    """Have Django's tokens made of these."""
    # There is no setting for it; the tokens themselves, and how they are checked, stay Django's.
    cast(Any, csrf)._get_new_csrf_string = secret  # noqa: SLF001  (see above)
