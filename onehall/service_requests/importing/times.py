"""Times of an export: several formats, the city's zone, bare dates at a stated hour."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from onehall.service_requests.importing.profile import Moment

type Read = Callable[[str], datetime]

_KEPT: Final = 10_000
_MIDNIGHT: Final = time()


def reader(moment: Moment, zone: ZoneInfo) -> Read:
    """A function from the text of a column to the moment in UTC; `ValueError` when no format fits.

    In the hour that comes twice in autumn the first one is taken; a time that spring skips moves
    on by an hour.
    """
    parsers = [_parser(form) for form in moment.formats]

    @lru_cache(maxsize=_KEPT)
    def read(text: str) -> datetime:
        for parse in parsers:
            found = parse(text)
            if found is None:
                continue
            value, bare = found
            if bare or (moment.midnight_is_bare and value.time() == _MIDNIGHT):
                value = datetime.combine(value.date(), moment.at, tzinfo=value.tzinfo)
            if value.tzinfo is None:
                value = value.replace(tzinfo=zone)
            return value.astimezone(UTC)
        raise ValueError(text)

    return read


def _parser(form: str) -> Callable[[str], tuple[datetime, bool] | None]:
    if form == "iso":
        return _iso
    bare = "%H" not in form and "%I" not in form

    def parse(text: str) -> tuple[datetime, bool] | None:
        try:
            return datetime.strptime(text, form), bare  # noqa: DTZ007  (the caller adds the zone)
        except ValueError:
            return None

    return parse


def _iso(text: str) -> tuple[datetime, bool] | None:
    try:
        return datetime.fromisoformat(text), len(text) <= len("2026-11-22")
    except ValueError:
        return None
