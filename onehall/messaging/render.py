"""Texts of messages: a pair of templates, `<template>.txt` and, where wanted, `<template>.html`.

The first line of the text is `Subject: …`. Both may extend `messaging/mail/base.txt` and
`messaging/mail/base.html`. Without an HTML template the HTML is made from the text.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.template import Context, Template, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation

SUBJECT: Final = "Subject:"
SUBJECT_LENGTH: Final = 150


class Rendered(NamedTuple):
    """The three texts of a message."""

    subject: str
    text: str
    html: str


def render(template: str, context: Mapping[str, Any], language: str) -> Rendered:
    """Render `template` (a path without its ending) in `language`; ValueError without a subject."""
    with translation.override(language):
        values = {
            **context,
            "language": language,
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        subject, text = _split(template, _plain(f"{template}.txt", values))
        values |= {"subject": subject, "text": text}
        try:
            page = get_template(f"{template}.html")
        except TemplateDoesNotExist:
            page = get_template("messaging/mail/from_text.html")
        return Rendered(subject, text, page.render(values))


def _plain(name: str, values: dict[str, Any]) -> str:
    """A text template: nothing is escaped, for it is never read as HTML."""
    found = get_template(name)
    template: Template = found.template  # type: ignore[attr-defined]  # of Django's own engine
    return str(template.render(Context(values, autoescape=False)))


def _split(template: str, raw: str) -> tuple[str, str]:
    """Take the subject line off; blank lines are at most one in a row."""
    first, _newline, rest = raw.lstrip().partition("\n")
    if not first.startswith(SUBJECT) or not first.removeprefix(SUBJECT).strip():
        raise ValueError(f"{template}.txt must start with a line “{SUBJECT} …”.")
    subject = " ".join(first.removeprefix(SUBJECT).split())[:SUBJECT_LENGTH]
    lines: list[str] = []
    for line in (line.rstrip() for line in rest.strip().splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return subject, "\n".join(lines) + "\n"
