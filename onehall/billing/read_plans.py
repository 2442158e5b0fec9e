"""Reads `plan:` of a kind of bill: how it may be paid in parts by dates."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, cast

from onehall.billing.documents import EVERY, MISSED, Missed, PlanFee, PlanTerms
from onehall.billing.plan_rules import SHORTEST
from onehall.kernel.yamlfile import Node

MOST: Final = 60
"""Instalments of the longest plan."""
_LONGEST: Final = 1_830


def read_plan(
    node: Node,
    *,
    languages: Sequence[str],
    gl: tuple[str, str],
    amount: Callable[[Node, str], int | None],
    percent: Callable[[Node], Decimal],
) -> PlanTerms | None:
    """What the file says of plans; None where it says nothing. `gl` is the pattern of an account, and its shape."""
    if not node.present:
        return None
    every = node.texts("every", required=True, options=EVERY)
    down = node.mapping("down")
    found = PlanTerms(
        most=node.whole("most", required=True, minimum=2, maximum=MOST) or 2,
        least=amount(node, "least") or 1,
        longest_days=node.whole("longest_days", default=365, minimum=7, maximum=_LONGEST) or 365,
        every=tuple(one for one in EVERY if one in every),
        down=amount(down, "flat") or 0,
        down_percent=percent(down),
        grace_days=node.whole("grace_days", default=7, minimum=0, maximum=60) or 0,
        missed=cast("Missed", node.choice("missed", MISSED, default="end")),
        alone_up_to=amount(node, "alone_up_to") or 0,
        less=node.flag("less"),
        fee=_fee(node.mapping("fee"), languages, gl, amount),
    )
    down.finish()
    node.finish()
    _check(node, found)
    return found


def _fee(
    node: Node,
    languages: Sequence[str],
    gl: tuple[str, str],
    amount: Callable[[Node, str], int | None],
) -> PlanFee | None:
    if not node.present:
        return None
    pattern, shape = gl
    found = PlanFee(
        amount=amount(node, "flat") or 0,
        code=node.key("code"),
        name=node.localized("name", languages, required=True, complete=True),
        gl=node.text("gl", required=True, pattern=pattern, shape=shape),
    )
    node.finish()
    if not found.amount:
        node.problem("A fee for a plan is an amount.", 'Write "flat", or leave "fee" out.')
    return found


def _check(node: Node, terms: PlanTerms) -> None:
    if terms.down and terms.down_percent:
        words = "A down payment is an amount or a percentage."
        node.problem(words, 'Write "flat" or "percent".', key="down")
    if terms.down_percent >= 100:
        words = "A down payment of all that is owed leaves nothing for a plan."
        node.problem(words, "Write less than 100.", key="down")
    if terms.every and terms.longest_days < min(SHORTEST[one] for one in terms.every):
        words = f"In {terms.longest_days} days no second instalment comes due."
        node.problem(words, "Let a plan last longer.", key="longest_days")
