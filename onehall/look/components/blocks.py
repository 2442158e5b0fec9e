"""Tags that hold other content."""

from datetime import datetime
from typing import Any, Final

from django.template import Context, Library
from django.template.loader import get_template
from django.utils.safestring import SafeString

from onehall.look.components.small import now_of, zone_of
from onehall.look.tones import check_tone

register = Library()

NOTICES: Final = {"info": "info", "ok": "check", "warn": "warn", "stop": "warn"}
COLUMNS: Final = frozenset({"", "one", "three"})
KINDS: Final = frozenset({"radio", "checkbox"})


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
    return draw("notice", content=content, tone=tone, title=title, icon=icon or NOTICES[tone])


@register.simple_block_tag
def bubble(content: str, *, staff_only: bool = False) -> SafeString:
    """Somebody's own words. Words for staff have a dashed edge."""
    return draw("bubble", content=content, staff_only=staff_only)


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
    check_tone(tone, of="event")
    return draw(
        "event",
        content=content,
        tone=tone,
        title=title,
        at=at,
        by=by,
        note=note,
        heading=heading,
        **_clockwork(context),
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
    return draw(
        "row", content=content, title=title, note=note, icon=icon, tone=tone, href="", current=False
    )


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
    return draw("live", content=content, id=id, stream=stream, fragment=fragment, etag=etag)


def _clockwork(context: Context) -> dict[str, Any]:
    return {"now": now_of(context), "zone": zone_of(context), "city": context.get("city")}
