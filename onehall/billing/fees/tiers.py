"""Fees by tiers. Nothing is assumed to be continuous: a table may jump where a tier begins."""

from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from onehall.billing.fees import saying
from onehall.billing.fees.documents import Fee, FeeRefused, Tier, Tiered
from onehall.billing.fees.sheet import Sheet, Worked, blocks, times


def work_out(sheet: Sheet, fee: Fee, rule: Tiered) -> Worked:
    """The fee for a quantity; FeeRefused for one that lies in no tier."""
    value = sheet.quantity(rule.of, fee)
    last = next((n for n, tier in enumerate(rule.tiers) if holds(tier, value, rule.edge)), None)
    if last is None:
        facts = {"fee": saying.name(fee.name), "value": sheet.say(rule.of, value)}
        raise FeeRefused(_("“%(fee)s” has no tier for %(value)s.") % facts)
    if rule.method == "marginal":
        return _marginal(sheet, rule, value, last)
    tier = rule.tiers[last]
    charged = value - (tier.low or 0) if rule.method == "stepped" else value
    rest, words = _rate(sheet, rule, tier, charged)
    low = tier.low if rule.method == "stepped" else None
    return Worked(Fraction(tier.amount) + rest, _words(sheet, rule, tier.amount, words, low))


def holds(tier: Tier, value: Decimal, edge: str) -> bool:
    """Whether a value lies in a tier; one on an edge lies in the tier on the side that the schedule says."""
    if edge == "below":
        over = tier.low is None or value > tier.low
        return over and (tier.high is None or value <= tier.high)
    over = tier.low is None or value >= tier.low
    return over and (tier.high is None or value < tier.high)


def _marginal(sheet: Sheet, rule: Tiered, value: Decimal, last: int) -> Worked:
    amount, said = Fraction(0), []
    for tier in rule.tiers[: last + 1]:
        top = value if tier.high is None else min(value, tier.high)
        rest, words = _rate(sheet, rule, tier, top - (tier.low or 0))
        amount += Fraction(tier.amount) + rest
        said.append(_words(sheet, rule, tier.amount, words, None))
    return Worked(amount, " + ".join(said))


def _rate(sheet: Sheet, rule: Tiered, tier: Tier, charged: Decimal) -> tuple[Fraction, str]:
    if tier.percent is not None:
        facts = {"percent": saying.number(tier.percent), "of": sheet.say(rule.of, charged)}
        words = _("%(percent)s%% of %(of)s") % facts
        return Fraction(charged) * Fraction(tier.percent) / 100, words
    if tier.each is None:
        return Fraction(0), ""
    count = blocks(charged, tier.per, rule.parts)
    return count * Fraction(tier.each), times(sheet, count, tier.each)


def _words(sheet: Sheet, rule: Tiered, amount: Decimal, rest: str, low: Decimal | None) -> str:
    """ "$120.00 for the first $2,000.00, then 3 × $14.00"; less where there is less to say."""
    if not rest:
        return sheet.rate(amount)
    facts = {"amount": sheet.rate(amount), "rest": rest}
    if low:
        facts["low"] = sheet.say(rule.of, low)
        return _("%(amount)s for the first %(low)s, then %(rest)s") % facts
    return _("%(amount)s and %(rest)s") % facts if amount else rest
