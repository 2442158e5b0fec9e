"""Figures as the page shows them: counts and tables whose every number leads to the cases it counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.catalog.queries import catalogue
from onehall.console.desk import Desk
from onehall.console.filters import WAITS, days_value, list_address, span_words, with_query
from onehall.insights import periods
from onehall.insights.periods import Days
from onehall.insights.queries import Figures
from onehall.insights.rules import TARGETS, OnTarget, Tally, TargetKind
from onehall.insights.wording import number
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.parts import Count
from onehall.people.queries import queues
from onehall.places import areas

SHOWN: Final = 8
"""Rows of a table that stand open; the others are one press away."""

type Query = dict[str, str]


@dataclass(frozen=True, slots=True)
class Links:
    """The queries of the lists behind the figures of a period."""

    days: Days
    before: Days

    def of(self, figure: str, *, before: bool = False) -> Query:
        """What narrows the list to the cases of one figure."""
        span = days_value(self.before if before else self.days)
        ended = {"show": "all", "closed": span}
        queries: dict[str, Query] = {
            "open": {},
            "late": {"show": "late"},
            "risk": {"promise": "risk"},
            "said_not_fixed": {"show": "disputed"},
            "new": {"show": "all", "opened": span},
            "reopened": {"show": "all", "opened": span, "reopened": "yes"},
            "closed": ended,
            "missed": ended | {"promise": "missed"},
            "responses_kept": ended | {"response": "kept"},
            "responses_missed": ended | {"response": "missed"},
            "arrivals_kept": ended | {"onsite": "kept"},
            "arrivals_missed": ended | {"onsite": "missed"},
            "kept": ended | {"promise": "kept"},
            "bare": ended | {"photo": "missing"},
            **{f"waits_{key}": {"waits": key} for key in WAITS},
        }
        return queries[figure]


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table."""

    value: int
    href: str
    words: str


@dataclass(frozen=True, slots=True)
class Share:
    """How one target was held: in percent, in the period before, and where the missed ones are listed."""

    words: str
    counts: OnTarget
    percent: int | None
    before: int | None
    kept_href: str
    missed_href: str


@dataclass(frozen=True, slots=True)
class Line:
    """One queue, service or area."""

    name: str
    icon: str
    href: str
    cells: tuple[Cell, ...]
    open: int
    late: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of one kind, the first ones open. `most` is the longest bar."""

    key: str
    title: str
    heads: tuple[str, ...]
    shares: tuple[str, ...]
    first: tuple[Line, ...]
    more: tuple[Line, ...]
    most: int


def column_words() -> dict[str, str]:
    """What the columns of a table are called, in order."""
    return {
        "open": _("Open"),
        "late": _("Late"),
        "risk": _("At risk"),
        "new": _("New"),
        "closed": _("Closed"),
        "reopened": _("Reopened"),
        "bare": _("No photo"),
    }


def target_words() -> dict[TargetKind, str]:
    """What the targets are called where several stand side by side."""
    return {
        "first_response": _("First response"),
        "on_site": _("On site"),
        "resolved": _("Resolved"),
    }


MISSED: Final[dict[TargetKind, tuple[str, str]]] = {
    "first_response": ("responses_kept", "responses_missed"),
    "on_site": ("arrivals_kept", "arrivals_missed"),
    "resolved": ("kept", "missed"),
}
"""The figures whose lists have the cases that held a target, and those that did not."""


class Pages:
    """Puts the figures of one request together."""

    def __init__(self, request: CityRequest, desk: Desk, found: Figures) -> None:
        period = found.period
        self.desk, self.found = desk, found
        self.language, self.default = request.LANGUAGE_CODE, desk.city.languages[0]
        self.listed = catalogue(desk.city)
        self.columns = column_words()
        self.targets = self._targets()
        self.links = Links(period.days, Days(period.before, period.first - timedelta(days=1)))

    def _targets(self) -> dict[TargetKind, str]:
        """The targets that count here, the promise among them; alone it is called as it always was."""
        words = target_words()
        used: list[TargetKind] = [
            k for k in TARGETS if k == "resolved" or self._counts(self.found.total.on_target(k))
        ]
        return {k: words[k] for k in used} if len(used) > 1 else {"resolved": _("In time")}

    def _counts(self, held: OnTarget) -> bool:
        return bool(held.due or (held.due_before and self.found.whole_before))

    def targets_held(self) -> tuple[Share, ...]:
        """How each target was held over all; nothing where there is only the promise."""
        return (
            self._shares(self.found.total, lambda query: list_address(**query))
            if len(self.targets) > 1
            else ()
        )

    def _shares(self, tally: Tally, address: Callable[[Query], str] | None) -> tuple[Share, ...]:
        found = []
        for kind, words in self.targets.items():
            held, (kept, missed) = tally.on_target(kind), MISSED[kind]
            found.append(
                Share(
                    words,
                    held,
                    held.percent,
                    held.percent_before if self.found.whole_before else None,
                    address(self.links.of(kept)) if address and held.kept else "",
                    address(self.links.of(missed)) if address and held.missed else "",
                )
            )
        return tuple(found)

    def service_name(self, service_id: int) -> str:
        """A service by name, also one that is no longer offered."""
        return pick(self.listed.by_id(service_id).name, self.language, self.default)

    def now_counts(self) -> list[Count]:
        """As it stands now."""
        total, waits = self.found.total, self.found.total.waits
        payments = waits.get(WAITS["payment"], 0)
        return [
            self._count("open", total.open, _("open")),
            self._count("late", total.late, _("late"), tone="late"),
            self._count("risk", total.risk, _("at risk: due by the next working day")),
            self._count("said_not_fixed", total.said_not_fixed, _("open again: said “not fixed”")),
            self._count(
                "waits_resident", waits.get(WAITS["resident"], 0), _("wait for the resident")
            ),
            # Few cities take money for what is reported; a nought that never changes says nothing.
            *(
                [self._count("waits_payment", payments, _("wait for a payment"))]
                if payments
                else []
            ),
            self._count("waits_other", waits.get(WAITS["other"], 0), _("wait for something else")),
        ]

    def period_counts(self) -> list[Count]:
        """What happened in the period, each beside the one before."""
        total = self.found.total
        return [
            self._count("new", total.new, _("new"), before=total.new_before),
            self._count("closed", total.closed, _("closed"), before=total.closed_before),
            self._count("kept", total.kept, _("closed in time"), before=total.kept_before),
            self._count("missed", total.missed, _("closed late"), before=total.missed_before),
            self._count("reopened", total.reopened, _("reopened"), before=total.reopened_before),
            self._count(
                "bare", total.bare, _("closed without the photo"), before=total.bare_before
            ),
        ]

    def _count(
        self, figure: str, value: int, words: str, *, before: int | None = None, tone: str = ""
    ) -> Count:
        compared = before is not None and self.found.whole_before
        note = _("before: %(n)s") % {"n": number(before or 0)} if compared else ""
        href = list_address(**self.links.of(figure))
        return Count(value=value, words=words, href=href, note=note, tone=tone)

    def ages(self) -> list[dict[str, Any]]:
        """How long open cases have been here, youngest first."""
        city, now = self.desk.city, self.desk.now
        words = [
            _("up to 7 days"),
            _("8 to 30 days"),
            _("31 to 90 days"),
            _("91 to 365 days"),
            _("more than a year"),
        ]
        spans = periods.ages(now=now, zone=self.found.period.zone)
        return [
            {
                "words": word,
                "when": span_words(days, now=now, city=city),
                "value": value,
                "href": list_address(opened=days_value(days)),
            }
            for word, days, value in zip(words, spans, self.found.ages, strict=True)
        ]

    def tables(self) -> list[Table]:
        """By queue, by service and, where the city has them, by area."""
        tables = [self._by_queue(), self._by_service()]
        return [*tables, self._by_area()] if self.found.layer else tables

    def _by_queue(self) -> Table:
        lines = []
        for queue in queues(self.desk.city):
            tally = self.found.by_queue.get(queue.id)
            if tally is not None:
                name = pick(queue.name, self.language, self.default)
                # A queue that is no longer used has no page to lead to.
                address = self._address(queue.key, {}) if queue.active else None
                lines.append(self._line(name, queue.icon, tally, address))
        return self._table("queue", _("By queue"), lines)

    def _by_service(self) -> Table:
        lines = []
        for service_id, tally in self.found.by_service.items():
            service = self.listed.by_id(service_id)
            address = self._address("", {"service": service.key})
            lines.append(self._line(self.service_name(service_id), service.icon, tally, address))
        lines.sort(key=lambda line: (-line.late, -line.open, line.name))
        return self._table("service", _("By service"), lines)

    def _by_area(self) -> Table:
        city, layer = self.desk.city, self.found.layer
        label = areas.layer_label(city, layer, self.language)
        lines = []
        for code in [*areas.area_codes(city, layer), ""]:
            tally = self.found.by_area.get(code)
            if tally is not None:
                name = (
                    areas.label(city, layer, code, self.language) if code else _("Outside of all")
                )
                address = self._address("", {"area": f"{layer}:{code}"})
                lines.append(self._line(name, "", tally, address))
        title = _("By area: %(layer)s") % {"layer": label} if label else _("By area")
        return self._table("area", title, lines)

    def _address(self, queue_key: str, also: Query) -> Callable[[Query], str]:
        path = list_address(queue_key)
        return lambda query: with_query(path, query | also)

    def _line(
        self, name: str, icon: str, tally: Tally, address: Callable[[Query], str] | None
    ) -> Line:
        cells = tuple(
            Cell(
                value := getattr(tally, key),
                address(self.links.of(key)) if address and value else "",
                words,
            )
            for key, words in self.columns.items()
        )
        return Line(
            name,
            icon,
            address({}) if address else "",
            cells,
            tally.open,
            tally.late,
            self._shares(tally, address),
        )

    def _table(self, key: str, title: str, lines: list[Line]) -> Table:
        most = max((line.open for line in lines), default=0)
        heads = tuple(self.columns.values())
        shares = tuple(self.targets.values())
        return Table(key, title, heads, shares, tuple(lines[:SHOWN]), tuple(lines[SHOWN:]), most)
