"""Rows that most tests begin with, made once per process and then put in anew with numbers of their own.

Applying a city takes some hundred questions to the database; putting its rows back takes forty. No two tests
get the same numbers, as if each had made the rows itself: what one process keeps in memory by a city's number
never answers for another test's city.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BigIntegerField, ForeignKey, Model
from psycopg import sql

from onehall.kernel import clock
from onehall.people.models import User
from onehall.places.models import City

NOT_OURS: Final = frozenset(
    {"auth_permission", "django_content_type", "django_migrations", "casework_mapsum"}
)
"""Tables that a new database has rows in, and what triggers write when the rows are put back."""
BY_HAND: Final = {"people_staffchange.by_id": "people_user"}
"""Columns that hold another table's numbers without a reference."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows of one table as COPY writes them, and which of their columns hold whose numbers."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbered: tuple[tuple[int, str], ...]


class KeptRows:
    """What `make` puts into a database. The first time it really does, later the same rows are copied.

    At another moment, or beside rows of others, `make` does it each time: what it makes depends on both.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._at: datetime | None = None
        self._kept: list[_Kept] = []
        self._places: dict[tuple[str, str], int] = {}

    def put(self) -> None:
        """Put the rows in."""
        if self._kept and clock.now() == self._at and not _people_or_cities():
            with transaction.atomic():
                self._copy()
            return
        keep = not self._kept and not _tables_with_rows()
        self._make()
        if keep:
            self._keep()

    def _keep(self) -> None:
        kept = [_read(table) for table in _tables_with_rows()]
        self._places = {
            (k.table, row[k.columns.index("id")]): at for k in kept for at, row in enumerate(k.rows)
        }
        self._kept, self._at = kept, clock.now()

    def _copy(self) -> None:
        firsts = self._reserve()
        with connection.cursor() as cursor:
            for kept in self._kept:
                head = sql.SQL("COPY {} ({}) FROM STDIN").format(
                    sql.Identifier(kept.table),
                    sql.SQL(", ").join(map(sql.Identifier, kept.columns)),
                )
                lines = []
                for row in kept.rows:
                    cells = list(row)
                    for at, table in kept.numbered:
                        if cells[at] != "\\N":
                            cells[at] = str(firsts[table] + self._places[table, cells[at]])
                    lines.append("\t".join(cells))
                with cursor.copy(head) as into:
                    into.write("\n".join([*lines, ""]))

    def _reserve(self) -> dict[str, int]:
        """The first number of each table's rows; its sequence goes on after the last."""
        named = [(k.table, len(k.rows), f"{k.table}_id_seq") for k in self._kept]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT " + ", ".join("nextval(%s)" for _ in named), [seq for _, _, seq in named]
            )
            firsts = dict(zip((t for t, _, _ in named), cursor.fetchone(), strict=True))
            cursor.execute(
                "SELECT " + ", ".join("setval(%s, %s)" for _ in named),
                [v for t, n, seq in named for v in (seq, firsts[t] + n - 1)],
            )
        return firsts


def _people_or_cities() -> bool:
    return User.objects.exists() or City.objects.exists()


def _models() -> dict[str, type[Model]]:
    found = apps.get_models(include_auto_created=True)
    return {m._meta.db_table: m for m in found if m._meta.managed}


def _tables_with_rows() -> list[str]:
    tables = sorted(_models().keys() - NOT_OURS)
    asked = " UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT FROM \"{t}\")" for t in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return sorted(name for (name,) in cursor.fetchall())


def _read(table: str) -> _Kept:
    model = _models()[table]
    fields = model._meta.concrete_fields
    columns = tuple(f.column for f in fields)
    numbered = []
    for at, f in enumerate(fields):
        if isinstance(f, ForeignKey):
            numbered.append((at, f.related_model._meta.db_table))
        elif f.primary_key:
            numbered.append((at, table))
        elif isinstance(f, BigIntegerField) and f.column.endswith("_id"):
            numbered.append((at, BY_HAND[f"{table}.{f.column}"]))
    asked = sql.SQL("COPY (SELECT {} FROM {} ORDER BY id) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
    )
    with connection.cursor() as cursor, cursor.copy(asked) as out:
        text = b"".join(bytes(part) for part in out).decode()
    rows = tuple(tuple(line.split("\t")) for line in text.removesuffix("\n").split("\n"))
    return _Kept(table, columns, rows, tuple(numbered))
