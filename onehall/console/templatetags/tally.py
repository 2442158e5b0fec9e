"""Tables of figures. Put together here and not in a template: a city has hundreds of numbers on one page."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.console.figures import Cell, Line, Share, Table
from onehall.look.components.charts import amount, joined, said
from onehall.look.components.small import NOTHING, icon
from onehall.look.markup import markup, where

register = template.Library()

TABLE = (
    '<div class="sheet"><table class="list tally wide{several}"><caption class="sr">{title}</caption>'
    '<thead><tr><th scope="col">{name}</th>{heads}{shares}</tr></thead>'
    "<tbody>{rows}</tbody></table></div>"
)
ROW = '<tr><th scope="row" class="what">{name}{bar}</th>{cells}{shares}</tr>'


@register.simple_tag
def figures_table(table: Table, lines: tuple[Line, ...]) -> SafeString:
    """Some lines of a table; the bar shows open cases, its striped part those that are late."""
    return markup(
        TABLE,
        title=table.title,
        several=" several" if len(table.shares) > 1 else "",
        name=_("Name"),
        heads=joined(markup('<th scope="col" class="fig">{}</th>', head) for head in table.heads),
        shares=joined(_share_head(words, len(table.shares)) for words in table.shares),
        rows=joined(_row(line, table.most) for line in lines),
    )


def _row(line: Line, most: int) -> SafeString:
    drawn = icon(line.icon, small=True, fallback="inbox") if line.icon else NOTHING
    name = (
        markup('<a href="{}">{}{}</a>', line.href, drawn, line.name)
        if line.href
        else markup("<span>{}{}</span>", drawn, line.name)
    )
    return markup(
        ROW,
        name=name,
        bar=amount(line.open, most=most, part=line.late),
        cells=joined(_cell(cell, line.name) for cell in line.cells),
        shares=joined(
            _share(share, line.name, alone=len(line.shares) == 1) for share in line.shares
        ),
    )


def _cell(cell: Cell, name: str) -> SafeString:
    inside = (
        markup(
            '<a href="{}">{}<span class="sr"> {}, {}</span></a>',
            cell.href,
            said(cell.value),
            cell.words,
            name,
        )
        if cell.href
        else said(cell.value)
    )
    return markup('<td class="fig" data-l="{}">{}</td>', cell.words, inside)


def _share_head(words: str, targets: int) -> SafeString:
    """Several targets say under each that it is about time; alone the word says so itself."""
    if targets == 1:
        return markup('<th scope="col">{}</th>', words)
    return markup('<th scope="col" class="fig">{}<small>{}</small></th>', words, _("in time"))


def _share(share: Share, name: str, *, alone: bool) -> SafeString:
    if share.percent is None:
        none = _("none closed") if alone else "–"
        said = markup('<span class="quiet">{}</span>', none)
    else:
        note = (
            "" if share.before is None else _("before: %(percent)s%%") % {"percent": share.before}
        )
        bar = amount(share.percent, most=100) if alone else NOTHING
        said = markup("{}{}{}", _percent(share, name), bar, where(note, "<small>{}</small>"))
    kind = "in-time" if alone else "fig in-time"
    return markup('<td class="{}" data-l="{}">{}</td>', kind, share.words, said)


def _percent(share: Share, name: str) -> SafeString:
    """The share, as a link to the cases that missed the target where there are any."""
    if not share.missed_href:
        return markup("<b>{}%</b>", share.percent)
    late = _("in time; see those that were late")
    words = markup('<span class="sr"> {}: {}, {}</span>', share.words, late, name)
    return markup('<a href="{}"><b>{}%</b>{}</a>', share.missed_href, share.percent, words)


@register.filter
def grouped(value: int) -> str:
    """A whole number as the reader groups it."""
    return said(value)
