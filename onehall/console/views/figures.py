"""The page of figures: sentences first, then counts, lines over time and tables; every figure leads to its cases."""

from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from onehall.console.desk import Desk, draw, frame, staff_who_may
from onehall.console.figures import Pages
from onehall.console.filters import span_words
from onehall.insights import periods, queries, rules, wording
from onehall.insights.periods import Days, Key, Period
from onehall.insights.queries import Figures
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.parts import Series

PERIODS: Final[dict[Key, Any]] = {
    "7": gettext_lazy("7 days"),
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "year": gettext_lazy("12 months"),
}


@staff_who_may("see_figures")
@require_GET
def figures(request: CityRequest) -> HttpResponse:
    """Figures of the cases that the person may see."""
    desk = frame(request)
    period = chosen_period(request, desk)
    found = queries.figures(desk.city, desk.actor, period, now=desk.now)
    page = Pages(request, desk, found)
    findings = rules.findings(found.total, found.by_service, whole_before=found.whole_before)
    context = {
        "choices": [
            {"href": f"?period={key}", "word": word, "current": key == period.key}
            for key, word in PERIODS.items()
        ],
        "period": period.key,
        "found": found,
        "sentences": [
            wording.sentence(f, service=page.service_name(f.service_id) if f.service_id else "")
            for f in findings
        ],
        "these_days": span_words(period.days, now=desk.now, city=desk.city),
        "days_before": span_words(page.links.before, now=desk.now, city=desk.city),
        "now_counts": page.now_counts(),
        "period_counts": page.period_counts(),
        "targets_held": page.targets_held(),
        "tables": page.tables(),
        "ages": page.ages(),
        "whose": _whose(request, desk),
    } | _lines(desk, found)
    return draw(request, "console/figures.html", desk, context, rail_at="figures")


def chosen_period(request: CityRequest, desk: Desk) -> Period:
    """The period that the address names; 30 days where it names none that there is."""
    asked = request.GET.get("period", "30")
    key: Key = next((k for k in periods.KEYS if k == asked), "30")
    return periods.period(key, now=desk.now, zone=desk.zone)


def _whose(request: CityRequest, desk: Desk) -> str:
    """The department whose cases are counted, where it is not the whole city."""
    actor = desk.actor
    if actor.sees_department(None):
        return ""
    default = desk.city.languages[0]
    names = (q.department_name for q in desk.queues if q.department_id == actor.department_id)
    return pick(next(names, {}), request.LANGUAGE_CODE, default)


def _lines(desk: Desk, found: Figures) -> dict[str, Any]:
    """What the two plots show, and the same in words."""
    period = found.period
    parts = [period.part(n) for n in range(len(period.cuts))]
    labels = [span_words(part, now=desk.now, city=desk.city) for part in parts]
    ends = [span_words(Days(p.last, p.last), now=desk.now, city=desk.city) for p in parts]
    said = {
        "new": wording.number(found.total.new),
        "closed": wording.number(found.total.closed),
        "first": wording.number(found.backlog_before),
        "last": wording.number(found.total.open),
        "most": wording.number(max(found.backlog, default=0)),
    }
    titles = {
        "7": _("New and closed, by day"),
        "30": _("New and closed, by day"),
        "90": _("New and closed, by week"),
        "year": _("New and closed, by month"),
    }
    return {
        "labels": labels,
        "ends": ends,
        "flow_title": titles[period.key],
        "flow": [
            Series(name=_("New"), values=found.opened),
            Series(name=_("Closed"), values=found.closed, stroke="dashed"),
        ],
        "flow_words": _("%(new)s came in and %(closed)s were closed.") % said,
        "backlog": [Series(name=_("Open"), values=found.backlog)],
        "backlog_words": _("From %(first)s to %(last)s open cases; %(most)s at most.") % said,
    }
