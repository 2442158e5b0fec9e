"""Rows written and read past the ORM's SQL builder, several statements at once."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from onehall.kernel.rows import Together, insert, next_id_sql, select, select_together
from onehall.people.models import Department, Queue
from tests.cast import Cast


def department(cast: Cast, key: str, *, pk: int | None = None) -> Department:
    return Department(id=pk, city_id=cast.city.id, key=key, name={"en": "50 % off; %s"})


def next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {next_id_sql(Department)}")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
class TestTogether:
    def test_writes_nothing_before_it_is_sent_and_all_of_it_then(self, cast: Cast) -> None:
        key = next_id()
        made = department(cast, "one", pk=key)
        together = Together()
        together.insert([made], with_pk=True)
        together.insert([Queue(city_id=cast.city.id, department_id=key, key="q", name={})])
        assert not Department.objects.filter(key="one").exists()
        assert made._state.adding
        with CaptureQueriesContext(connection) as found:
            together.send()
        assert len(found.captured_queries) == 1
        assert not made._state.adding
        stored = Department.objects.get(key="one")
        assert (stored.pk, stored.name) == (key, {"en": "50 % off; %s"})
        assert Queue.objects.get(key="q", city_id=cast.city.id).department_id == key

    def test_is_empty_after_it_was_sent(self, cast: Cast) -> None:
        together = Together()
        together.insert([department(cast, "one")])
        together.send()
        with CaptureQueriesContext(connection) as found:
            together.send()
        assert not found.captured_queries

    def test_writes_nothing_at_all_when_one_statement_is_refused(self, cast: Cast) -> None:
        together = Together()
        together.insert([department(cast, "one")])
        together.insert([department(cast, "one")])
        with pytest.raises(IntegrityError), transaction.atomic():
            together.send()
        assert not Department.objects.filter(key="one").exists()


@pytest.mark.django_db
class TestSelectTogether:
    def test_gives_what_each_question_alone_gives(self, cast: Cast) -> None:
        insert([department(cast, "one"), department(cast, "two")])
        where, params = "WHERE city_id = %s ORDER BY id", [cast.city.id]
        with CaptureQueriesContext(connection) as found:
            departments, queues, none = select_together(
                (Department, where, params),
                (Queue, where, params),
                (Department, "WHERE key = %s", [f"100 % {uuid.uuid4()}"]),
            )
        assert len(found.captured_queries) == 1
        assert departments == select(Department, where, params)
        assert queues == select(Queue, where, params)
        assert len(departments) > 1
        assert none == []
        assert departments[-1].name == {"en": "50 % off; %s"}
