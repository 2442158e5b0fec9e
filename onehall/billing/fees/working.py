"""What one fee comes to before rounding: a fraction, so that nothing is lost on the way, and how it came about."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _

from onehall.billing.fees import saying, tiers
from onehall.billing.fees.documents import (
    Fee,
    FeeRefused,
    Flat,
    Manual,
    PassedOn,
    Percent,
    PerCount,
    PerUnit,
    Tiered,
    Time,
    ValuationTable,
)
from onehall.billing.fees.sheet import Sheet, Worked, blocks, product, times


def _flat(sheet: Sheet, _fee: Fee, rule: Flat) -> Worked:
    return Worked(Fraction(rule.amount), sheet.rate(rule.amount), Decimal(1), rule.amount)


def _per_unit(sheet: Sheet, fee: Fee, rule: PerUnit) -> Worked:
    value = sheet.quantity(rule.of, fee)
    charged = max(value - rule.free, Decimal(0))
    worked = product(sheet, blocks(charged, rule.per, rule.parts), rule.amount)
    if not rule.free:
        return worked
    facts = {"count": worked.words, "free": sheet.say(rule.of, rule.free)}
    words = _("the first %(free)s free, then %(count)s") % facts
    return Worked(worked.amount, words, worked.quantity, worked.unit_amount)


def _valuation(sheet: Sheet, fee: Fee, rule: ValuationTable) -> Worked:
    value = sheet.quantity(rule.of, fee)
    chosen = tuple(sheet.choice(key, fee) for key in rule.by)
    rate = rule.rows.get(chosen)
    if rate is None:
        facts = {"fee": saying.name(fee.name), "row": ", ".join(chosen)}
        raise FeeRefused(_("The table of “%(fee)s” has no row for %(row)s.") % facts)
    words = f"{sheet.say(rule.of, value)} × {sheet.rate(rate)}"
    if rule.multiplier == 1:
        return Worked(Fraction(value) * Fraction(rate), words, value, rate)
    words = f"{words} × {saying.number(rule.multiplier)}"
    return Worked(Fraction(value) * Fraction(rate) * Fraction(rule.multiplier), words)


def _percent(sheet: Sheet, fee: Fee, rule: Percent) -> Worked:
    values = [sheet.quantity(key, fee) for key in rule.of]
    facts = {
        "percent": saying.number(rule.percent),
        "of": " + ".join(sheet.say(k, v) for k, v in zip(rule.of, values, strict=True)),
        "names": " + ".join(sheet.called(key) for key in rule.of),
    }
    amount = Fraction(sum(values, Decimal(0))) * Fraction(rule.percent) / 100
    words = _("%(percent)s%% of %(of)s (%(names)s)") % facts
    return Worked(amount, _handed_on(words, rule.agency))


def _handed_on(words: str, agency: str) -> str:
    if not agency:
        return words
    return _("%(words)s, handed on to %(agency)s") % {"words": words, "agency": agency}


def _per_count(sheet: Sheet, fee: Fee, rule: PerCount) -> Worked:
    counts = [(key, sheet.quantity(key, fee), rate) for key, rate in rule.items]
    said = [
        f"{times(sheet, Fraction(count), rate)} ({sheet.called(key)})"
        for key, count, rate in counts
        if count
    ]
    amount = sum((Fraction(count) * Fraction(rate) for _k, count, rate in counts), Fraction(0))
    return Worked(amount, " + ".join(said) or _("none"))


def _time(sheet: Sheet, fee: Fee, rule: Time) -> Worked:
    least = max(sheet.quantity(rule.of, fee), rule.minimum_hours)
    hours = Fraction(least)
    if rule.increment is not None:
        hours = blocks(least, rule.increment, "started") * Fraction(rule.increment)
    facts = {"hours": saying.number(saying.decimal_of(hours)), "rate": sheet.rate(rule.amount)}
    words = _("%(hours)s hours × %(rate)s") % facts
    return Worked(hours * Fraction(rule.amount), words, saying.decimal_of(hours), rule.amount)


def _passed_on(sheet: Sheet, _fee: Fee, rule: PassedOn) -> Worked:
    words = _handed_on(sheet.rate(rule.amount), rule.agency)
    return Worked(Fraction(rule.amount), words, Decimal(1), rule.amount)


def _manual(sheet: Sheet, fee: Fee, rule: Manual) -> Worked:
    value = sheet.quantity(rule.of, fee)
    facts = {
        "fee": saying.name(fee.name),
        "value": sheet.rate(value),
        "lowest": sheet.rate(rule.lowest),
        "highest": sheet.rate(rule.highest),
    }
    if not rule.lowest <= value <= rule.highest:
        raise FeeRefused(_("“%(fee)s” is %(value)s; it may be %(lowest)s to %(highest)s.") % facts)
    return Worked(Fraction(value), _("%(value)s, set by hand") % facts, Decimal(1), value)


_HOW: Final[Mapping[type, Callable[[Sheet, Fee, Any], Worked]]] = {
    Flat: _flat,
    PerUnit: _per_unit,
    Tiered: tiers.work_out,
    ValuationTable: _valuation,
    Percent: _percent,
    PerCount: _per_count,
    Time: _time,
    PassedOn: _passed_on,
    Manual: _manual,
}


def work_out(sheet: Sheet, fee: Fee) -> Worked:
    """What a fee that is due comes to; FeeRefused where the schedule gives no answer."""
    return _HOW[type(fee.rule)](sheet, fee, fee.rule)
