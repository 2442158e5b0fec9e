"""Figures that are drawn: large counts, lines over time, small bars. Nothing is told by colour alone.

Lines and bars are stretched to the room there is, so they hold no text: words stand beside them as text of
the page, which grows with the reader's own size and wraps. Every line has its numbers in a table under it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from django.template import Library
from django.utils import formats
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.look.components.small import NOTHING, glyph
from onehall.look.markup import markup, where
from onehall.look.parts import Count, Series
from onehall.look.tones import check_tone

register = Library()

WIDTH: Final = 600
HEIGHT: Final = 150
BAR: Final = 96
MARKED: Final = 31
"""Up to so many points each gets its mark; beyond, only the last one."""
MARKS: Final = {"solid": "round", "dashed": "square"}
LINE: Final = '<path class="{} {}" vector-effect="non-scaling-stroke" d="{}"/>'


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Parts one after another, still safe: `join` of a safe string is not."""
    return SafeString("".join(parts))


@register.simple_tag
def counts(rows: Iterable[Count]) -> SafeString:
    """Large figures of one size, those that do not flatter too. Each leads to its cases."""
    return markup('<ul class="counts">{}</ul>', joined(_count(row) for row in rows))


def _count(row: Count) -> SafeString:
    if row.tone:
        check_tone(row.tone, of="counts")
    sign = glyph(row.tone) if row.tone and row.value else NOTHING
    inside = markup("<b>{}</b> <span>{}{}</span>", said(row.value), sign, row.words)
    css = f' class="in-{row.tone}"' if row.tone and row.value else ""
    return markup(
        "<li{}>{}{}</li>",
        SafeString(css),
        markup('<a href="{}">{}</a>', row.href, inside) if row.href else inside,
        where(row.note, "<small>{}</small>"),
    )


@register.simple_tag
def plot(
    *,
    title: str,
    words: str,
    labels: Sequence[str],
    series: Sequence[Series],
    when: str,
    key: str,
    along: Sequence[str] = (),
) -> SafeString:
    """Lines over time. `words` says what they show, `when` names the first column of the table, `key` the plot.

    `along` are shorter labels for the axis.
    """
    for one in series:
        if len(one.values) != len(labels):
            raise ValueError(f"{{% plot %}} has {len(labels)} labels; {one.name!r} has not")
    top = ceiling(max((max(one.values, default=0) for one in series), default=0))
    return markup(
        '<figure class="plot"><figcaption><b>{title}</b>{legend}</figcaption><div class="frame">'
        '<div class="up" aria-hidden="true"><span>{top}</span><span>{half}</span><span>0</span></div>'
        '<svg viewBox="0 0 {w} {h}" preserveAspectRatio="none" role="img" aria-labelledby="{key}-t {key}-d">'
        '<title id="{key}-t">{title}</title><desc id="{key}-d">{words}</desc>'
        '<path class="grid" vector-effect="non-scaling-stroke" d="M0 0H{w}M0 {middle}H{w}M0 {h}H{w}"/>'
        "{lines}</svg>"
        '<div class="along" aria-hidden="true">{along}</div></div>{table}</figure>',
        title=title,
        words=words,
        key=key,
        w=WIDTH,
        h=HEIGHT,
        middle=HEIGHT // 2,
        top=said(top),
        half=said(top // 2),
        legend=_legend(series) if len(series) > 1 else NOTHING,
        lines=joined(_line(n, one, top) for n, one in enumerate(series, 1)),
        along=_along(along or labels),
        table=_table(title, when, labels, series),
    )


def ceiling(highest: int) -> int:
    """The end of the scale: the next round number above that halves well."""
    size = 1
    while True:
        for step in (2, 4, 6, 10):
            if highest <= step * size:
                return step * size
        size *= 10


def _line(number: int, one: Series, top: int) -> SafeString:
    points = [
        (round(_across(n, len(one.values)), 1), round(HEIGHT - HEIGHT * value / top, 1))
        for n, value in enumerate(one.values)
    ]
    marked = points if len(points) <= MARKED else points[-1:]
    path = "M" + "L".join(f"{x} {y}" for x, y in points) if points else "M0 0"
    # A line of no length with wide ends is a dot, or a square, that stretching does not distort.
    ends = "".join(f"M{x} {y}h0" for x, y in marked) or "M0 0"
    return markup(LINE, f"l{number}", one.stroke, path) + markup(
        LINE, f"l{number}", f"marks {MARKS[one.stroke]}", ends
    )


def _across(index: int, total: int) -> float:
    return WIDTH / 2 if total < 2 else WIDTH * index / (total - 1)


def _legend(series: Sequence[Series]) -> SafeString:
    keys = [
        markup(
            '<span class="key"><svg viewBox="0 0 28 10" aria-hidden="true" focusable="false">'
            '<path class="l{number} {stroke}" d="M1 5H27"/>'
            '<path class="l{number} marks {mark}" d="M14 5h0"/></svg>{name}</span>',
            number=number,
            stroke=one.stroke,
            mark=MARKS[one.stroke],
            name=one.name,
        )
        for number, one in enumerate(series, 1)
    ]
    return markup('<span class="keys">{}</span>', joined(keys))


def _along(labels: Sequence[str]) -> SafeString:
    """The first, the middle and the last label; more would not fit on a phone."""
    shown = labels if len(labels) < 3 else [labels[0], labels[len(labels) // 2], labels[-1]]
    return joined(markup("<span>{}</span>", label) for label in shown)


def _table(title: str, when: str, labels: Sequence[str], series: Sequence[Series]) -> SafeString:
    head = joined(markup('<th scope="col" class="fig">{}</th>', s.name) for s in series)
    rows = joined(
        markup(
            '<tr><th scope="row">{}</th>{}</tr>',
            label,
            joined(markup('<td class="fig">{}</td>', said(s.values[n])) for s in series),
        )
        for n, label in enumerate(labels)
    )
    return markup(
        '<details><summary>{words}<span class="sr">: {title}</span></summary><table class="numbers">'
        '<caption class="sr">{title}</caption><thead><tr><th scope="col">{when}</th>{head}</tr></thead>'
        "<tbody>{rows}</tbody></table></details>",
        words=_("The numbers"),
        title=title,
        when=when,
        head=head,
        rows=rows,
    )


@register.simple_tag
def amount(value: int, *, most: int, part: int = 0) -> SafeString:
    """A bar beside a number that stands in the text. `part` of the value is striped: the part that is late."""
    if most < 1:
        return NOTHING
    whole, late = (f"{BAR * min(max(n, 0), most) / most:.1f}" for n in (value, part))
    return markup(
        '<svg class="bar-s" viewBox="0 0 96 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<path class="a" d="M0 4H96"/><path class="b" d="M0 4H{}"/>{}</svg>',
        whole,
        markup('<path class="c0" d="M0 4H{0}"/><path class="c" d="M0 4H{0}"/>', late)
        if part
        else NOTHING,
    )


def said(value: int) -> str:
    """A whole number as the reader groups it."""
    return formats.number_format(value, force_grouping=True)
