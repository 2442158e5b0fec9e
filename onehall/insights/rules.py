"""What figures say: medians out of whole days, and the few findings that are worth a sentence. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

ENOUGH: Final = 10
"""Cases in each period under which a service is not compared with itself."""
ENOUGH_PROMISES: Final = 20
MORE_DAYS: Final = 2
"""Whole days by which a median must change to be worth a sentence, and by a quarter at least."""
MORE_POINTS: Final = 5
MOST: Final = 3


type TargetKind = Literal["first_response", "on_site", "resolved"]
TARGETS: Final[tuple[TargetKind, ...]] = ("first_response", "on_site", "resolved")
"""What a service may promise, in the order of the work."""


@dataclass(frozen=True, slots=True)
class OnTarget:
    """Closed cases for which a target counted, those that held it, and both in the period before."""

    due: int
    kept: int
    due_before: int
    kept_before: int

    @property
    def missed(self) -> int:
        """Cases that did not hold it."""
        return self.due - self.kept

    @property
    def percent(self) -> int | None:
        """The share that held it."""
        return percent(self.kept, self.due)

    @property
    def percent_before(self) -> int | None:
        """The same in the period before."""
        return percent(self.kept_before, self.due_before)


@dataclass(slots=True)
class Tally:
    """Figures of one group of cases: as it stands now, in the period, and in the one before (`_before`).

    `took` counts closed cases by the whole days they took.
    """

    open: int = 0
    late: int = 0
    risk: int = 0
    said_not_fixed: int = 0
    waits: dict[str, int] = field(default_factory=dict)
    new: int = 0
    new_before: int = 0
    reopened: int = 0
    reopened_before: int = 0
    closed: int = 0
    closed_before: int = 0
    promised: int = 0
    promised_before: int = 0
    kept: int = 0
    kept_before: int = 0
    bare: int = 0
    bare_before: int = 0
    responses: int = 0
    responses_before: int = 0
    responses_kept: int = 0
    responses_kept_before: int = 0
    arrivals: int = 0
    arrivals_before: int = 0
    arrivals_kept: int = 0
    arrivals_kept_before: int = 0
    took: dict[int, int] = field(default_factory=dict)
    took_before: dict[int, int] = field(default_factory=dict)

    @property
    def missed(self) -> int:
        """Cases closed after their first promised time."""
        return self.promised - self.kept

    @property
    def missed_before(self) -> int:
        """The same in the period before."""
        return self.promised_before - self.kept_before

    @property
    def in_time(self) -> int | None:
        """Percent of the closed cases with a promise that kept it."""
        return percent(self.kept, self.promised)

    @property
    def in_time_before(self) -> int | None:
        """The same in the period before."""
        return percent(self.kept_before, self.promised_before)

    def on_target(self, kind: TargetKind) -> OnTarget:
        """How one of the targets was held, of the cases closed in the period and in the one before."""
        match kind:
            case "first_response":
                now = self.responses, self.responses_kept
                before = self.responses_before, self.responses_kept_before
            case "on_site":
                now = self.arrivals, self.arrivals_kept
                before = self.arrivals_before, self.arrivals_kept_before
            case "resolved":
                now, before = (self.promised, self.kept), (self.promised_before, self.kept_before)
        return OnTarget(*now, *before)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something worth a sentence. `service_id` is None where it is about everything."""

    kind: Literal["slower", "faster", "kept_less", "kept_more", "grew", "fell", "level", "quiet"]
    now: int = 0
    before: int = 0
    service_id: int | None = None
    waits: Mapping[str, int] = field(default_factory=dict)


def percent(part: int, whole: int) -> int | None:
    """A share in whole percent, None of nothing. Not 100 while one is missing, nor 0 while there is one."""
    if not whole:
        return None
    share = round(100 * part / whole)
    if share == 100 and part < whole:
        return 99
    return 1 if share == 0 and part else share


def median(took: Mapping[int, int]) -> int | None:
    """Within how many days half of the cases were closed; whole days begun count."""
    total = sum(took.values())
    if not total:
        return None
    seen = 0
    for days in sorted(took):
        seen += took[days]
        if seen * 2 >= total:
            return days + 1
    raise AssertionError


def findings(total: Tally, services: Mapping[int, Tally], *, whole_before: bool) -> list[Finding]:
    """At most three, what does not flatter first. Nothing is compared with days that are known in part only."""
    if not (total.new or total.closed):
        return [Finding("quiet")]
    if not whole_before:
        return _backlog(total)
    speeds = list(_speeds(services))
    found = [
        *_worst(f for f in speeds if f.kind == "slower"),
        *_kept(total, worse=True),
        *_backlog(total),
        *_worst(f for f in speeds if f.kind == "faster"),
        *_kept(total, worse=False),
    ]
    return found[:MOST]


def _speeds(services: Mapping[int, Tally]) -> Iterable[Finding]:
    for service_id, tally in services.items():
        enough = min(sum(tally.took.values()), sum(tally.took_before.values())) >= ENOUGH
        now, before = median(tally.took), median(tally.took_before)
        if not enough or now is None or before is None:
            continue
        if abs(now - before) >= max(MORE_DAYS, before / 4):
            kind: Literal["slower", "faster"] = "slower" if now > before else "faster"
            waits = {k: n for k, n in tally.waits.items() if n}
            yield Finding(kind, now, before, service_id, waits)


def _worst(found: Iterable[Finding]) -> list[Finding]:
    """The one that changed most by share, the larger change in days first among equals."""
    ranked = sorted(
        found,
        key=lambda f: (
            -abs(f.now - f.before) / f.before,
            -abs(f.now - f.before),
            f.service_id or 0,
        ),
    )
    return ranked[:1]


def _kept(total: Tally, *, worse: bool) -> list[Finding]:
    now, before = total.in_time, total.in_time_before
    if now is None or before is None:
        return []
    if min(total.promised, total.promised_before) < ENOUGH_PROMISES:
        return []
    if worse and before - now >= MORE_POINTS:
        return [Finding("kept_less", now, before)]
    if not worse and now - before >= MORE_POINTS:
        return [Finding("kept_more", now, before)]
    return []


def _backlog(total: Tally) -> list[Finding]:
    kind: Literal["grew", "fell", "level"] = "level"
    if total.new != total.closed:
        kind = "grew" if total.new > total.closed else "fell"
    return [Finding(kind, total.new, total.closed)]
