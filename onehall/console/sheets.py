"""Lists as CSV files that a spreadsheet opens: safe to open, named in words, in the city's own time."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse

BOM: Final = "\ufeff"
"""Tells spreadsheets that the file is UTF-8."""
RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins so is taken for a formula, or hides one behind a space that is cut off."""


class _Line:
    """What `csv` writes to: hands the text back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def safe(value: Any, zone: ZoneInfo) -> Any:
    """A value as a cell: local times without a zone, and no text that a spreadsheet would run."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        case bool() | int() | float():
            return value
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(RISKY) else text


def lines(heads: Sequence[str], rows: Iterable[Sequence[Any]], zone: ZoneInfo) -> Iterator[str]:
    """The text of a file, line by line."""
    writer = csv.writer(_Line())
    yield BOM + str(writer.writerow([safe(head, zone) for head in heads]))
    for row in rows:
        yield str(writer.writerow([safe(value, zone) for value in row]))


def download(name: str, text: Iterable[str]) -> StreamingHttpResponse:
    """The file as an answer, sent as it is made."""
    response = StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    # A proxy must not gather the whole file first.
    response.headers["X-Accel-Buffering"] = "no"
    return response
