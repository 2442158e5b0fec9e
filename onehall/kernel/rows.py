"""Insert and read model rows with one prepared text per model: for the few paths that many people wait for.

The ORM builds its SQL anew each time, which for wide rows costs several times as much as the statement
itself. Field conversion is the ORM's; database defaults and generated columns are not for these models.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


@cache
def _plan(model: type[models.Model], with_pk: bool) -> tuple[str, str, tuple[Any, ...]]:  # noqa: FBT001
    """Head and one row of placeholders of the INSERT, and the fields whose values fill it."""
    fields = tuple(
        f for f in model._meta.concrete_fields if with_pk or not isinstance(f, models.AutoField)
    )
    quote = connection.ops.quote_name
    columns = ", ".join(quote(f.column or f.name) for f in fields)
    table = quote(model._meta.db_table)
    head = f"INSERT INTO {table} ({columns}) VALUES "
    return head, f"({', '.join(['%s'] * len(fields))})", fields


def insert[M: models.Model](rows: Sequence[M], *, with_pk: bool = False) -> None:
    """Insert rows of one model, one statement; sets `pk` where the database makes it.

    `with_pk` says that the keys are known. The rows count as saved afterwards.
    """
    if not rows:
        return
    head, places, fields = _plan(type(rows[0]), with_pk)
    values = [
        f.get_db_prep_save(getattr(row, f.attname), connection) for row in rows for f in fields
    ]
    sql = head + ", ".join([places] * len(rows))
    with connection.cursor() as cursor:
        if with_pk:
            cursor.execute(sql, values)
        else:
            cursor.execute(f"{sql} RETURNING id", values)
            for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
                row.pk = pk
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _reading(model: type[models.Model]) -> tuple[str, tuple[str, ...], tuple[tuple[int, Any], ...]]:
    """The SELECT of all columns, their attribute names, and the converters that some need."""
    fields = tuple(f for f in model._meta.concrete_fields if f.column)
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(f"{table}.{quote(f.column or f.name)}" for f in fields)
    converters = tuple(
        (i, f.from_db_value) for i, f in enumerate(fields) if hasattr(f, "from_db_value")
    )
    return f"SELECT {columns} FROM {table} ", tuple(f.attname for f in fields), converters


def select[M: models.Model](model: type[M], where: str, params: Sequence[Any]) -> list[M]:
    """Rows of one model. `where` is the program's own SQL from WHERE on, with `%s` for each parameter."""
    head, names, converters = _reading(model)
    with connection.cursor() as cursor:
        cursor.execute(head + where, params)
        rows = cursor.fetchall()
    found: list[M] = []
    for row in rows:
        values = list(row)
        for i, convert in converters:
            values[i] = convert(values[i], None, connection)
        found.append(model.from_db(connection.alias, names, values))
    return found
