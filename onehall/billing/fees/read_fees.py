"""Reads one fee of a schedule: what all kinds share, then the rule of its kind."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from onehall.billing.fees import read_tables
from onehall.billing.fees.around import ZERO, Around, read_parts
from onehall.billing.fees.documents import (
    Fee,
    Flat,
    Input,
    Manual,
    PassedOn,
    Percent,
    PerCount,
    PerUnit,
    Rounding,
    Rule,
    Time,
)
from onehall.billing.fees.numbers import decimal, units
from onehall.kernel import expressions, money
from onehall.kernel.expressions import FLAG, NUMBER, FieldType, choice
from onehall.kernel.money import Mode
from onehall.kernel.yamlfile import Node


def read_fee(node: Node, around: Around) -> Fee:
    """One fee; with problems, a harmless stand-in."""
    code = node.key("code")
    if code in around.above or code in around.inputs:
        what = "fee" if code in around.above else "input"
        node.problem(
            f'There is a{"n" * (what == "input")} {what} "{code}" already.', "", key="code"
        )
    kind = node.choice("type", KINDS, required=True)
    bounds = {key: units(node, key, around.currency) for key in ("minimum", "maximum")}
    if None not in bounds.values() and bounds["minimum"] > bounds["maximum"]:  # type: ignore[operator]
        node.problem('"minimum" is more than "maximum".', "", key="minimum")
    own = node.mapping("rounding")
    fee = Fee(
        code=code,
        name=node.localized("name", around.languages, required=True, complete=True),
        rule=KINDS[kind](node, around) if kind else Flat(ZERO),
        rounding=read_rounding(own, around.currency) if own.present else around.rounding,
        gl=node.text(
            "gl", pattern=r"[0-9A-Za-z][0-9A-Za-z .\-/]{0,39}", shape="letters, digits, . - /"
        ),
        when=_when(node, around),
        minimum=bounds["minimum"],
        maximum=bounds["maximum"],
        charged=node.flag("charged", default=True),
    )
    if kind:
        # Without one, nobody knows which of the other fields belong.
        node.finish()
    return fee


def read_rounding(node: Node, currency: str) -> Rounding:
    """`mode`, and `to`: the step, as an amount; the smallest unit when left out."""
    mode = node.choice("mode", [m.value for m in Mode], required=True, default=Mode.HALF_UP)
    step = units(node, "to", currency)
    if step is not None and step < 1:
        node.problem('"to" is nothing.', "Write a step like 0.05 or 1.00, in quotes.", key="to")
    node.finish()
    return Rounding(Mode(mode), max(step or 1, 1))


def _when(node: Node, around: Around) -> Any:
    written = node.child("when")
    if written is None:
        return None
    tree = expressions.exact(written.plain())
    schema = {key: _field(known) for key, known in around.inputs.items()}
    mistakes = expressions.check(tree, schema)
    for mistake in mistakes:
        written.problem(mistake)
    return None if mistakes else tree


def _field(known: Input) -> FieldType:
    if known.kind == "flag":
        return FLAG
    return choice(known.options) if known.kind == "choice" else NUMBER


# The kinds


def _flat(node: Node, _around: Around) -> Rule:
    return Flat(decimal(node, "amount", required=True) or ZERO)


def _per_unit(node: Node, around: Around) -> Rule:
    return PerUnit(
        of=around.one(node, fees=False),
        amount=decimal(node, "amount", required=True) or ZERO,
        per=decimal(node, "per", over_zero=True) or Decimal(1),
        parts=read_parts(node),
        free=decimal(node, "free") or ZERO,
    )


def _percent(node: Node, around: Around) -> Rule:
    return Percent(
        of=_sources(node, around), percent=decimal(node, "percent", required=True) or ZERO
    )


def _sources(node: Node, around: Around) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.listing("of", required=True):
        name = around.source(item, item.as_text(), ["amount"], fees=True)
        if name in found:
            item.problem(f'"{name}" is listed twice.', "Keep one.")
        found.append(name)
    return tuple(found)


def _per_count(node: Node, around: Around) -> Rule:
    found: dict[str, Decimal] = {}
    for item in node.listing("items", required=True):
        name = around.one(item, ["count"])
        if name in found:
            item.problem(f'"{name}" is listed twice.', "Keep one.", key="of")
        found[name] = decimal(item, "amount", required=True) or ZERO
        item.finish()
    return PerCount(tuple(found.items()))


def _time(node: Node, around: Around) -> Rule:
    return Time(
        of=around.one(node, ["number", "count"]),
        amount=decimal(node, "amount", required=True) or ZERO,
        minimum_hours=decimal(node, "minimum_hours") or ZERO,
        increment=decimal(node, "increment", over_zero=True),
    )


def _surcharge(node: Node, around: Around) -> Rule:
    agency = node.text("agency", required=True, max_length=120)
    if node.has("amount") == node.has("percent"):
        advice = "Write amount, or percent with of."
        node.problem("A surcharge is an amount or a percentage.", advice)
    if node.has("percent"):
        rate = decimal(node, "percent", required=True) or ZERO
        return Percent(of=_sources(node, around), percent=rate, agency=agency)
    return PassedOn(decimal(node, "amount") or ZERO, agency)


def _manual(node: Node, around: Around) -> Rule:
    rule = Manual(
        of=around.one(node, ["amount"]),
        lowest=_amount(node, "lowest", around.currency),
        highest=_amount(node, "highest", around.currency),
    )
    if rule.lowest > rule.highest:
        node.problem('"lowest" is more than "highest".', "", key="lowest")
    return rule


def _amount(node: Node, key: str, currency: str) -> Decimal:
    found = units(node, key, currency, required=True) or 0
    return Decimal(found).scaleb(-money.places(currency))


KINDS: Final[Mapping[str, Callable[[Node, Around], Rule]]] = {
    "flat": _flat,
    "tiered": read_tables.tiered,
    "valuation_table": read_tables.valuation_table,
    "per_unit": _per_unit,
    "percent": _percent,
    "per_count": _per_count,
    "time": _time,
    "surcharge": _surcharge,
    "manual": _manual,
}
