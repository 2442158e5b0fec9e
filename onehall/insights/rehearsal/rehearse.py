"""Plays a stream of cases through two set-ups."""

from collections.abc import Callable, Iterable
from datetime import datetime

from onehall.insights.rehearsal.compare import differences
from onehall.insights.rehearsal.play import play
from onehall.insights.rehearsal.report import EXAMPLES, Report
from onehall.insights.rehearsal.setups import Setup
from onehall.insights.rehearsal.stored import Lived


def rehearse(
    before: Setup,
    after: Setup,
    cases: Iterable[Lived],
    *,
    since: datetime,
    until: datetime,
    examples: int = EXAMPLES,
    seen: Callable[[int], None] = lambda _count: None,
) -> Report:
    """What would be otherwise. Reads each case once and keeps none; `seen` hears how many were played."""
    report = Report(since=since, until=until, most_examples=examples)
    for number, lived in enumerate(cases, 1):
        if lived.too_long:
            report.not_played += 1
        else:
            was, now = play(before, lived, until=until), play(after, lived, until=until)
            report.add(lived, was, now, differences(was, now))
        if number % 100 == 0:
            seen(number)
    return report
