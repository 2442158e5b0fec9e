"""Where a case goes: the rules of its service in order, the first that holds; and why, rule by rule. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from onehall.catalog.services import Route, ServiceDefinition
from onehall.kernel import expressions
from onehall.kernel.expressions import FieldType, evaluate
from onehall.kernel.work_calendar import WEEKDAYS, WorkCalendar

CHANNELS: Final = ("web", "phone", "staff", "api", "follow", "import")

TIME_FIELDS: Final[Mapping[str, FieldType]] = {
    "time.hour": expressions.NUMBER,
    "time.weekday": expressions.choice(WEEKDAYS),
    "time.working": expressions.FLAG,
    "time.holiday": expressions.FLAG,
}
"""What rules may ask of the moment of the report, on the city's own clock."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a condition: what it asks, what was there, and whether it held."""

    field: str
    operator: str
    wanted: Any
    found: Any
    held: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule as it was looked at. `chosen` is the first that holds; those after it were not needed."""

    number: int
    route: Route
    held: bool
    chosen: bool
    checks: tuple[Check, ...]


def time_facts(at: datetime, calendar: WorkCalendar) -> dict[str, Any]:
    """The moment of a report as rules may ask for it."""
    local = at.astimezone(calendar.zone)
    minute = local.hour * 60 + local.minute
    day = local.date()
    return {
        "time.hour": local.hour,
        "time.weekday": WEEKDAYS[local.weekday()],
        "time.working": any(start <= minute < end for start, end in calendar.hours_on(day)),
        "time.holiday": calendar.holiday(day) is not None,
    }


def facts_of(
    *,
    answers: Mapping[str, Any],
    areas: Mapping[str, str],
    channel: str,
    placed: bool,
    at: datetime,
    calendar: WorkCalendar,
    owner: str = "",
) -> dict[str, Any]:
    """Everything that rules may ask about a report."""
    found = dict(answers) | {f"area.{layer}": code for layer, code in areas.items()}
    found |= {"channel": channel, "place.exists": placed, "asset.owner": owner}
    return found | time_facts(at, calendar)


def route(service: ServiceDefinition, facts: Mapping[str, Any]) -> Route:
    """The first routing rule that holds; the last one, which has no condition, always does."""
    for rule in service.routing:
        if rule.when is None or evaluate(rule.when, facts):
            return rule
    return service.routing[-1]


def explain(service: ServiceDefinition, facts: Mapping[str, Any]) -> list[Verdict]:
    """Every rule in order: whether it holds for the facts, and each comparison that says so."""
    found: list[Verdict] = []
    chosen = False
    for number, rule in enumerate(service.routing, 1):
        held = rule.when is None or evaluate(rule.when, facts)
        is_first = held and not chosen
        chosen = chosen or held
        checks = () if rule.when is None else tuple(_checks(rule.when, facts))
        found.append(Verdict(number, rule, held, is_first, checks))
    return found


def _checks(tree: Any, facts: Mapping[str, Any]) -> list[Check]:
    operator, operand = next(iter(tree.items()))
    if operator in ("all", "any"):
        return [check for part in operand for check in _checks(part, facts)]
    if operator == "not":
        return _checks(operand, facts)
    name = operand if operator == "exists" else operand[0]
    wanted = None if operator == "exists" else operand[1]
    return [Check(name, operator, wanted, facts.get(name), evaluate(tree, facts))]


# Which rules can never be reached


def never_reached(rules: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """Rules (from 0) that an earlier one always takes everything from, as (rule, the earlier one).

    A rule whose own condition can not hold is paired with itself.
    """
    found: list[tuple[int, int]] = []
    for number, rule in enumerate(rules):
        when = rule.get("when")
        if when is None:
            continue
        if _impossible(when):
            found.append((number, number))
            continue
        for earlier, other in enumerate(rules[:number]):
            if other.get("when") is not None and covers(other["when"], when):
                found.append((number, earlier))
                break
    return found


def covers(wide: Any, narrow: Any) -> bool:
    """Whether `wide` surely holds wherever `narrow` does. Cautious: False when it is not plain to see."""
    if wide == narrow:
        return True
    (wide_op, wide_in), (op, given) = next(iter(wide.items())), next(iter(narrow.items()))
    if op == "any":
        return all(covers(wide, part) for part in given)
    if wide_op == "all":
        return all(covers(part, narrow) for part in wide_in)
    if op == "all" and any(covers(wide, part) for part in given):
        return True
    if wide_op == "any":
        return any(covers(part, narrow) for part in wide_in)
    if wide_op == "not" or op in ("not", "all"):
        return False
    name = given if op == "exists" else given[0]
    wide_name = wide_in if wide_op == "exists" else wide_in[0]
    return name == wide_name and _covers_values(wide_op, wide_in, op, given)


def _covers_values(wide_op: str, wide_in: Any, op: str, given: Any) -> bool:
    if wide_op == "exists":
        return True
    values = {"eq": lambda: [given[1]], "in": lambda: list(given[1])}.get(op)
    if values is not None:
        # Each value on its own; of several choices one alone may be meant, which is how `in` reads them.
        return all(evaluate({wide_op: wide_in}, {wide_in[0]: value}) for value in values())
    if op == wide_op == "gt":
        return bool(wide_in[1] <= given[1])
    if op == wide_op == "lt":
        return bool(wide_in[1] >= given[1])
    return False


def _impossible(tree: Any) -> bool:
    operator, operand = next(iter(tree.items()))
    if operator == "any":
        return all(_impossible(part) for part in operand)
    if operator != "all":
        return False
    if any(_impossible(part) for part in operand):
        return True
    wanted: dict[str, Any] = {}
    for part in operand:
        op, given = next(iter(part.items()))
        if op == "eq" and wanted.setdefault(given[0], given[1]) != given[1]:
            return True
    return any({"not": part} in operand for part in operand)
