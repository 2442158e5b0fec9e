"""Reads `export:` of `billing.yaml`: the columns that go to the city's general ledger; and keeps them beside a closed day."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final, Literal, cast

from onehall.billing.documents import DATES, EXPORT_FIELDS, OF_LINES, Column, Export
from onehall.kernel.yamlfile import Node

_MOST_COLUMNS: Final = 40
_MOST_PARTS: Final = 9
_ROWS: Final = ("sums", "lines")


def read_export(node: Node) -> Export:
    """What the file says of the export; the usual columns where it says nothing."""
    if not node.present:
        return Export()
    items = node.listing("columns")
    rows = node.choice("rows", _ROWS, default="sums")
    columns = tuple(_column(item, rows) for item in items[:_MOST_COLUMNS])
    if len(items) > _MOST_COLUMNS:
        node.problem(f"More than {_MOST_COLUMNS} columns.", "Leave some out.", key="columns")
    if not columns:
        node.problem("There is no column.", 'List at least one under "columns".', key="columns")
    names = [c.name for c in columns]
    if len(set(names)) < len(names):
        node.problem("Two columns have the same name.", "Name each in its own way.", key="columns")
    _needs_amounts(node, columns)
    found = Export(
        rows=cast("Literal['lines', 'sums']", rows),
        dates=node.choice("dates", tuple(DATES), default="iso"),
        separator=node.text("separator", pattern=r"[.\-/ ]", shape="one of . - / or a space")
        or "-",
        columns=columns,
    )
    node.finish()
    return found


def _needs_amounts(node: Node, columns: tuple[Column, ...]) -> None:
    """Without an account and an amount there is nothing to post."""
    fields = {c.field for c in columns}
    if columns and not ("gl" in fields and ("amount" in fields or {"debit", "credit"} <= fields)):
        node.problem(
            "The columns hold no account with its amount.",
            'Add "gl", and "amount" or both "debit" and "credit".',
            key="columns",
        )


def _column(node: Node, rows: str) -> Column:
    found = Column(
        name=node.text("name", required=True, pattern=r".{1,60}", shape="at most 60 letters"),
        field=node.choice("field", EXPORT_FIELDS) if node.has("field") else "",
        part=node.whole("part", default=0, minimum=1, maximum=_MOST_PARTS) or 0,
        text=node.text("text"),
    )
    node.finish()
    if bool(found.field) == bool(found.text):
        node.problem("A column is a field or a text.", 'Write "field" or "text".')
    if found.part and found.field != "gl":
        node.problem("Only a code has parts.", 'Use "part" with the field "gl".', key="part")
    if rows == "sums" and found.field in OF_LINES:
        node.problem(
            f'A sum has no "{found.field}".', 'Write "rows: lines", or leave it out.', key="field"
        )
    return found


def kept(export: Export) -> dict[str, Any]:
    """A mapping as it is kept beside a closed day."""
    return asdict(export)


def again(kept: Mapping[str, Any]) -> Export:
    """The mapping as it was kept; the usual one where none was."""
    if not kept:
        return Export()
    columns = tuple(Column(**column) for column in kept["columns"])
    return Export(kept["rows"], kept["dates"], kept["separator"], columns)
