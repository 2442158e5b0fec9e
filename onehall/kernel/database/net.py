"""Row-level security: the second net under the queries, which are filtered by city themselves.

The pages connect as the owner of the tables and step down to a role that owns nothing. Under it a
policy on every table with a `city_id` shows and takes only rows of the city that was asked for; with
no city said, none at all. Commands and the worker act for all cities and stay the owner.
"""

import logging
from typing import Any, Final, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from psycopg import errors, sql

from onehall.kernel.database.base import DatabaseWrapper

log = logging.getLogger("onehall.database")

ROLE: Final = "onehall_pages"
CITY: Final = "onehall.city"
POLICY: Final = "rows_of_the_city"
RIGHT: Final = sql.SQL("city_id = nullif(current_setting({}, true), '')::bigint").format(
    sql.Literal(CITY)
)

TABLES: Final = """
SELECT c.relname FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
  AND EXISTS (SELECT FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attname = 'city_id' AND NOT a.attisdropped)
ORDER BY c.relname
"""


def city_tables() -> list[str]:
    """Every table whose rows belong to a city."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [row[0] for row in cursor.fetchall()]


LACKING: Final = """
SELECT c.relname, c.relkind = 'S' FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND CASE
  WHEN c.relkind IN ('r', 'p') THEN NOT (
    has_table_privilege(%(role)s, c.oid, 'SELECT') AND has_table_privilege(%(role)s, c.oid, 'INSERT')
    AND has_table_privilege(%(role)s, c.oid, 'UPDATE') AND has_table_privilege(%(role)s, c.oid, 'DELETE'))
  WHEN c.relkind = 'S' THEN NOT (
    has_sequence_privilege(%(role)s, c.oid, 'USAGE') AND has_sequence_privilege(%(role)s, c.oid, 'SELECT'))
  ELSE false END
ORDER BY c.relname
"""


def stretch() -> bool:
    """Make the role, its rights and the policies where they are missing; after every change of the tables.

    False where the database lets us make no role: then the operator makes it once, or does without.
    """
    with connection.cursor() as cursor:
        if not _has_role(cursor):
            return False
    with transaction.atomic(), connection.cursor() as cursor:
        role = sql.Identifier(ROLE)
        bare = [sql.Identifier(name) for name in sorted(set(city_tables()) - _covered())]
        tables, sequences = _lacking(cursor)
        if fresh := [*bare, *(t for t in tables if t not in bare)]:
            # First of all: a vacuum that holds one of them and waits for a right we just gave would never end.
            _run(cursor, "LOCK TABLE {tables}", tables=sql.SQL(", ").join(fresh))
        _run(cursor, "GRANT USAGE ON SCHEMA {schema} TO {role}", role=role, schema=_schema(cursor))
        # Only what is lacking: a right that is given again is written again, and a vacuum may wait for that too.
        for table in tables:
            text = "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}"
            _run(cursor, text, role=role, table=table)
        for sequence in sequences:
            text = "GRANT USAGE, SELECT ON SEQUENCE {sequence} TO {role}"
            _run(cursor, text, role=role, sequence=sequence)
        for table in bare:
            _run(cursor, "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY", table=table)
            _run(
                cursor,
                # For everybody but the owner, so that a backup names no role that is not there yet.
                "CREATE POLICY {policy} ON {table} USING ({right}) WITH CHECK ({right})",
                table=table,
                policy=sql.Identifier(POLICY),
                right=RIGHT,
            )
    return True


def _lacking(cursor: Any) -> tuple[list[sql.Identifier], list[sql.Identifier]]:
    """Tables and sequences that the role may not use yet."""
    cursor.execute(LACKING, {"role": ROLE})
    found = cursor.fetchall()
    return (
        [sql.Identifier(name) for name, is_sequence in found if not is_sequence],
        [sql.Identifier(name) for name, is_sequence in found if is_sequence],
    )


def _covered() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.tablename FROM pg_policies p JOIN pg_class c"
            " ON c.relname = p.tablename AND c.relnamespace = p.schemaname::regnamespace"
            " WHERE p.policyname = %s AND p.schemaname = current_schema() AND c.relrowsecurity",
            [POLICY],
        )
        return {row[0] for row in cursor.fetchall()}


def is_stretched() -> bool:
    """Whether the role is there, is ours to take, and no city table is without its policy."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s",
            [ROLE],
        )
        ours = cursor.fetchone()
    return bool(ours and ours[0]) and _covered() >= set(city_tables())


def step_down() -> None:
    """From now on every connection of this process is the role that owns nothing, where it can be."""
    DatabaseWrapper.role = ROLE


def see_city(city_id: int) -> None:
    """Whose rows this thread's connection sees until another city is named. Costs nothing when it is the same."""
    if DatabaseWrapper.role:
        cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS]).see_city(city_id)


def _has_role(cursor: Any) -> bool:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
    try:
        if cursor.fetchone() is None:
            _run(
                cursor,
                "CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS",
                role=sql.Identifier(ROLE),
            )
        cursor.execute(
            "SELECT rolsuper OR pg_has_role(current_user, %s, 'MEMBER')"
            " FROM pg_roles WHERE rolname = current_user",
            [ROLE],
        )
        if not cursor.fetchone()[0]:
            _run(cursor, "GRANT {role} TO CURRENT_USER", role=sql.Identifier(ROLE))
    except Exception as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            log.warning("The role %s can not be made here: row-level security stays off.", ROLE)
            return False
        raise
    return True


def _schema(cursor: Any) -> sql.Identifier:
    cursor.execute("SELECT current_schema()")
    return sql.Identifier(cursor.fetchone()[0])


def _run(cursor: Any, text: str, **names: sql.Composable) -> None:
    cursor.execute(sql.SQL(text).format(**names))  # our own text
