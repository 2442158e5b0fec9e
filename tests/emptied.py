"""The database after a test that committed: emptied by what is in it, not by what could be.

Django truncates every table and then makes all content types and permissions anew, which takes longer than many
a test. Deleting the few rows that are there leaves the same behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

MADE_BY_DJANGO: Final = ("django_content_type", "auth_permission")
"""Tables that Django fills after it emptied them. Their rows stay, as long as they are the rows it made."""
TRIES: Final = 5

_made: dict[str, str] = {}
"""By the name of a database: what Django's rows were when Django had just made them."""


@contextmanager
def quickly() -> Iterator[None]:
    """Tests that commit have their rows deleted when they end."""
    flush = TransactionTestCase._fixture_teardown

    def empty(case: TransactionTestCase) -> None:
        # Django does it the first time, wherever a test touched its own rows, and where we may not pass over triggers.
        if not _only_default(case) or not _superuser() or _made.get(_name()) != _made_rows():
            flush(case)
            _made[_name()] = _made_rows()
        else:
            _delete_rows()

    def patiently(case: TransactionTestCase) -> None:
        # A page that is closed still says good-bye while the tables are emptied: then they are emptied once more.
        for left in range(TRIES - 1, -1, -1):
            try:
                empty(case)
            except (CommandError, OperationalError) as no:
                if not left or "deadlock" not in f"{no} {no.__cause__}":
                    raise
                time.sleep(0.2)
            else:
                return

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", patiently)
        yield


def _only_default(case: TransactionTestCase) -> bool:
    return (
        set(case._databases_names(include_mirrors=False)) == {"default"}
        and case.available_apps is None
        and not case.serialized_rollback
    )


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def _made_rows() -> str:
    """A sum over Django's own rows, all columns of them."""
    asked = sql.SQL(", ").join(
        sql.SQL("(SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM {} t)").format(
            sql.Identifier(table)
        )
        for table in MADE_BY_DJANGO
    )
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT ") + asked)
        return repr(cursor.fetchone())


def _delete_rows() -> None:
    """Delete every row but Django's own, past triggers and references, as TRUNCATE does."""
    with transaction.atomic(), connection.cursor() as cursor:
        named = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [sql.Identifier(t) for t in sorted(set(named) - set(MADE_BY_DJANGO))]
        # Whoever is still writing is waited for, as TRUNCATE would: no row of this test comes after its end.
        cursor.execute(
            sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(tables))
        )
        cursor.execute("SET LOCAL session_replication_role = replica")
        held = sql.SQL(", ").join(
            sql.SQL("EXISTS (SELECT FROM {})").format(table) for table in tables
        )
        cursor.execute(sql.SQL("SELECT ") + held)
        for table, is_held in zip(tables, cursor.fetchone(), strict=True):
            if is_held:
                cursor.execute(sql.SQL("DELETE FROM {}").format(table))
