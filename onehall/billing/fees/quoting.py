"""What a schedule asks for on a day, for what is given. Pure: the same schedule and input always give the same lines."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from onehall.billing.fees import saying, working
from onehall.billing.fees.documents import (
    Fee,
    FeeRefused,
    Given,
    Input,
    Line,
    Quote,
    Schedule,
    Version,
)
from onehall.billing.fees.sheet import Sheet, Worked
from onehall.kernel import expressions, money
from onehall.kernel.spelling import nearest

_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}


def quote(schedule: Schedule, on: date, given: Mapping[str, object]) -> Quote:
    """The lines of the version in force on a day. `given` holds texts, whole numbers and flags by input.

    FeeRefused, in words, for input that is unknown or not of its kind, and wherever the schedule gives no answer.
    """
    return quote_version(schedule, version_on(schedule, on), given)


def quote_version(schedule: Schedule, version: Version, given: Mapping[str, object]) -> Quote:
    """The same for one version."""
    sheet = Sheet(schedule, read_given(schedule, given))
    lines = []
    for fee in version.fees:
        sheet.names[fee.code] = saying.name(fee.name)
        due = _line(sheet, fee, version) if is_due(fee, sheet) else None
        # To the fees after it, one that is not due is nought.
        sheet.amounts[fee.code] = due.amount if due else 0
        if due:
            lines.append(due)
    return Quote(
        schedule=schedule.key,
        version=version.starts,
        currency=schedule.currency,
        lines=tuple(lines),
    )


def version_on(schedule: Schedule, on: date) -> Version:
    """The version in force on a day; FeeRefused when there is none."""
    begun = [v for v in schedule.versions if v.starts <= on]
    if not begun or (begun[-1].until is not None and begun[-1].until < on):
        facts = {"schedule": saying.name(schedule.name), "day": on.isoformat()}
        raise FeeRefused(_("“%(schedule)s” has no version in force on %(day)s.") % facts)
    return begun[-1]


def is_due(fee: Fee, sheet: Sheet) -> bool:
    """Whether the condition of a fee holds; FeeRefused when it compares what is not given."""
    if fee.when is None:
        return True
    for key in sorted(expressions.taken_as_given(fee.when)):
        if key not in sheet.given:
            raise sheet.missing(key, fee)
    return expressions.evaluate(fee.when, sheet.given)


def _line(sheet: Sheet, fee: Fee, version: Version) -> Line:
    worked = working.work_out(sheet, fee)
    currency, rounding = sheet.schedule.currency, fee.rounding
    amount = money.to_units(worked.amount, currency, rounding.mode, step=rounding.step)
    held = amount if fee.minimum is None else max(amount, fee.minimum)
    held = held if fee.maximum is None else min(held, fee.maximum)
    as_is = held == worked.amount * 10 ** money.places(currency)
    return Line(
        code=fee.code,
        name=fee.name,
        words=_words(worked, amount, held, currency),
        amount=held,
        gl=fee.gl,
        charged=fee.charged,
        version=version.starts,
        quantity=worked.quantity if as_is else None,
        unit_amount=worked.unit_amount if as_is else None,
    )


def _words(worked: Worked, amount: int, held: int, currency: str) -> str:
    facts = {"words": worked.words, "amount": money.say(held, currency)}
    if held > amount:
        return _("%(words)s; at least %(amount)s") % facts
    if held < amount:
        return _("%(words)s; at most %(amount)s") % facts
    if amount != worked.amount * 10 ** money.places(currency):
        return _("%(words)s; rounded to %(amount)s") % facts
    return worked.words


# What is given


def read_given(schedule: Schedule, given: Mapping[str, object]) -> Given:
    """Checked values by input, with the defaults of those left out."""
    found = {i.key: i.default for i in schedule.inputs.values() if i.default is not None}
    for key, value in given.items():
        known = schedule.inputs.get(key)
        if known is None:
            raise FeeRefused(_unknown(key, schedule))
        found[key] = read_value(known, value, schedule.currency)
    return found


def _unknown(key: str, schedule: Schedule) -> str:
    facts = {"key": key, "guess": nearest(key, schedule.inputs)}
    if facts["guess"]:
        return _("There is no input “%(key)s”. Did you mean “%(guess)s”?") % facts
    return _("There is no input “%(key)s”.") % facts


def read_value(known: Input, value: object, currency: str) -> Decimal | str | bool:
    """One value by the kind of its input; FeeRefused in words for anything else."""
    facts = {"key": known.key, "value": str(value)[:40]}
    if known.kind == "flag":
        flag = value if isinstance(value, bool) else _FLAGS.get(str(value))
        if flag is None:
            raise FeeRefused(_("%(key)s is “%(value)s”; say yes or no.") % facts)
        return flag
    if known.kind == "choice":
        if value not in known.options:
            facts["options"] = ", ".join(known.options)
            raise FeeRefused(_("%(key)s is “%(value)s”; it is one of: %(options)s.") % facts)
        return str(value)
    return _number(known, value, currency)


def _number(known: Input, value: object, currency: str) -> Decimal:
    facts = {"key": known.key, "value": str(value)[:40]}
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise FeeRefused(_("%(key)s is “%(value)s”; write a number like 1234.50.") % facts)
    digits = -int(Decimal(text).as_tuple().exponent)
    if known.kind == "count" and digits:
        raise FeeRefused(_("%(key)s is “%(value)s”; write a whole number.") % facts)
    if known.kind == "amount" and digits > money.places(currency):
        facts |= {"currency": currency}
        raise FeeRefused(_("%(key)s is “%(value)s”, which is finer than %(currency)s.") % facts)
    return Decimal(text)
