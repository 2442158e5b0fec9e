"""Insert, update and read model rows with one prepared text per model: for the few paths that many people wait for.

The ORM builds its SQL anew each time, which for wide rows costs several times as much as the statement
itself. Field conversion is the ORM's; database defaults are not for these models. Generated columns are left to the
database.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, models


@cache
def _plan(model: type[models.Model], with_pk: bool) -> tuple[str, str, tuple[Any, ...]]:  # noqa: FBT001
    """Head and one row of placeholders of the INSERT, and the fields whose values fill it."""
    fields = tuple(
        f
        for f in model._meta.concrete_fields
        if not f.generated and (with_pk or not isinstance(f, models.AutoField))
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
    sql, values = _insertion(rows, with_pk=with_pk)
    with connection.cursor() as cursor:
        if with_pk:
            cursor.execute(sql, values)
        else:
            cursor.execute(f"{sql} RETURNING id", values)
            for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
                row.pk = pk
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _insertion[M: models.Model](rows: Sequence[M], *, with_pk: bool) -> tuple[str, list[Any]]:
    head, places, fields = _plan(type(rows[0]), with_pk)
    values = [
        f.get_db_prep_save(getattr(row, f.attname), connection) for row in rows for f in fields
    ]
    return head + ", ".join([places] * len(rows)), values


@cache
def _changing(model: type[models.Model]) -> tuple[str, tuple[Any, ...]]:
    """The UPDATE of every column of one row, and the fields whose values fill it, the key last."""
    fields = [
        f for f in model._meta.concrete_fields if f.column and not f.primary_key and not f.generated
    ]
    keys = [f for f in model._meta.concrete_fields if f.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(f.column or f.name)} = %s" for f in fields)
    where = " AND ".join(f"{quote(f.column or f.name)} = %s" for f in keys)
    return f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {where}", (*fields, *keys)


class Together:
    """Writes of one transaction that are sent as one text: the answer is waited for once, not each time.

    Nothing is written before `send`. Rows whose key is needed by others get it from `next_ids`.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._values: list[Any] = []
        self._rows: list[models.Model] = []

    def add(self, sql: str, values: Sequence[Any]) -> None:
        """One more statement, after those before it."""
        self._texts.append(sql)
        self._values.extend(values)

    def insert(self, rows: Sequence[models.Model], *, with_pk: bool = False) -> None:
        """Rows of one model; without `with_pk` the database makes keys that nobody here asks for."""
        if rows:
            self.add(*_insertion(rows, with_pk=with_pk))
            self._rows.extend(rows)

    def update(self, row: models.Model) -> None:
        """Every column of a row that is there: one that this transaction read under a lock."""
        sql, fields = _changing(type(row))
        self.add(sql, [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields])

    def send(self) -> None:
        """Write everything, in order; an error takes all of it back with the transaction."""
        if not self._texts:
            return
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(self._texts), self._values)
        for row in self._rows:
            row._state.adding, row._state.db = False, connection.alias
        self._texts, self._values, self._rows = [], [], []


def sql_of(rows: models.QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    """The text and the values of a query, to stand inside another one; also of a query that nothing can fit.

    Django has no text for that one unless it is told to have one.
    """
    sql, values = rows.query.get_compiler(connection.alias, elide_empty=False).as_sql()
    return sql, values


def table_of(model: type[models.Model]) -> str:
    """The name of a model's table."""
    return str(model._meta.db_table)


def columns_of(model: type[models.Model]) -> list[str]:
    """The names of the columns of a model's table."""
    return [f.column for f in model._meta.concrete_fields if f.column]


def next_id_sql(model: type[models.Model]) -> str:
    """The expression that takes the next key of a model whose keys the database counts."""
    return f"nextval('{model._meta.db_table}_id_seq')"


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
    with connection.cursor() as cursor:
        cursor.execute(_reading(model)[0] + where, params)
        return _made(model, cursor.fetchall())


type Wanted = tuple[type[models.Model], str, Sequence[Any]]
"""A model, the SQL from WHERE on, and its parameters."""


def select_together(*wanted: Wanted) -> list[list[Any]]:
    """Rows of several models, each as `select` gives them, asked for as one text and answered at once.

    They cannot see each other's answers: a later one finds its rows by the same facts, in SQL. The
    server keeps the plan of each text for as long as the connection lives, so `where` is a fixed text.
    """
    found: list[list[Any]] = []
    texts = [_reading(model)[0] + where for model, where, _ in wanted]
    with connection.cursor() as cursor:
        cursor.execute(
            ";\n".join(_prepared(text) for text in texts),
            [value for _, _, params in wanted for value in params],
        )
        for model, _where, _params in wanted:
            found.append(_made(model, cursor.fetchall()))
            cursor.nextset()
    return found


_planned: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""Which texts each open connection has a plan for."""


def _prepared(text: str) -> str:
    """The statement that runs a text by the plan that this connection keeps, made here when it is new.

    Planning several short reads costs more than running them. Where a pooler between us and the
    server lends a connection for one transaction only, Django's setting against server-side cursors
    says so, and the text stays as it is.
    """
    if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
        return text
    name, numbered, places = _named(text)
    known = _planned.setdefault(connection.connection, set())
    if name not in known:
        connection.connection.execute(f"PREPARE {name} AS {numbered}")
        known.add(name)
    return f"EXECUTE {name}({places})"


@cache
def _named(text: str) -> tuple[str, str, str]:
    """A name for a text, the text with numbered parameters, and a placeholder for each of them."""
    pieces = text.split("%s")
    numbered = pieces[0] + "".join(f"${i}{piece}" for i, piece in enumerate(pieces[1:], 1))
    name = "kept_" + sha256(text.encode()).hexdigest()[:24]
    return name, numbered, ", ".join(["%s"] * (len(pieces) - 1))


def _made[M: models.Model](model: type[M], rows: Sequence[Sequence[Any]]) -> list[M]:
    _head, names, converters = _reading(model)
    found: list[M] = []
    for row in rows:
        values = list(row)
        for i, convert in converters:
            values[i] = convert(values[i], None, connection)
        found.append(model.from_db(connection.alias, names, values))
    return found
