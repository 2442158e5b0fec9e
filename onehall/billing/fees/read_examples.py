"""The examples of a version: what is given, and what must come out. They are worked out whenever the file is read."""

from onehall.billing.fees import quoting
from onehall.billing.fees.documents import FeeRefused, Quote, Schedule, Version
from onehall.billing.fees.numbers import units_of
from onehall.kernel import money
from onehall.kernel.yamlfile import Node


def read_examples(node: Node, schedule: Schedule, version: Version) -> None:
    """Works out every example of a version and reports those that come out otherwise."""
    for item in node.listing("examples", required=True):
        _example(item, schedule, version)


def _example(node: Node, schedule: Schedule, version: Version) -> None:
    given = {key: _given(part) for key, part in node.mapping("given", required=True).items()}
    refused = node.flag("refused")
    lines = {key: units_of(part, schedule.currency) for key, part in node.mapping("lines").items()}
    written = node.child("total")
    total = units_of(written, schedule.currency) if written else None
    node.finish()
    if not (refused or lines or written):
        node.problem(
            "The example says nothing of what comes out.", "Write total, lines or refused."
        )
        return
    if None in given.values():
        return
    try:
        found = quoting.quote_version(schedule, version, given)
    except FeeRefused as no:
        if not refused:
            node.problem(f"The example is refused: {no}")
        return
    if refused:
        said = money.plain(found.total, schedule.currency)
        node.problem(f"The example is not refused; it comes to {said}.", _how(found), key="refused")
    _compare(node, found, lines, total)


def _given(node: Node) -> str | int | bool | None:
    """The value; None, and a problem, for a fraction without quotes and for what is no value."""
    if isinstance(node.value, (bool, int)):
        return node.value
    return node.as_text() or None


def _compare(node: Node, found: Quote, lines: dict[str, int | None], total: int | None) -> None:
    amounts = {line.code: line for line in found.lines}
    for code, wanted in lines.items():
        line = amounts.get(code)
        if line is None:
            said = f'"{code}" is not among the fees that come out.'
            node.mapping("lines").problem(said, f"Due here: {', '.join(amounts)}.", key=code)
        elif wanted is not None and line.amount != wanted:
            off = _differs(f'"{code}"', line.amount, wanted, found.currency)
            node.mapping("lines").problem(off, f"It is {line.words}.", key=code)
    if total is not None and found.total != total:
        node.problem(
            _differs("The total", found.total, total, found.currency), _how(found), key="total"
        )


def _differs(what: str, came: int, wanted: int, currency: str) -> str:
    return f"{what} comes to {money.plain(came, currency)}, not {money.plain(wanted, currency)}."


def _how(found: Quote) -> str:
    return "; ".join(f"{line.code}: {line.words}" for line in found.lines)
