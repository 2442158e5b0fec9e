"""Tags that draw a whole part out of values."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.forms import BaseForm
from django.forms.boundfield import BoundField
from django.template import Context, Library
from django.utils.safestring import SafeString

from onehall.look.components.blocks import KINDS, NOTHING, draw, sign_of, words_of
from onehall.look.components.small import glyph, local, now_of, when
from onehall.look.components.small import icon as drawn
from onehall.look.forms import LookField
from onehall.look.markup import markup, where
from onehall.look.parts import Picture, Station
from onehall.look.tones import check_tone

register = Library()

CLOCKS: Final = frozenset({"", "soon", "risk", "late", "rest", "fine"})
CLOCK_WIDTH: Final = 120
CURRENT: Final = SafeString(' aria-current="true"')
STATION: Final = {
    "past": SafeString(' class="past"'),
    "now": SafeString(' aria-current="step"'),
    "next": NOTHING,
}


def with_clock(context: Context, **words: Any) -> dict[str, Any]:
    """A part's words, plus what a time inside it needs."""
    return words | {"now": now_of(context), "city": context.get("city")}


@register.simple_tag(takes_context=True)
def line(context: Context, stations: Sequence[Station], *, label: str) -> SafeString:
    """The progress line with 3 to 5 stations. `label` says the same in words."""
    stops = NOTHING.join(
        markup(
            "<li{}>{}{}{}</li>",
            STATION[stop.status],
            glyph(stop.tone or _station_shape(stop, last=stop is stations[-1]), plain=True),
            stop.label,
            where(when(context, stop.at, style="short"), "<small>{}</small>"),
        )
        for stop in stations
    )
    return markup('<ol class="line" aria-label="{}">{}</ol>', label, SafeString(stops))


@register.simple_tag
def promise(*, title: str, words: str = "", icon: str = "flag", late: bool = False) -> SafeString:
    """The promised date in bold, and where it comes from."""
    return markup(
        '<div class="promise{}">{}<p><b>{}</b>{}</p></div>',
        " late" if late else "",
        drawn(icon, flip=True),
        title,
        where(words, "<span>{}</span>"),
    )


@register.simple_tag
def clock_shape(tone: str) -> SafeString:
    """The shape of a clock that should not wait: so that late and at risk are told apart without color."""
    if tone == "late":
        return glyph("late", plain=True)
    return drawn("bell", small=True) if tone == "risk" else NOTHING


@register.simple_tag(name="clock")
def promise_clock(*, words: str, share: float, tone: str = "", note: str = "") -> SafeString:
    """Words over a thin bar; `share` of the promise used, from 0 to 1 (more counts as 1)."""
    if tone not in CLOCKS:
        raise ValueError(f"{{% clock %}} knows the tones {sorted(CLOCKS)}; got {tone!r}")
    width = round(CLOCK_WIDTH * min(max(share, 0.0), 1.0))
    # Put together here and not in a template: a list has fifty of them.
    return markup(
        '<div class="clock{}"><span>{}{}</span><svg viewBox="0 0 120 4" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false"><rect class="a" width="120" height="4"/>'
        '<rect class="b" width="{}" height="4"/></svg>{}</div>',
        f" {tone}" if tone else "",
        clock_shape(tone),
        words,
        width,
        markup('<span class="tiny">{}</span>', note) if note else "",
    )


@register.simple_tag(takes_context=True)
def pair(context: Context, before: Picture | None, after: Picture | None) -> SafeString:
    """Before and after, equal in size; one alone when the other is missing."""
    pictures = [picture for picture in (before, after) if picture is not None]
    return draw("pair", **with_clock(context, pictures=pictures))


@register.simple_tag
def facts(rows: Iterable[tuple[str, Any]]) -> SafeString:
    """Names and values side by side."""
    return draw("facts", rows=list(rows))


@register.simple_tag
def figures(rows: Iterable[tuple[Any, str]]) -> SafeString:
    """Large figures, each with its words."""
    return draw("figures", rows=list(rows))


@register.simple_tag
def pager(*, newer: str = "", older: str = "", words: str = "") -> SafeString:
    """The way to newer and older rows; an empty address leaves that way out."""
    return draw("pager", newer=newer, older=older, words=words)


@register.simple_tag
def crumb(trail: Iterable[tuple[str, str]]) -> SafeString:
    """Where this page is: (words, address) pairs, the last without an address."""
    return draw("crumb", trail=list(trail))


@register.simple_tag
def seek(
    *, action: str, label: str, value: str = "", name: str = "q", button: str = ""
) -> SafeString:
    """One big search box."""
    return draw("seek", action=action, label=label, value=value, name=name, button=button)


@register.simple_tag
def door(*, href: str, icon: str, title: str, words: str) -> SafeString:
    """One of the four doors of the front page, inside `nav.doors`."""
    return draw("door", href=href, icon=icon, title=title, words=words)


@register.simple_tag
def here(*, title: str, note: str = "") -> SafeString:
    """A place in words, under its map."""
    return markup(
        '<p class="here">{}<span><b>{}</b>{}</span></p>',
        drawn("pin"),
        title,
        where(note, '<br><span class="quiet small">{}</span>'),
    )


@register.simple_tag
def row(
    *,
    title: str,
    note: str = "",
    href: str = "",
    icon: str = "",
    tone: str = "",
    current: bool = False,
) -> SafeString:
    """A row of `rows`: the whole of it is the link."""
    if tone:
        check_tone(tone, of="row")
    inside = sign_of(icon, tone), words_of(title, note)
    if not href:
        return markup('<li><div class="r">{}{}</div></li>', *inside)
    return markup(
        '<li><a href="{}"{}>{}{}<span class="go">{}</span></a></li>',
        href,
        CURRENT if current else NOTHING,
        *inside,
        drawn("go", small=True, flip=True),
    )


@register.simple_tag
def tile(
    *,
    name: str,
    value: str,
    label: str,
    kind: str = "radio",
    hint: str = "",
    icon: str = "",
    tone: str = "",
    checked: bool = False,
    required: bool = False,
) -> SafeString:
    """One answer of `tiles`: a real radio or check box."""
    if kind not in KINDS:
        raise ValueError(f"{{% tile %}} knows the kinds {sorted(KINDS)}; got {kind!r}")
    if tone:
        check_tone(tone, of="tile")
    return draw(
        "tile",
        name=name,
        value=value,
        label=label,
        kind=kind,
        hint=hint,
        icon=icon,
        tone=tone,
        checked=checked,
        required=required,
    )


@register.simple_tag
def chip(
    *,
    href: str,
    word: str,
    count: int | str = "",
    current: bool = False,
    shape: str = "",
    alert: bool = False,
) -> SafeString:
    """A saved question with its count, inside `nav.filters`."""
    if shape:
        check_tone(shape, of="chip")
    return markup(
        '<a class="chip{}" href="{}"{}>{}{}{}</a>',
        " alert" if alert else "",
        href,
        CURRENT if current else NOTHING,
        glyph(shape) if shape else NOTHING,
        word,
        markup(" <b>{}</b>", count) if count != "" else NOTHING,
    )


@register.simple_tag
def cmd(*, action: str, value: str = "", name: str = "q") -> SafeString:
    """The command box of the desk; `/` goes there."""
    return draw("cmd", action=action, value=value, name=name)


@register.simple_tag
def move(
    *,
    label: str,
    icon: str = "",
    key: str = "",
    name: str = "move",
    value: str = "",
    main: bool = False,
) -> SafeString:
    """A move of a case, inside `div.moves` of a form. The likely one is `main`; `key` is its letter."""
    return draw("move", label=label, icon=icon, key=key, name=name, value=value, main=main)


@register.simple_tag
def rail_link(
    *, href: str, word: str, icon: str = "", count: int | str = "", current: bool = False
) -> SafeString:
    """A link of the desk's rail."""
    return markup(
        '<a href="{}"{}>{}{}{}</a>',
        href,
        SafeString(' aria-current="page"') if current else NOTHING,
        drawn(icon, small=True, fallback="inbox") if icon else NOTHING,
        word,
        markup("<b>{}</b>", count) if count != "" else NOTHING,
    )


@register.simple_tag(takes_context=True)
def emergency(context: Context) -> SafeString:
    """The ribbon for danger to life, in the city's own words. Nothing where the city gave none."""
    given = getattr(context.get("city"), "emergency", None) or {}
    words, call = local(given.get("words")), str(given.get("number", ""))
    if not words:
        return SafeString("")
    start, found, end = words.partition(call) if call else (words, "", "")
    linked = markup('<a href="tel:{}">{}</a>', call, found) if found else ""
    return draw("emergency", words=markup("{}{}{}", start, linked, end))


@register.simple_tag(takes_context=True)
def phone_line(context: Context) -> SafeString:
    """The city's phone with its hours, as a link. Nothing where the city gave none."""
    contact = getattr(context.get("city"), "contact", None) or {}
    phone = str(contact.get("phone", ""))
    hours = local(contact.get("phone_hours"))
    return draw("phone", phone=phone, hours=hours) if phone else SafeString("")


@register.simple_tag
def harbor() -> SafeString:
    """The drawn harbor under the search of the front page."""
    return draw("harbor")


@register.simple_tag
def errors(form: BaseForm) -> SafeString:
    """The summary above a form that needs a hand: every sentence links to its field."""
    if not form.is_bound or form.is_valid():
        return SafeString("")
    fields = [(bound, error) for bound in form for error in sentences(bound)]
    general = form.non_field_errors()
    return draw("errors", general=general, fields=fields, total=len(general) + len(fields))


def sentences(bound: BoundField) -> list[str]:
    """What is wrong with a field, in the words that stand at the field."""
    return (
        bound.sentences if isinstance(bound, LookField) else [str(words) for words in bound.errors]
    )


def _station_shape(stop: Station, *, last: bool) -> str:
    if stop.status == "past" or (stop.status == "now" and last):
        return "done"
    return "work" if stop.status == "now" else "new"
