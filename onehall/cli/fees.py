"""`onehall fees`: check the fee schedules of a city folder, and tell what something costs."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehall.cli import running
from onehall.cli.words import Failure, done, finding, out

if TYPE_CHECKING:
    from onehall.billing.fees.documents import Quote, Schedule
    from onehall.kernel.yamlfile import Problems

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group()
def command() -> None:
    """Check the fee schedules of a city folder, and tell what something costs."""


@command.command("check")
@click.argument("folder", type=FOLDER)
def check_command(folder: Path) -> None:
    """Report every mistake in `fees/` with its file and line, and every example that comes out otherwise."""
    running.set_up_django()
    schedules = _sound(folder)
    versions = sum(len(schedule.versions) for schedule in schedules.values())
    counted = f"{_counted(len(schedules), 'schedule')}, {_counted(versions, 'version')}"
    done(f"{counted}; every example comes out.")


@command.command("quote")
@click.argument("folder", metavar="CITY", type=FOLDER)
@click.argument("schedule")
@click.option("--on", "day", required=True, help="The day that decides the version: 2026-11-27.")
@click.option("--set", "pairs", multiple=True, help="input=value, as often as needed.")
@click.option("--language", default="en", show_default=True, help="Of the names and words.")
def quote_command(
    folder: Path, schedule: str, day: str, pairs: tuple[str, ...], language: str
) -> None:
    """Print the lines and the total of a schedule. CITY is a city folder."""
    running.set_up_django()
    from django.utils import translation

    from onehall.billing.fees import quoting
    from onehall.billing.fees.documents import FeeRefused
    from onehall.kernel.spelling import nearest

    schedules = _sound(folder)
    found = schedules.get(schedule)
    if found is None:
        guess = nearest(schedule, schedules)
        hint = f"Did you mean {guess!r}?" if guess else f"There are: {', '.join(schedules)}."
        raise Failure(f"There is no schedule {schedule!r}.", hint=hint)
    given, on = _given(pairs), _day(day)
    with translation.override(language):
        try:
            _print(found, quoting.quote(found, on, given))
        except FeeRefused as no:
            raise Failure(str(no)) from None


def _sound(folder: Path) -> dict[str, Schedule]:
    """The schedules of a folder; ends with their mistakes where there are any."""
    from onehall.billing import pack

    schedules, problems = pack.read_alone(folder)
    _stop_if_wrong(folder, problems)
    if not schedules:
        raise Failure(f"There are no fee schedules in {folder / pack.FOLDER}.")
    return schedules


def _stop_if_wrong(folder: Path, problems: Problems) -> None:
    for problem in sorted(problems):
        finding(folder / problem.file, problem.line, f"{problem.message} {problem.advice}".rstrip())
    if problems:
        raise Failure(f"{_counted(len(problems), 'mistake')}.")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _given(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not (key and sign and value):
            raise Failure(f"{pair!r} is not input=value.")
        if key in found:
            raise Failure(f"{key!r} is set twice.")
        found[key] = value
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failure(f"{text!r} is not a day like 2026-11-27.") from None


def _print(schedule: Schedule, quote: Quote) -> None:
    """A line each: code, amount, account, name and how it came about; then the total."""
    from django.utils.translation import gettext as _

    from onehall.billing.fees import saying
    from onehall.kernel import money

    amounts = [money.say(line.amount, quote.currency) for line in quote.lines]
    total = money.say(quote.total, quote.currency)
    wide = max(len(said) for said in [*amounts, total])
    begins = _("version of %(day)s") % {"day": quote.version.isoformat()}
    _line(f"{saying.name(schedule.name)}, {begins}")
    for line, said in zip(quote.lines, amounts, strict=True):
        account = f" [{line.gl}]" if line.gl else ""
        note = "" if line.charged else f" ({_('worked out, not charged')})"
        _line(
            f"{said:>{wide}}  {saying.name(line.name)} ({line.code}){account}: {line.words}{note}"
        )
    _line(f"{total:>{wide}}  {_('Total')}")


def _line(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)
