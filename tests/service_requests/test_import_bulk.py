"""Rows written by COPY are the rows that the actions would have written."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from onehall.casework import bulk, timeline
from onehall.casework.bulk import CaseRow, EntryRow
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.numbers import next_numbers
from onehall.catalog.models import FlowVersion, Service
from onehall.kernel.cells import cell_of
from onehall.kernel.chain import Link, verify
from onehall.people.models import Queue
from onehall.places.models import City
from onehall.service_requests.importing.rows import RequestRow, copy_requests
from onehall.service_requests.models import ServiceRequest
from tests.service_requests.import_city import build_city

pytestmark = pytest.mark.django_db
AT = datetime(2024, 7, 1, 17, 0, 0, 250, tzinfo=UTC)
ODD: dict[str, Any] = {
    "words": 'Tab\t, "quote", back\\slash, line\nbreak, ñ, \\N, emoji 🌳',
    "numbers": [1, 1.0, 2.5, 1e20, -0.0, 10**15],
    "deep": {"b": [], "a": {}, "é": None, "yes": True},
    "text like a number": "3.5e7",
}


@pytest.fixture
def city(now: datetime) -> City:
    return build_city(now)


def case_row(city: City, **values: Any) -> CaseRow:
    whole: dict[str, Any] = {
        "city_id": city.pk,
        "service_id": Service.objects.get(city=city, key="pothole").pk,
        "flow_version_id": FlowVersion.objects.get(flow__city=city).pk,
        "queue_id": Queue.objects.get(city=city, key="roads").pk,
        "number": "2024-00001",
        "state": "received",
        "category": "submitted",
        "opened_at": AT,
        "updated_at": AT,
        "timeline": [EntryRow(at=AT, kind="received", data={"channel": "web"})],
    }
    return CaseRow(**whole | values)


def copy(*rows: CaseRow) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        return bulk.copy_cases(cursor, rows)


def test_the_chain_holds_by_the_chains_own_rules(city: City) -> None:
    entries = [
        EntryRow(at=AT, kind="received", data={"channel": "web"}),
        EntryRow(
            at=AT, kind="noted", data=ODD, actor_kind="staff", actor_id=7, actor_name="Zoë “Z”"
        ),
        EntryRow(at=AT.replace(microsecond=0), kind="imported", data={}),
        EntryRow(at=AT, kind="replied", data={"words": ""}, public=False),
    ]
    [key] = copy(case_row(city, timeline=entries))
    stored = list(TimelineEntry.objects.filter(case_id=key).order_by("seq"))
    links = [Link(str(e), timeline.facts_for_hash(e), bytes(e.hash)) for e in stored]
    case = Case.objects.get(pk=key)
    assert verify(links, head=bytes(case.head or b"")) == []
    assert [e.public for e in stored] == [True, False, False, False]
    assert stored[1].data == ODD
    assert case.lock == 4


def test_what_follows_from_a_row_is_filled_in(city: City) -> None:
    due = datetime(2024, 7, 3, tzinfo=UTC)
    ids = copy(
        case_row(city, lon=2.5, lat=3.5, due_at=due, areas={"district": "west"}),
        case_row(city, number="2024-00002", category="closed", closed_at=AT, assignee_id=None),
    )
    assert ids == sorted(ids)
    first, second = Case.objects.order_by("id")
    assert (first.cell, first.due_order, first.is_open) == (cell_of(2.5, 3.5), due, True)
    assert (first.areas, first.route_reason) == ({"district": "west"}, None)
    assert (second.cell, second.due_order.year, second.is_open) == (None, 9999, False)


def test_numbers_go_on_where_single_ones_left_off(city: City) -> None:
    assert next_numbers(city, 2024, 1) == ["2024-00001"]
    assert bulk.allocate_numbers(city, 2024, 3) == ["2024-00002", "2024-00003", "2024-00004"]
    assert next_numbers(city, 2024, 1) == ["2024-00005"]
    assert bulk.allocate_numbers(city, 2023, 0) == []


def test_the_city_says_how_many_digits_a_number_has(city: City) -> None:
    city.numbering = {"width": 7}
    assert next_numbers(city, 2024, 1) == ["2024-0000001"]
    assert bulk.allocate_numbers(city, 2024, 2) == ["2024-0000002", "2024-0000003"]
    city.numbering = {}
    assert next_numbers(city, 2024, 1) == ["2024-00004"]


def test_numbers_grow_past_their_width(city: City) -> None:
    bulk.allocate_numbers(city, 2024, 1)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT setval('onehall_number_{city.pk}_2024', 99998)")
    assert bulk.allocate_numbers(city, 2024, 3) == ["2024-99999", "2024-100000", "2024-100001"]


def test_mistakes_are_refused(city: City) -> None:
    with pytest.raises(ValueError, match="no timeline"):
        copy(case_row(city, timeline=[]))
    with pytest.raises(ValueError, match="Unknown kind"):
        copy(case_row(city, timeline=[EntryRow(at=AT, kind="dreamed")]))


def test_row_level_security_still_judges_every_row(city: City) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE import_guest")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO import_guest")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO import_guest")
        cursor.execute("ALTER TABLE casework_case ENABLE ROW LEVEL SECURITY")
        cursor.execute(f"CREATE POLICY own ON casework_case USING (city_id = {city.pk})")
        # The policies of the pages may be there too.
        cursor.execute("SELECT set_config('onehall.city', %s, true)", [str(city.pk)])
        cursor.execute("SET LOCAL ROLE import_guest")
        [key] = bulk.copy_cases(cursor, [case_row(city)])
        assert Case.objects.filter(pk=key).exists()
        cursor.execute("RESET ROLE")
        transaction.set_rollback(True)


def test_reports_are_written_with_their_case(city: City) -> None:
    [key] = copy(case_row(city))
    row = RequestRow(
        city_id=city.pk,
        case_id=key,
        number="2024-00001",
        created_at=AT,
        channel="phone",
        words="A\ttab and \\ more",
        answers={"kind": "out"},
        rating=4,
        source="s",
        source_id="9",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        [report] = copy_requests(cursor, [row])
    found = ServiceRequest.objects.get(pk=report)
    assert (found.words, found.answers, found.rating) == (row.words, row.answers, 4)
    assert (found.home_case_id, found.person_id, found.accepted) == (None, None, None)
