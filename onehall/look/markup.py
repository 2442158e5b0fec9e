"""HTML put together in Python, for the parts that a page repeats dozens of times.

`django.utils.html.format_html` escapes every value through machinery for lazy strings, which costs several
times as much as the escaping; a list of fifty rows has over a thousand values.
"""

from html import escape
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def _safe(value: Any) -> str:
    kind = type(value)
    if kind is SafeString:
        return str(value)
    if kind is str:
        return escape(value)
    if kind is int:
        return str(value)
    return conditional_escape(value)


def markup(pattern: str, /, *values: Any, **named: Any) -> SafeString:
    """`pattern.format(...)` with every value escaped that is not safe already, as `format_html` does."""
    return SafeString(
        pattern.format(*map(_safe, values), **{key: _safe(value) for key, value in named.items()})
    )


def where(given: Any, pattern: str, /) -> SafeString:
    """`pattern` with the value, or nothing at all for an empty one."""
    return markup(pattern, given) if given else SafeString("")
