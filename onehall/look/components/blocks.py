"""Tags that hold other content."""

from datetime import datetime
from typing import Any, Final

from django.template import Context, Library
from django.template.loader import get_template
from django.utils.safestring import SafeString

from onehall.look.components.small import glyph, when
from onehall.look.components.small import icon as drawn
from onehall.look.markup import markup, where
from onehall.look.tones import check_tone

register = Library()

NOTICES: Final = {"info": "info", "ok": "check", "warn": "warn", "stop": "warn"}
COLUMNS: Final = frozenset({"", "one", "three"})
KINDS: Final = frozenset({"radio", "checkbox"})
NOTHING: Final = SafeString("")


def draw(part: str, **words: Any) -> SafeString:
    """One part, out of its template below look/parts. A page has dozens, so the engine is asked directly."""
    # The engine's loader caches compiled templates; its `Template.render` needs no request.
    template: Any = get_template(f"look/parts/{part}.html")
    return SafeString(template.template.render(Context(words)))


@register.simple_block_tag
def notice(content: str, *, tone: str = "info", title: str = "", icon: str = "") -> SafeString:
    """A boxed message: a bold fact and what to do. `stop` only where something is wrong."""
    if tone not in NOTICES:
        raise ValueError(f"{{% notice %}} knows the tones {sorted(NOTICES)}; got {tone!r}")
    return markup(
        '<div class="notice {}"{}>{}<div>{}{}{}</div></div>',
        tone,
        SafeString(' role="alert"') if tone == "stop" else NOTHING,
        drawn(icon or NOTICES[tone]),
        where(title, "<b>{}</b>"),
        SafeString("<br>") if title and content else NOTHING,
        content,
    )


@register.simple_block_tag
def bubble(content: str, *, staff_only: bool = False) -> SafeString:
    """Somebody's own words. Words for staff have a dashed edge."""
    return markup(
        '<div class="bubble{}" dir="auto">{}</div>', " only" if staff_only else "", content
    )


@register.simple_block_tag(takes_context=True)
def event(
    context: Context,
    content: str,
    *,
    tone: str,
    title: str,
    at: datetime,
    by: str = "",
    note: str = "",
    heading: int = 3,
) -> SafeString:
    """One entry of the timeline, an `li` of `ol.time`: what, when, who, and more between the tags."""
    return entry(
        context,
        SafeString(content),
        tone=tone,
        title=title,
        at=at,
        by=by,
        note=note,
        heading=heading,
    )


def entry(
    context: Context,
    content: SafeString,
    *,
    tone: str,
    title: str,
    at: datetime,
    by: str = "",
    note: str = "",
    heading: int = 3,
) -> SafeString:
    """The same for pages that make their timeline in Python."""
    check_tone(tone, of="event")
    return markup(
        '<li>{}<h{level} class="what">{}</h{level}><p class="when">{}{}{}</p>{}</li>',
        glyph(tone),
        title,
        when(context, at, capital=True),
        where(by, " · <bdi>{}</bdi>"),
        where(note, " · {}"),
        content,
        level=heading,
    )


@register.simple_block_tag
def bar(content: str, *, title: str = "", note: str = "", phone_only: bool = False) -> SafeString:
    """The bar at the bottom of a phone: what is left at the start, the one button at the end."""
    return draw("bar", content=content, title=title, note=note, phone_only=phone_only)


@register.simple_block_tag
def empty(content: str, *, words: str, icon: str = "check") -> SafeString:
    """Why a list is empty, and one link onward."""
    return draw("empty", content=content, words=words, icon=icon)


@register.simple_block_tag
def verdict(
    content: str,
    *,
    action: str,
    title: str = "",
    words: str = "",
    silence: str = "",
    yes: str = "",
    no: str = "",
    name: str = "answer",
) -> SafeString:
    """ "Is it fixed?" with two equal buttons that post `name` = yes or no. Put the csrf token between the tags."""
    return draw(
        "verdict",
        content=content,
        action=action,
        title=title,
        words=words,
        silence=silence,
        yes=yes,
        no=no,
        name=name,
    )


@register.simple_block_tag
def rows(content: str, *, numbered: bool = False, bare: bool = False) -> SafeString:
    """A list of rows in a card; `bare` without the card."""
    return draw("rows", content=content, numbered=numbered, bare=bare)


@register.simple_block_tag
def row_with(
    content: str, *, title: str, note: str = "", icon: str = "", tone: str = ""
) -> SafeString:
    """A row that is no link and ends in what stands between the tags, such as a button."""
    if tone:
        check_tone(tone, of="row_with")
    return markup(
        '<li><div class="r">{}{}{}</div></li>', sign_of(icon, tone), words_of(title, note), content
    )


def sign_of(icon: str, tone: str) -> SafeString:
    """What stands before the words of a row: the shape of its state, its drawing, or nothing."""
    if tone:
        return glyph(tone)
    return drawn(icon, fallback="question") if icon else NOTHING


def words_of(title: str, note: str) -> SafeString:
    """The words of a row, and the small line under them."""
    return markup('<span class="grow">{}{}</span>', title, where(note, "<small>{}</small>"))


@register.simple_block_tag
def tiles(
    content: str,
    *,
    legend: str,
    hint: str = "",
    name: str = "",
    columns: str = "",
    error: str = "",
    optional: bool = False,
) -> SafeString:
    """A question whose answers are tiles. `name` gives the ids that the error summary links to."""
    if columns not in COLUMNS:
        raise ValueError(f"{{% tiles %}} knows the columns {sorted(COLUMNS)}; got {columns!r}")
    return draw(
        "tiles",
        content=content,
        legend=legend,
        hint=hint,
        name=name,
        columns=columns,
        error=error,
        optional=optional,
    )


@register.simple_block_tag
def live(content: str, *, id: str, stream: str, fragment: str, etag: str = "") -> SafeString:  # noqa: A002 (an HTML word)
    """A region that live.js keeps fresh: `stream` is watched, `fragment` gives the new HTML.

    `etag` is the fragment's as the page is drawn: news that the page shows already then change nothing.
    """
    return markup(
        '<div id="{}" class="stack airy" data-live="{}" data-live-fragment="{}"{}>{}</div>',
        id,
        stream,
        fragment,
        where(etag, ' data-live-etag="{}"'),
        content,
    )
