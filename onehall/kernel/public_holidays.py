"""Public holidays by country and subdivision, a year at a time, from the `holidays` library."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

import holidays

type Years = Callable[[int], Mapping[date, str]]


class UnknownHolidays(ValueError):
    """There are no holidays for that country or subdivision."""


def none(year: int) -> Mapping[date, str]:  # noqa: ARG001 - the shape of a source of holidays
    """No public holidays at all."""
    return {}


@cache
def of(country: str, subdivision: str | None, *, observed: bool) -> Years:
    """A function from a year to its holidays; `observed` adds the weekday on which a weekend holiday is kept.

    Each year is worked out on its own and then never changes, so threads may share it. UnknownHolidays otherwise.
    """
    try:
        holidays.country_holidays(country, subdiv=subdivision)
    except (NotImplementedError, TypeError) as error:
        place = f"{country} {subdivision or ''}".strip()
        raise UnknownHolidays(f'No holidays are known for "{place}".') from error

    @cache
    def year_of(year: int) -> Mapping[date, str]:
        return dict(
            holidays.country_holidays(
                country, subdiv=subdivision, years=[year], expand=False, observed=observed
            )
        )

    return year_of
