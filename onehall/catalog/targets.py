"""What a service promises: one span or several targets, other ones per priority and area, and what is done about the late."""

from dataclasses import dataclass, field
from typing import Any, Final

type Doc = dict[str, Any]

FIRST_RESPONSE: Final = "first_response"
ON_SITE: Final = "on_site"
RESOLVED: Final = "resolved"
KINDS: Final = (FIRST_RESPONSE, ON_SITE)
"""Targets beside the one that the resident is promised, which is `resolved`."""

AFTER: Final = ("risk", "late")
REMINDS: Final = ("assignee", "supervisor", "head")
"""Whom a step of the ladder tells."""

RISK_SHARE: Final = 80
"""Percent of a promise after which a case is at risk, where the service says nothing else."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Working hours or working days from the report to what is promised."""

    hours: float | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class AreaPromise:
    """Another promise in some areas of a layer, and other ones there per priority."""

    layer: str
    codes: frozenset[str]
    promise: Promise
    priorities: dict[str, Promise] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Term:
    """A promise with everything that changes it."""

    promise: Promise
    priorities: dict[str, Promise] = field(default_factory=dict)
    areas: tuple[AreaPromise, ...] = ()

    def of(self, priority: str, areas: dict[str, str] | None = None) -> Promise:
        """The promise for a priority and a place.

        The first area that fits decides; a priority that it does not name keeps the service's own
        span for that priority, so that what is urgent stays urgent everywhere.
        """
        for area in self.areas:
            if (areas or {}).get(area.layer) in area.codes:
                plain = self.priorities.get(priority, area.promise)
                return area.priorities.get(priority, plain)
        return self.priorities.get(priority, self.promise)


@dataclass(frozen=True, slots=True)
class Target:
    """One more target. `stages` and `moves` of the flow meet it; a first response is also met by words.

    `ladder` tells of it while it runs, beside the ladder of the promise.
    """

    kind: str
    term: Term
    stages: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()
    ladder: tuple["LadderStep", ...] = ()


@dataclass(frozen=True, slots=True)
class Risk:
    """From when on a case is at risk: a share of its time in percent, or working hours before the end."""

    share: int = RISK_SHARE
    hours: float | None = None


USUAL_RISK: Final = Risk()


@dataclass(frozen=True, slots=True)
class LadderStep:
    """Somebody is told, so many working hours after a case came at risk or was late."""

    after: str
    remind: str
    hours: float = 0


def promise_of(doc: Doc) -> Promise:
    """A span from a checked document."""
    return Promise(hours=doc.get("hours"), days=doc.get("days"))


def term_of(doc: Doc) -> Term:
    """A promise with its priorities and areas."""
    return Term(
        promise_of(doc),
        {key: promise_of(p) for key, p in doc.get("priorities", {}).items()},
        tuple(
            AreaPromise(
                a["layer"],
                frozenset(a["in"]),
                promise_of(a),
                {key: promise_of(p) for key, p in a.get("priorities", {}).items()},
            )
            for a in doc.get("areas", [])
        ),
    )


def targets_of(doc: Doc) -> tuple[Target, ...]:
    """The targets of a promise beside the resident's date."""
    return tuple(
        Target(
            kind,
            term_of(doc[kind]),
            frozenset(doc[kind].get("stages", [])),
            frozenset(doc[kind].get("moves", [])),
            ladder_of(doc[kind]),
        )
        for kind in KINDS
        if kind in doc
    )


def risk_of(doc: Doc) -> Risk:
    """When a case of the service is at risk."""
    found = doc.get("risk", {})
    return Risk(found.get("share", RISK_SHARE), found.get("hours"))


def ladder_of(doc: Doc) -> tuple[LadderStep, ...]:
    """Who is told in turn."""
    return tuple(
        LadderStep(step["after"], step["remind"], step.get("hours", 0))
        for step in doc.get("ladder", [])
    )
