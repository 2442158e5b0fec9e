"""Small filters for the desk's pages."""

from collections.abc import Callable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.casework.models import Case
from onehall.casework.queries import CaseLine
from onehall.console import pins
from onehall.console.columns import age
from onehall.console.maillog import words_of_state
from onehall.console.statewords import channel_word
from onehall.look.components.larger import promise_clock
from onehall.look.components.small import icon, number, state, tag, who
from onehall.look.dates import say
from onehall.look.markup import markup

register = template.Library()

ROW = """
<tr data-number="{number}">
{picked}<td class="what"><a id="c-{number}" href="/desk/cases/{number}{walk}">{service}</a>{flags}<small>{number_tag}{place}</small></td>
{cells}</tr>"""
CELL = '<td class="{}">{}</td>\n'
PEOPLE = '<span class="who num">{}<span>{}<span class="sr"> {}</span></span></span>'
SAID = "{}<small>{}</small>"
TAKE = (
    '<button type="submit" form="take" formaction="/desk/cases/{number}/change" class="btn plain s" '
    'name="seen" value="{lock}">{take}<span class="sr"> {number}</span></button>'
)
PICK = (
    '<td class="sel"><label class="pick"><input type="checkbox" form="bulk" name="case" value="{id}.{lock}">'
    '<span class="sr">{choose} {number}</span></label></td>\n'
)


@register.simple_tag(takes_context=True)
def case_row(context: template.Context, row: dict[str, Any]) -> SafeString:
    """One case as a row of a list. Put together here and not in a template: a page has fifty."""
    case, names = row["case"], context["columns"]
    cells = SafeString("".join(CELLS[name](context, row) for name in names))
    place = f" · {case.place_words}" if case.place_words and "place" not in names else ""
    return markup(
        ROW,
        number=case.number,
        picked=_pick(context, case),
        walk=f"?{row['walk']}" if "walk" in row else "",
        service=row["service"],
        flags=_flags(case, row["priority"]),
        number_tag=number(case.number),
        place=place,
        cells=cells,
    )


@register.simple_tag(takes_context=True)
def rail_views(context: template.Context) -> list[pins.PinLink]:
    """The saved views in the reader's rail."""
    return pins.links(context["desk"])


def _cell(name: str, inside: Any) -> SafeString:
    return markup(CELL, name, inside)


def _pick(context: template.Context, case: CaseLine) -> SafeString:
    """The box that chooses a case, where the list has the form for it."""
    if not context.get("may_choose"):
        return SafeString("")
    return markup(PICK, id=case.id, lock=case.lock, number=case.number, choose=_("Choose"))


def _people(_context: template.Context, row: dict[str, Any]) -> SafeString:
    drawn, count = icon("people", small=True), row["case"].people_count
    return _cell("people", markup(PEOPLE, drawn, count, _("people")))


def _due(_context: template.Context, row: dict[str, Any]) -> SafeString:
    clock = row["clock"]
    drawn = promise_clock(words=clock.words, share=clock.share, tone=clock.tone)
    return _cell("due", drawn)


def _last(context: template.Context, row: dict[str, Any]) -> SafeString:
    extra = row["extra"]
    if extra is None or not extra.last:
        return _cell("last", "")
    whose = _("Resident") if extra.last_by_resident else _("Staff")
    desk = context["desk"]
    when = say(extra.last_at, now=desk.now, zone=desk.zone, style="ago")
    return _cell("last", markup(SAID, extra.last, f"{whose} · {when}"))


def _age(context: template.Context, row: dict[str, Any]) -> SafeString:
    return _cell("age", age(context["desk"], row["case"]))


def _thing(row: dict[str, Any]) -> SafeString | str:
    """A link to the page of the thing that the case is about."""
    extra = row["extra"]
    if extra is None or not extra.code:
        return ""
    href = reverse("console:thing", args=[extra.kind, extra.code])
    return markup('<a href="{}">{}</a>', href, extra.thing)


def _came(context: template.Context, row: dict[str, Any]) -> str:
    desk = context["desk"]
    return say(row["case"].opened_at, now=desk.now, zone=desk.zone, style="short")


def _notes(row: dict[str, Any]) -> str:
    count = row["extra"].notes if row["extra"] else 0
    return ngettext("%(n)s note", "%(n)s notes", count) % {"n": count} if count else ""


CELLS: dict[str, Callable[[template.Context, dict[str, Any]], SafeString]] = {
    "number": lambda _c, row: _cell("number", number(row["case"].number)),
    "service": lambda _c, row: _cell("service", row["service"]),
    "place": lambda _c, row: _cell("place", row["case"].place_words),
    "area": lambda _c, row: _cell("area", row["extra"].area if row["extra"] else ""),
    "queue": lambda _c, row: _cell("queue", row["queue"]),
    "state": lambda _c, row: _cell("state", state(row["category"], word=row["state"], bare=True)),
    "people": _people,
    "age": _age,
    "due": _due,
    "with": lambda context, row: _cell("with", _holder(context, row)),
    "priority": lambda _c, row: _cell("priority", Case.Priority(row["case"].priority).label),
    "last": _last,
    "channel": lambda _c, row: _cell("channel", row["extra"].channel if row["extra"] else ""),
    "thing": lambda _c, row: _cell("thing", _thing(row)),
    "came": lambda context, row: _cell("came", _came(context, row)),
    "notes": lambda _c, row: _cell("notes", _notes(row)),
}
"""How each column of `columns.CHOICE` is drawn."""


def _flags(case: CaseLine, priority: str) -> SafeString:
    shown = SafeString("")
    if case.priority:
        urgent = " urgent" if case.priority == Case.Priority.URGENT else ""
        drawn = icon("flag", small=True)
        shown += markup(' <span class="flag{}">{}{}</span>', urgent, drawn, priority)
    if case.unread_reply:
        drawn = icon("chat", small=True)
        shown += markup(' <span class="flag">{}{}</span>', drawn, _("New reply"))
    return shown


def _holder(context: template.Context, row: dict[str, Any]) -> SafeString:
    """Who has it; Take where nobody has; of what ended with nobody, the queue that had it."""
    case: CaseLine = row["case"]
    if case.assignee_id is not None:
        return who(name=case.assignee_name or "")
    if context["may"]["take"] and case.is_open:
        return markup(
            TAKE,
            number=case.number,
            lock=case.lock,
            take=_("Take"),
        )
    return markup('<span class="quiet">{}</span>', _("Nobody") if case.is_open else row["queue"])


@register.filter(name="is")
def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same, for a tag's argument."""
    return bool(one == other)


@register.filter
def delivery(state: str) -> str:
    """How a delivery stands, in words."""
    return {
        "queued": _("on its way"),
        "sent": _("sent"),
        "failed": _("failed"),
        "bounced": _("came back"),
        "skipped": _("not sent"),
    }.get(state, state)


@register.simple_tag
def mail_tag(state: str) -> SafeString:
    """Where a message is, with the shape that says so without color."""
    tones = {
        "sent": "done",
        "queued": "work",
        "failed": "late",
        "bounced": "late",
        "skipped": "hold",
    }
    return tag(tone=tones.get(state, "hold"), word=words_of_state(state), bare=True)


@register.filter
def channel(key: str) -> str:
    """How a report came, in words."""
    return channel_word(key)
