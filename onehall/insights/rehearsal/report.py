"""What a rehearsal found, in bounded memory: counts of everything, and a few examples of each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from onehall.insights.rehearsal.compare import KINDS, Difference, Kind
from onehall.insights.rehearsal.played import Played
from onehall.insights.rehearsal.stored import Lived

EXAMPLES: Final = 10
MOST_KINDS: Final = 200
"""Different things of one kind that are counted apart; the rest is counted as one."""
REST: Final = "…"


@dataclass(frozen=True, slots=True)
class Example:
    """A case in which something would be otherwise."""

    number: str
    service: str
    about: str
    was: str
    now: str


@dataclass(slots=True)
class Group:
    """Differences of one kind: in how many cases, how often each, and some of the cases."""

    cases: int = 0
    by_about: Counter[str] = field(default_factory=Counter)
    by_service: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    def as_doc(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "cases": self.cases,
            "by_about": dict(self.by_about),
            "by_service": dict(self.by_service),
            "examples": [asdict(example) for example in self.examples],
        }


@dataclass(slots=True)
class Share:
    """One queue or service: cases today and in the draft, those closed in time of those with a promise."""

    was: int = 0
    now: int = 0
    changed: int = 0
    promised_was: int = 0
    kept_was: int = 0
    promised_now: int = 0
    kept_now: int = 0


@dataclass(slots=True, kw_only=True)
class Report:
    """The whole outcome. `changed` cases have at least one difference; `not_played` were too long.

    Of those `taken_over` from other systems, `opening_only` have no recorded way to where they stand.
    """

    since: datetime
    until: datetime
    most_examples: int = EXAMPLES
    cases: int = 0
    changed: int = 0
    not_played: int = 0
    unplayable: int = 0
    taken_over: int = 0
    opening_only: int = 0
    groups: dict[Kind, Group] = field(default_factory=dict)
    services: dict[str, Share] = field(default_factory=dict)
    queues: dict[str, Share] = field(default_factory=dict)
    messages_was: Counter[str] = field(default_factory=Counter)
    messages_now: Counter[str] = field(default_factory=Counter)

    @property
    def weeks(self) -> float:
        """How many weeks the cases are of."""
        return (self.until - self.since) / timedelta(weeks=1)

    def a_week(self, count: int) -> int:
        """A count as cases a week, rounded."""
        return round(count / self.weeks) if self.weeks else count

    @property
    def kinds(self) -> list[tuple[Kind, Group]]:
        """The groups that are not empty, what weighs most first."""
        return [(kind, self.groups[kind]) for kind in KINDS if kind in self.groups]

    def add(self, lived: Lived, before: Played, after: Played, found: Sequence[Difference]) -> None:
        """Count one case."""
        self.cases += 1
        self.changed += bool(found)
        self.unplayable += bool(before.trouble and after.trouble)
        self.taken_over += lived.taken_over
        self.opening_only += lived.opening_only
        share = self.services.setdefault(lived.service, Share())
        _count(share, lived, before, after, found)
        for queue in {before.queue, after.queue} - {""}:
            mine = self.queues.setdefault(queue, Share())
            mine.was += before.queue == queue
            mine.now += after.queue == queue
            mine.changed += before.queue != after.queue
        _messages(self.messages_was, lived, before)
        _messages(self.messages_now, lived, after)
        for kind in {d.kind for d in found}:
            self._group(kind, lived, [d for d in found if d.kind == kind])

    def _group(self, kind: Kind, lived: Lived, found: Sequence[Difference]) -> None:
        group = self.groups.setdefault(kind, Group())
        group.cases += 1
        group.by_service[lived.service] += 1
        for one in found:
            name = _name(one)
            known = name in group.by_about or len(group.by_about) < MOST_KINDS
            group.by_about[name if known else REST] += 1
        if len(group.examples) < self.most_examples:
            first = found[0]
            group.examples.append(
                Example(lived.number, lived.service, first.about, first.was, first.now)
            )

    def as_doc(self) -> dict[str, Any]:
        """Everything as JSON holds it, to be kept with a draft."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "cases": self.cases,
            "changed": self.changed,
            "not_played": self.not_played,
            "unplayable": self.unplayable,
            "taken_over": self.taken_over,
            "opening_only": self.opening_only,
            "groups": {k: g.as_doc() for k, g in self.groups.items()},
            "services": {k: asdict(s) for k, s in self.services.items()},
            "queues": {k: asdict(s) for k, s in self.queues.items()},
            "messages_was": dict(self.messages_was),
            "messages_now": dict(self.messages_now),
        }


def from_doc(doc: dict[str, Any]) -> Report:
    """A report that was kept."""
    groups: dict[Kind, Group] = {
        kind: Group(
            cases=g["cases"],
            by_about=Counter(g["by_about"]),
            by_service=Counter(g["by_service"]),
            examples=[Example(**e) for e in g["examples"]],
        )
        for kind, g in doc["groups"].items()
    }
    return Report(
        since=datetime.fromisoformat(doc["since"]),
        until=datetime.fromisoformat(doc["until"]),
        cases=doc["cases"],
        changed=doc["changed"],
        not_played=doc["not_played"],
        unplayable=doc["unplayable"],
        taken_over=doc.get("taken_over", 0),
        opening_only=doc.get("opening_only", 0),
        groups=groups,
        services={k: Share(**s) for k, s in doc["services"].items()},
        queues={k: Share(**s) for k, s in doc["queues"].items()},
        messages_was=Counter(doc["messages_was"]),
        messages_now=Counter(doc["messages_now"]),
    )


def _name(one: Difference) -> str:
    """What is counted together: the queues it goes between, the step and why it is refused."""
    match one.kind:
        case "queue" | "priority" | "state":
            return f"{one.was} → {one.now}"
        case "refused":
            return f"{one.about} ({one.now})"
        case "allowed":
            return f"{one.about} ({one.was})"
        case _:
            return one.about


def _count(
    share: Share, lived: Lived, before: Played, after: Played, found: Iterable[Difference]
) -> None:
    share.was += before.offered and not before.stop
    share.now += after.offered and not after.stop
    share.changed += any(True for _ in found)
    if lived.closed_at is not None:
        share.promised_was += before.due is not None
        share.promised_now += after.due is not None
        share.kept_was += before.due is not None and lived.closed_at <= before.due
        share.kept_now += after.due is not None and lived.closed_at <= after.due


def _messages(counts: Counter[str], lived: Lived, played: Played) -> None:
    """Messages to everybody who hears of a case, and those to the staff."""
    for told in played.told:
        counts[f"{told.who}:{told.what}"] += lived.readers if told.who == "resident" else 1
