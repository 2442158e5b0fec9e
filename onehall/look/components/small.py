"""Tags that stand inside a line: icons, states, times, distances, names."""

from datetime import date, datetime, time, tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.template import Context, Library
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from onehall.kernel import clock, localized
from onehall.look import dates, lengths, sprite
from onehall.look.markup import markup
from onehall.look.tones import check_tone, tone_of

register = Library()

STYLES: Final = frozenset({"moment", "day", "short", "ago", "clock"})
NOTHING: Final = SafeString("")


@cache
def _sprite() -> str:
    return static("look/sprite.svg")


@cache
def _plain_drawing(symbol: str, css: str) -> SafeString:
    """A drawing without a label: a page has dozens, and only a few dozen different ones exist."""
    return markup(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>',
        css,
        f"{_sprite()}#{symbol}",
    )


def forget() -> None:
    """Drop the drawings held in memory: where static files get other addresses, as in tests."""
    for held in (_sprite, _plain_drawing, _icon, _state, _who, _told):
        held.cache_clear()


def drawing(symbol: str, *, css: str, label: str = "") -> SafeString:
    """An `svg` that uses one symbol of the sprite; hidden from readers unless it has a label."""
    if not label:
        return _plain_drawing(symbol, css)
    return markup(
        '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>',
        css,
        label,
        f"{_sprite()}#{symbol}",
    )


@lru_cache(maxsize=2000)
def _icon(name: str, small: bool, flip: bool, label: str, fallback: str) -> SafeString:  # noqa: FBT001  # a key of the cache
    if f"i-{name}" not in sprite.symbols():
        if not fallback:
            raise ValueError(f"{{% icon %}} knows no drawing named {name!r}")
        name = fallback
    css = " ".join(["i", *(["s"] if small else []), *(["flip"] if flip else [])])
    return drawing(f"i-{name}", css=css, label=label)


@register.simple_tag
def icon(
    name: str, *, small: bool = False, flip: bool = False, label: str = "", fallback: str = ""
) -> SafeString:
    """A line drawing. An unknown name raises; a name out of data may have a `fallback`."""
    return _icon(name, small, flip, str(label), fallback)


@register.simple_tag
def glyph(shape: str, *, tone: str = "", plain: bool = False, label: str = "") -> SafeString:
    """The shape of a state in its tone; `plain` takes the colour of the text around it."""
    check_tone(shape, of="glyph")
    if tone:
        check_tone(tone, of="glyph")
    css = "g" if plain else f"g {tone or shape}"
    return drawing(f"g-{shape}", css=css, label=label)


@register.simple_tag
def mark() -> SafeString:
    """The drawn mark of the header."""
    return drawing("mark", css="m")


@register.simple_tag
def tag(*, tone: str, word: str, bare: bool = False, shape: str = "") -> SafeString:
    """A state: shape, word and tone together. `bare` leaves the tint out, for tables."""
    check_tone(tone, of="tag")
    return markup(
        '<span class="tag {}{}">{}{}</span>',
        tone,
        " bare" if bare else "",
        glyph(shape or tone, plain=True),
        word,
    )


@register.simple_tag
def state(category: str, *, word: str, bare: bool = False) -> SafeString:
    """The tag of a case: its category gives the tone, the city's own label gives the word."""
    return _state(category, str(word), bare)


@lru_cache(maxsize=2000)
def _state(category: str, word: str, bare: bool) -> SafeString:  # noqa: FBT001  # a key of the cache
    return tag(tone=tone_of(category), word=word, bare=bare)


def zone_of(context: Context) -> tzinfo:
    """The city's time zone, where the page knows its city."""
    name = getattr(context.get("city"), "time_zone", "")
    return ZoneInfo(name) if name else timezone.get_current_timezone()


def now_of(context: Context) -> datetime:
    """The page's own `now`, so that every time on it agrees; else the clock."""
    now = context.get("now")
    return now if isinstance(now, datetime) else clock.now()


@register.simple_tag(takes_context=True)
def when(
    context: Context,
    at: datetime | date | None,
    *,
    style: dates.Style = "moment",
    capital: bool = False,
) -> SafeString:
    """A time as people say it, in a `time` element. Nothing at all for None."""
    if at is None:
        return NOTHING
    if style not in STYLES:
        raise ValueError(f"{{% when %}} knows the styles {sorted(STYLES)}; got {style!r}")
    zone, now = zone_of(context), now_of(context)
    if style == "ago":
        return _time(at, dates.say(at, now=now, zone=zone, style=style), zone, capital)
    # Nothing but the day of reading counts, and a list shows the same few times over and over.
    today = now.astimezone(zone).date()
    return _told(at, today, zone, style, capital, translation.get_language() or "")


@lru_cache(maxsize=10_000)
def _told(
    at: datetime | date,
    today: date,
    zone: tzinfo,
    style: dates.Style,
    capital: bool,  # noqa: FBT001  # a key of the cache, as is the language
    _language: str,
) -> SafeString:
    noon = datetime.combine(today, time(12), zone)
    return _time(at, dates.say(at, now=noon, zone=zone, style=style), zone, capital)


def _time(at: datetime | date, words: str, zone: tzinfo, capital: bool) -> SafeString:  # noqa: FBT001
    stamp = at.astimezone(zone).isoformat(timespec="seconds") if isinstance(at, datetime) else at
    return markup('<time datetime="{}">{}</time>', stamp, capfirst(words) if capital else words)


@register.simple_tag(takes_context=True)
def distance(context: Context, metres: float) -> str:
    """Metres as the reader would say them: "90 yards" or "80 m"."""
    units = lengths.units_for(translation.get_language() or "en", context.get("city"))
    return lengths.say(metres, units=units)


@register.filter
def local(value: dict[str, str] | str | None) -> str:
    """The text in the reader's language, out of a map of languages or a plain text."""
    return localized.pick(value, translation.get_language() or "en")


@register.filter
def plain(number: float) -> str:
    """A number as machines read it."""
    return f"{number:.6f}"


def initials(name: str) -> str:
    """At most two letters for a name: "Dana Moreno" gives DM, "Crew 4" gives C4."""
    words = name.split()
    picked = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in picked).upper()


@register.simple_tag
def face(*, name: str) -> SafeString:
    """The initials of somebody in a circle; the name itself must stand beside it."""
    return markup('<span class="face" aria-hidden="true">{}</span>', initials(name))


@lru_cache(maxsize=2000)
def _who(name: str, drawn: str) -> SafeString:
    before = icon(drawn, small=True) if drawn else face(name=name)
    return markup('<span class="who">{}<bdi>{}</bdi></span>', before, name)


@register.simple_tag
def who(*, name: str, drawn: str = "") -> SafeString:
    """Somebody: initials, or a drawing, and the name."""
    return _who(str(name), drawn)


@register.simple_tag
def number(value: str) -> SafeString:
    """A case number or phone number: never broken, never mirrored."""
    return markup('<bdi class="num nowrap" dir="ltr">{}</bdi>', value)


@register.simple_tag
def live_note(*, words: str = "") -> SafeString:
    """The dot that says a page keeps itself fresh. Hidden until the script runs, unless it has words."""
    shell = '<span class="live" data-live-note data-live="{}" data-checking="{}"{}>{}</span>'
    hidden = NOTHING if words else SafeString(" hidden")
    return markup(shell, _("Live, just now"), _("Checking every 15 seconds"), hidden, words)
