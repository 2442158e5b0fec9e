"""Reads fees by tiers and by a table of valuations: gaps, overlaps and rows that are there twice are mistakes."""

from decimal import Decimal
from itertools import pairwise
from typing import cast

from onehall.billing.fees.around import ZERO, Around, read_parts
from onehall.billing.fees.documents import (
    EDGES,
    METHODS,
    Edge,
    Method,
    Rule,
    Tier,
    Tiered,
    ValuationTable,
)
from onehall.billing.fees.numbers import decimal
from onehall.kernel.yamlfile import Node


def tiered(node: Node, around: Around) -> Rule:
    """Tiers in their order, each beginning where the one before it ends."""
    of = around.one(node, fees=True)
    method = cast(Method, node.choice("method", METHODS, required=True, default="stepped"))
    edge = cast(Edge, node.choice("edge", EDGES, required=True, default="below"))
    items = node.listing("tiers", required=True)
    tiers = tuple(_tier(item) for item in items)
    rates = any(tier.each is not None for tier in tiers)
    parts = read_parts(node) if rates else "exact"
    _in_order(items, tiers)
    return Tiered(of=of, method=method, edge=edge, parts=parts, tiers=tiers)


def _tier(node: Node) -> Tier:
    tier = Tier(
        low=decimal(node, "from"),
        high=decimal(node, "to"),
        amount=decimal(node, "amount") or ZERO,
        each=decimal(node, "each"),
        per=decimal(node, "per", over_zero=True) or Decimal(1),
        percent=decimal(node, "percent"),
    )
    if not any(node.has(key) for key in ("amount", "each", "percent")):
        node.problem("The tier has no fee.", "Write amount, each or percent.")
    if tier.each is not None and tier.percent is not None:
        node.problem("The tier has a rate and a percentage.", "Keep one.", key="percent")
    if node.has("per") and tier.each is None:
        node.problem('"per" has no "each".', "Write what each costs.", key="per")
    if tier.low is not None and tier.high is not None and tier.low >= tier.high:
        node.problem(f"The tier ends at {tier.high}, where it has not begun.", "", key="to")
    node.finish()
    return tier


def _in_order(items: list[Node], tiers: tuple[Tier, ...]) -> None:
    """Every tier but the first begins, and every one but the last ends; between two there is nothing and nothing twice."""
    for (_item, before), (item, tier) in pairwise(zip(items, tiers, strict=True)):
        if before.high is None:
            item.problem("The tier before this one has no end.", 'Give it a "to".')
        elif tier.low is None:
            item.problem(
                "Only the first tier may have no beginning.", f"Write from: {before.high}."
            )
        elif tier.low > before.high:
            said = f"Nothing is said of {before.high} to {tier.low}."
            item.problem(said, "Let the tier begin where the one before ends.", key="from")
        elif tier.low < before.high:
            said = f"{tier.low} to {before.high} lies in two tiers."
            item.problem(said, "Let the tier begin where the one before ends.", key="from")


def valuation_table(node: Node, around: Around) -> Rule:
    """Rates by one or more choices."""
    of = around.one(node)
    by = [
        around.source(item, item.as_text(), ["choice"], fees=False)
        for item in node.listing("by", required=True)
    ]
    rows: dict[tuple[str, ...], Decimal] = {}
    for item in node.listing("rows", required=True):
        chosen = tuple(part.as_text() for part in item.listing("is", required=True))
        _options(item, chosen, by, around)
        if chosen in rows:
            item.problem(f"There is a row for {', '.join(chosen)} already.", "Keep one.", key="is")
        rows[chosen] = decimal(item, "amount", required=True) or ZERO
        item.finish()
    multiplier = decimal(node, "multiplier", over_zero=True) or Decimal(1)
    return ValuationTable(of=of, by=tuple(by), rows=rows, multiplier=multiplier)


def _options(item: Node, chosen: tuple[str, ...], by: list[str], around: Around) -> None:
    if len(chosen) != len(by):
        item.problem(
            f'"is" has {len(chosen)} options.', f"Write one for each of: {', '.join(by)}.", key="is"
        )
        return
    for option, key in zip(chosen, by, strict=True):
        known = around.inputs.get(key)
        if known is not None and option not in known.options:
            advice = f"It has: {', '.join(known.options)}."
            item.problem(f'"{option}" is not an option of "{key}".', advice, key="is")
