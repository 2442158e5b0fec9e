"""The second net: a page whose query forgot its city still sees and writes no other city's rows.

Every test of the address list runs once more with the pages' own role during each request.
"""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, cast

import pytest
from django.db import DEFAULT_DB_ALIAS, ProgrammingError, connection, connections, transaction
from django.test import Client

from onehall.billing.models import Account, Invoice
from onehall.casework import mapping, squares
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.public import PublicQuery
from onehall.catalog.queries import catalogue
from onehall.kernel.database import net
from onehall.kernel.database.base import DatabaseWrapper
from onehall.messaging.models import Message
from onehall.people.models import Membership, Person
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.access import test_urls
from tests.access.test_urls import World, world  # noqa: F401  # a fixture
from tests.cast import START, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("row security")]


@pytest.fixture(scope="module", autouse=True)
def _stretched(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        assert net.stretch()
    yield
    # Other tests of this database bring policies of their own.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for name in net.city_tables():
            cursor.execute(f"DROP POLICY IF EXISTS {net.POLICY} ON {name}")
            cursor.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY")


@contextmanager
def as_pages() -> Iterator[None]:
    """The role that the pages step down to, with no city said yet."""
    wrapper = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {net.ROLE}")
        cursor.execute("SELECT set_config(%s, '', false)", [net.CITY])
        DatabaseWrapper.role, wrapper._city = net.ROLE, 0
        try:
            yield
        finally:
            DatabaseWrapper.role = ""
            if not wrapper.needs_rollback:
                cursor.execute("RESET ROLE")


@pytest.fixture
def under_the_net(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Client.request

    def request(self: Client, **environ: Any) -> Any:
        with as_pages():
            return plain(self, **environ)

    monkeypatch.setattr(Client, "request", request)


@pytest.mark.usefixtures("under_the_net")
class TestStrangers(test_urls.TestStrangers):
    """As the address list has it."""


@pytest.mark.usefixtures("under_the_net")
class TestTheDesk(test_urls.TestTheDesk):
    """As the address list has it."""


@pytest.mark.usefixtures("under_the_net")
class TestOtherCities(test_urls.TestOtherCities):
    """As the address list has it."""


def test_a_report_is_taken_and_worked_on_under_the_net(cast: Cast) -> None:
    """The first number of a year too, whose sequence the role may not make by itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SEQUENCE IF EXISTS onehall_number_{cast.city.pk}_{START.year}")
    with as_pages():
        net.see_city(cast.city.pk)
        sent = cast.report()
        cast.follow(sent.case, words="Me too.")
        cast.move(sent.case, "check")
    assert sent.number.endswith("-00001")
    assert Case.objects.get(pk=sent.case_id).lock == 4


@pytest.mark.django_db(transaction=True)
def test_the_net_is_stretched_while_a_table_is_being_vacuumed() -> None:
    """A vacuum holds its table and, at the end, waits for everybody who changed the table's rights."""
    table = net.city_tables()[-1]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP POLICY {net.POLICY} ON {table}")
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()[0]
    held = threading.Event()
    waits = (
        "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND cardinality(pg_blocking_pids(pid)) > 0"
    )

    def vacuum() -> None:
        other = connections[DEFAULT_DB_ALIAS].copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
                held.set()
                for _ in range(200):
                    cursor.execute(waits, [ours])
                    if cursor.fetchone():
                        break
                    time.sleep(0.02)
                cursor.execute(f"GRANT SELECT ON {table} TO {net.ROLE}")
                cursor.execute("COMMIT")
        finally:
            held.set()
            other.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(vacuum)
        assert held.wait(10)
        assert net.stretch()
        done.result()
    assert net.is_stretched()


class TestTheNet:
    def test_covers_every_table_with_rows_of_a_city(self) -> None:
        assert set(net.city_tables()) >= {
            m._meta.db_table
            for m in (Case, TimelineEntry, ServiceRequest, Person, Message, Membership)
        }
        assert net.is_stretched()

    def test_has_no_model_of_a_city_without_the_column_it_needs(self) -> None:
        """A model whose rows belong to a city says so itself, not through another model.

        A flow's version is a definition that is found through its flow; it holds nothing of anybody.
        """
        from django.apps import apps

        without = {
            f"{m._meta.label}"
            for m in apps.get_models()
            if m.__module__.startswith("onehall.") and m._meta.db_table not in net.city_tables()
        }
        assert without <= {"places.City", "people.User", "messaging.Tick", "catalog.FlowVersion"}

    def test_shows_nothing_while_no_city_is_said(self, world: World) -> None:  # noqa: F811
        with as_pages():
            assert not Case.objects.exists()
            assert not Person.objects.exists()

    def test_shows_one_citys_rows_in_every_table(self, world: World) -> None:  # noqa: F811
        def other(name: str) -> int:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT count(*) FROM {name} WHERE city_id <> %s", [world.cast.city.pk]
                )
                return int(cursor.fetchone()[0])

        tables = net.city_tables()
        there = {name for name in tables if other(name)}
        assert {"casework_case", "service_requests_servicerequest", "people_person"} <= there
        with as_pages():
            net.see_city(world.cast.city.pk)
            assert [name for name in tables if other(name)] == []
            assert Case.objects.count() == 1

    def test_counts_no_case_of_another_city_on_the_map(self, world: World) -> None:  # noqa: F811
        """From the sums and from changes that are not in them yet, also where the question names its services."""
        ids = tuple(s.id for s in catalogue(world.elsewhere).every)
        query = PublicQuery(service_ids=ids, exact_ids=ids, state="all")

        def there() -> int:
            return squares.how_many(world.elsewhere, query, now=START, at_most=99)

        seen = Case.objects.filter(city_id=world.elsewhere.pk, is_public=True, merged_into=None)
        right = seen.filter(parent=None).count()
        assert right > 0
        for keep in (lambda: None, lambda: mapping.fold(now=START)):
            keep()
            with as_pages():
                net.see_city(world.elsewhere.pk)
                assert there() == right
                net.see_city(world.cast.city.pk)
                assert there() == 0

    def test_takes_no_row_for_another_city(self, world: World) -> None:  # noqa: F811
        with as_pages():
            net.see_city(world.cast.city.pk)
            with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
                Person.objects.create(
                    city_id=world.elsewhere.pk, name="X", created_at=world.request.created_at
                )
            mine = Case.objects.filter(pk=world.foreign.case_id)
            assert mine.update(place_words="x") == 0

    def test_follows_the_city_that_is_asked_for(self, world: World) -> None:  # noqa: F811
        with as_pages():
            net.see_city(world.cast.city.pk)
            first = set(Case.objects.values_list("pk", flat=True))
            net.see_city(world.elsewhere.pk)
            second = set(Case.objects.values_list("pk", flat=True))
            net.see_city(world.cast.city.pk)
            assert set(Case.objects.values_list("pk", flat=True)) == first
        assert world.case.pk in first
        assert first.isdisjoint(second)
        assert world.foreign.case_id in second


def _many_bills(city: City) -> None:
    """Tables that are large enough for the planner to tell their indexes apart."""
    names = [f"Payer {n}" for n in range(3_000)]
    Account.objects.bulk_create(
        Account(city=city, kind="utility", number=f"10-{n}", name=name)
        for n, name in enumerate(names)
    )
    day = dt.date(2026, 3, 4)
    Invoice.objects.bulk_create(
        Invoice(
            city=city, kind="utility", number=f"UB-{n}", token=f"token-{n}", access_code="ABCD2345",
            source="own", name=name, issued_on=day, due_on=day, currency="USD", created_at=START,
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_account")
        cursor.execute("ANALYZE billing_invoice")


@pytest.mark.parametrize(
    ("model", "facts"),
    [
        (Invoice, {"plain": "UB2026000001"}),
        (Account, {"kind": "utility", "plain": "004410"}),
        (Invoice, {"sought__gte": "ROSA D", "sought__lt": "ROSA E"}),
        (Account, {"sought__gte": "ROSA D", "sought__lt": "ROSA E"}),
    ],
)
def test_bills_are_looked_up_by_an_index_under_the_net(
    cast: Cast, model: Any, facts: dict[str, str]
) -> None:
    # Under a policy an index is no way to rows where a function of theirs is compared: it might tell of others'.
    _many_bills(cast.city)
    with as_pages():
        net.see_city(cast.city.pk)
        rows = model.objects.filter(city=cast.city, **facts)
        plan = rows.order_by().explain()
    asked = list(facts)[-1].partition("__")[0]
    assert any("Index Cond" in line and asked in line for line in plan.splitlines()), plan
