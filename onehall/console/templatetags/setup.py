"""The difference of two texts, and what is wrong with a field."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.look.components.small import glyph
from onehall.look.markup import markup
from onehall.setup import rules

register = template.Library()

_SIGNS: Final = {"same": " ", "gone": "\N{MINUS SIGN}", "new": "+"}


@register.simple_tag
def difference(before: str, after: str) -> SafeString:
    """The lines that differ, with a few around them. Put together here: a difference has hundreds."""
    lines = rules.difference(before or "", after or "")
    if not lines:
        return markup('<p class="quiet">{}</p>', _("The words are the same."))
    words = {"same": "", "gone": _("removed"), "new": _("added")}
    rows = [
        markup('<li class="skip"><span class="sr">{}</span>⋯</li>', _("lines left out"))
        if line.mark == "skip"
        else markup(
            '<li class="{}"><span class="nr">{}</span><span class="plus" aria-hidden="true">{}</span>'
            '<code><span class="sr">{} </span>{}</code></li>',
            line.mark,
            line.after or line.before or "",
            _SIGNS[line.mark],
            words[line.mark],
            line.text,
        )
        for line in lines
    ]
    return markup(
        '<div class="scroll" tabindex="0" role="group" aria-label="{}"><ol class="diff">{}</ol></div>',
        _("Difference"),
        SafeString("".join(rows)),
    )


@register.simple_tag
def wrong(errors: Mapping[str, Sequence[Any]], *names: Any) -> SafeString:
    """The mistakes of one field, by its name, as sentences above it."""
    found = errors.get("".join(str(name) for name in names), ())
    return SafeString(
        "".join(
            markup('<p class="err">{}<span>{}</span></p>', glyph("late", plain=True), words)
            for words in found
        )
    )


@register.simple_block_tag(takes_context=True)
def editing(
    context: Context,
    content: str,
    *,
    name: str = "",
    focus: str = "",
    seen: int | str = "",
    look: str = "stack airy",
) -> SafeString:
    """The form over a file of the draft. Who may only read the set-up gets its fields closed, and no button.

    `name` is the form's id, `focus` the row that was pressed; `seen` is the version looked at, the
    context's unless given. A long form begins with the button that the enter key presses.
    """
    if not context["may"]["change_setup"]:
        return markup(
            '<div class="reading"><fieldset class="{}" disabled>{}</fieldset></div>',
            look,
            SafeString(_BUTTON.sub("", content)),
        )
    again = seen if seen != "" else context["seen"]
    return markup(
        '<form method="post" class="{}"{}{}>{}{}{}</form>',
        look,
        markup(' id="{}" data-edit', name) if name else "",
        markup(' data-focus="{}"', focus) if focus else "",
        markup(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '<input type="hidden" name="seen" value="{}">',
            context["csrf_token"],
            again,
        ),
        _enter() if seen == "" else "",
        SafeString(content),
    )


_BUTTON: Final = re.compile(r"<button\b.*?</button>", re.DOTALL)


def _enter() -> SafeString:
    return markup(
        '<button type="submit" class="sr" name="do" value="save" tabindex="-1" aria-hidden="true">'
        "{}</button>",
        _("Save in the draft"),
    )


@register.filter
def at(given: Any, key: Any) -> Any:
    """What a mapping or a list holds at a key, or nothing."""
    if isinstance(given, Mapping):
        return given.get(key, "")
    try:
        return given[key]
    except (IndexError, KeyError, TypeError):
        return ""


@register.filter
def tongue(words: Any, code: str) -> Any:
    """The words of one language; a plain text is in the first one."""
    if isinstance(words, Mapping):
        return words.get(code, "")
    return ""


@register.filter
def joined(first: str, more: Any) -> str:
    """Two parts of a name as one."""
    return f"{first}{more}"


@register.simple_tag
def options(choices: Sequence[tuple[str, Any]], chosen: Any) -> SafeString:
    """The options of a select; one that is chosen but not known stays, so that saving keeps it."""
    known = {key for key, _words in choices}
    kept = [(chosen, chosen)] if chosen and chosen not in known else []
    return SafeString(
        "".join(
            markup(
                '<option value="{}"{}>{}</option>',
                key,
                SafeString(" selected") if key == chosen else SafeString(""),
                words,
            )
            for key, words in [*kept, *choices]
        )
    )


@register.simple_tag
def term_options(groups: Sequence[Any], chosen: str) -> SafeString:
    """What a condition may say, grouped by what it is about."""
    return SafeString(
        "".join(
            markup(
                '<optgroup label="{}">{}</optgroup>',
                group.label,
                options(group.choices, _in(group, chosen)),
            )
            for group in groups
        )
    )


def _in(group: Any, chosen: str) -> str:
    return chosen if any(key == chosen for key, _words in group.choices) else ""
