"""Small filters for the desk's pages."""

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.casework.models import Case
from onehall.casework.queries import CaseLine
from onehall.console.maillog import words_of_state
from onehall.look.components.larger import promise_clock
from onehall.look.components.small import icon, number, state, tag, who
from onehall.look.markup import markup

register = template.Library()

ROW = """
<tr data-number="{number}">
<td class="what"><a id="c-{number}" href="/desk/cases/{number}{walk}">{service}</a>{flags}<small>{number_tag}{place}</small></td>
<td class="state">{state}</td>
<td class="people"><span class="who num">{icon}<span>{people}<span class="sr"> {people_word}</span></span></span></td>
<td class="due">{clock}</td>
<td class="with">{holder}</td>
</tr>"""
TAKE = (
    '<form method="post" action="/desk/cases/{number}/change" data-once>'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
    '<input type="hidden" name="seen" value="{lock}"><input type="hidden" name="back" value="{here}">'
    '<button type="submit" class="btn plain s" name="what" value="take">{take}'
    '<span class="sr"> {number}</span></button></form>'
)


@register.simple_tag(takes_context=True)
def case_row(context: template.Context, row: dict[str, Any], *, here: str) -> SafeString:
    """One case as a row of a list. Put together here and not in a template: a page has fifty."""
    case, clock = row["case"], row["clock"]
    return markup(
        ROW,
        number=case.number,
        walk=f"?{row['walk']}" if "walk" in row else "",
        service=row["service"],
        flags=_flags(case, row["priority"]),
        number_tag=number(case.number),
        place=f" · {case.place_words}" if case.place_words else "",
        state=state(row["category"], word=row["state"], bare=True),
        icon=icon("people", small=True),
        people=case.people_count,
        people_word=_("people"),
        clock=promise_clock(words=clock.words, share=clock.share, tone=clock.tone),
        holder=_holder(context, row, here),
    )


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


def _holder(context: template.Context, row: dict[str, Any], here: str) -> SafeString:
    """Who has it; Take where nobody has; of what ended with nobody, the queue that had it."""
    case: CaseLine = row["case"]
    if case.assignee_id is not None:
        return who(name=case.assignee_name or "")
    if context["may"]["take"] and case.is_open:
        return markup(
            TAKE,
            number=case.number,
            token=context["csrf_token"],
            lock=case.lock,
            here=here,
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
def plain(number: float) -> str:
    """A number as machines read it."""
    return f"{number:.6f}"


@register.filter
def channel(key: str) -> str:
    """How a report came, in words."""
    return {
        "web": _("on the web"),
        "phone": _("by phone"),
        "follow": _("followed this case"),
        "staff": _("by our own staff"),
        "api": _("through another app"),
        "import": _("in the former system"),
    }.get(key, key)
