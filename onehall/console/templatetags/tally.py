"""Tables of figures. Put together here and not in a template: a city has hundreds of numbers on one page."""

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.console.figures import Cell, Line, Table
from onehall.look.components.charts import amount, joined, said
from onehall.look.components.small import NOTHING, icon
from onehall.look.markup import markup, where

register = template.Library()

TABLE = (
    '<div class="sheet"><table class="list tally wide"><caption class="sr">{title}</caption>'
    '<thead><tr><th scope="col">{name}</th>{heads}<th scope="col">{in_time}</th></tr></thead>'
    "<tbody>{rows}</tbody></table></div>"
)
ROW = '<tr><th scope="row" class="what">{name}{bar}</th>{cells}<td class="in-time" data-l="{label}">{share}</td></tr>'


@register.simple_tag
def figures_table(table: Table, lines: tuple[Line, ...]) -> SafeString:
    """Some lines of a table; the bar shows open cases, its striped part those that are late."""
    return markup(
        TABLE,
        title=table.title,
        name=_("Name"),
        heads=joined(markup('<th scope="col" class="fig">{}</th>', head) for head in table.heads),
        in_time=_("In time"),
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
        label=_("In time"),
        share=_share(line.in_time, line.in_time_before),
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


def _share(now: int | None, before: int | None) -> SafeString:
    if now is None:
        return markup('<span class="quiet">{}</span>', _("none closed"))
    note = "" if before is None else _("before: %(percent)s%%") % {"percent": before}
    return markup("<b>{}%</b>{}{}", now, amount(now, most=100), where(note, "<small>{}</small>"))


@register.filter
def grouped(value: int) -> str:
    """A whole number as the reader groups it."""
    return said(value)
