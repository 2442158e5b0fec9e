"""What narrows, orders and lays out a list: all of it readable in its address."""

import datetime as dt
import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection

from onehall.casework import actions
from onehall.casework.lists import ORDERS, InboxQuery, inbox
from onehall.casework.models import Case
from onehall.console.views.inbox import PAGE
from onehall.kernel.clock import now
from onehall.places.models import City
from tests.console.people import Person, report


def numbers(person: Person, path: str = "", **query: str) -> list[str]:
    answer = person.get(path, **query)
    assert answer.status_code == 200, answer.status_code
    return [r["case"].number for r in answer.context["rows"]]


@pytest.fixture
def cases(city: City, ana: Person) -> dict[str, Case]:
    """A pothole of mine, a noise of nobody, a question without a place."""
    made = {
        "hole": report(city, words="Deep and wide"),
        "noise": report(city, "noise", words="Loud music", at=now() - dt.timedelta(days=2)),
        "question": report(city, "question", words="When?", at=now() - dt.timedelta(days=4)),
    }
    found = {key: Case.objects.get(number=r.number) for key, r in made.items()}
    hole = found["hole"]
    actions.assign(
        city=city, case_id=hole.pk, user_id=ana.user.pk, user_name="Ana", by=ana.actor, now=now()
    )
    Case.objects.filter(pk=found["question"].pk).update(lon=None, lat=None, cell=None)
    Case.objects.filter(pk=found["noise"].pk).update(
        priority=2, unread_reply=True, reopened=1, areas={"district": "D1"}
    )
    return found


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"service": "pothole"}, {"hole"}),
        ({"service": "pothole,noise"}, {"hole", "noise"}),
        ({"queue": "roads"}, {"hole"}),
        ({"who": "me"}, {"hole"}),
        ({"who": "nobody"}, {"noise", "question"}),
        ({"who": "me,nobody"}, {"hole", "noise", "question"}),
        ({"priority": "urgent"}, {"noise"}),
        ({"priority": "urgent,normal", "who": "nobody"}, {"noise", "question"}),
        ({"unread": "yes"}, {"noise"}),
        ({"reopened": "yes"}, {"noise"}),
        ({"place": "no"}, {"question"}),
        ({"place": "yes"}, {"hole", "noise"}),
        ({"channel": "web"}, {"hole", "noise", "question"}),
        ({"channel": "phone"}, set()),
        ({"state": "submitted"}, {"hole", "noise", "question"}),
        ({"state": "working"}, set()),
        ({"paused": "yes"}, set()),
        ({"promise": "late"}, {"question"}),
        ({"text": "deep"}, {"hole"}),
        ({"text": "music"}, {"noise"}),
        ({"text": "main st"}, {"hole", "noise", "question"}),
        ({"text": "pothole", "who": "nobody"}, set()),
    ],
)
def test_each_filter_leaves_what_it_says(
    ana: Person, cases: dict[str, Case], query: dict[str, str], keys: set[str]
) -> None:
    assert set(numbers(ana, **query)) == {cases[k].number for k in keys}


@pytest.mark.parametrize(
    "query",
    [
        {"service": "nothing"}, {"service": "pothole,nothing"}, {"queue": "nowhere"}, {"state": "x"},
        {"who": "99999999"}, {"priority": "x"}, {"channel": "x"}, {"area": "x:y"}, {"opened": "x"},
        {"due": "2026-13-01.."}, {"paused": "x"}, {"group": "x"}, {"department": "x"},
        {"service": ",".join(f"s{n}" for n in range(70))},
    ],
)  # fmt: skip
def test_what_means_nothing_is_not_found(ana: Person, query: dict[str, str]) -> None:
    assert ana.get(**query).status_code == 404


def test_each_value_is_a_chip_that_comes_off_alone(ana: Person, cases: dict[str, Case]) -> None:
    page = ana.get(service="pothole,noise", who="nobody", sort="newest").content.decode()
    part = page.partition('class="narrowed"')[2].partition("</div>")[0]
    off = [html.unescape(a) for a in re.findall(r'class="chip on" href="([^"]+)"', part)]
    assert [parse_qs(urlsplit(a).query) for a in off] == [
        {"sort": ["newest"], "service": ["noise"], "who": ["nobody"]},
        {"sort": ["newest"], "service": ["pothole"], "who": ["nobody"]},
        {"sort": ["newest"], "service": ["pothole,noise"]},
    ]


def test_the_form_leads_to_a_short_address(ana: Person, cases: dict[str, Case]) -> None:
    page = ana.get("/list", service="noise", cols="age,state").content.decode()
    assert re.search(r'name="service" value="noise" checked', page)
    answer = ana.client.get(
        "/desk/list",
        {
            "go": "1", "at": "", "show": "open", "view": "", "text": "", "promise": "", "paused": "",
            "service": ["noise", "pothole"], "opened_from": "2026-01-02", "opened_until": "",
            "sort": "changed", "col": ["state", "", "age", "state"],
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.url).query) == {
        "show": ["open"],
        "sort": ["changed"],
        "cols": ["state,age"],
        "service": ["noise,pothole"],
        "opened": ["2026-01-02.."],
    }
    assert ana.client.get(answer.url).status_code == 200


def test_a_form_with_wrong_days_says_so_and_keeps_the_rest(ana: Person) -> None:
    answer = ana.get("/list", go="1", service="noise", due_from="yesterday")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The days are not right" in page
    assert re.search(r'name="service" value="noise" checked', page)


def test_other_departments_work_stays_hidden_whatever_is_asked(
    carl: Person, cases: dict[str, Case]
) -> None:
    clerk = cases["question"].number
    assert clerk not in numbers(carl)
    for query in ({"show": "all"}, {"who": "nobody"}, {"text": "when"}, {"sort": "changed"}):
        assert clerk not in numbers(carl, **query)
    assert carl.get(queue="questions").status_code == 404


class TestOrders:
    @pytest.mark.parametrize("sort", ["due", "newest", "oldest", "changed", "priority"])
    def test_is_that_of_the_rows_over_the_pages_and_back(
        self, ana: Person, city: City, sort: str
    ) -> None:
        for n in range(PAGE + 7):
            sent = report(city, email="", at=now() - dt.timedelta(minutes=(n * 37) % 101))
            change = dt.timedelta(minutes=(n * 53) % 97)
            Case.objects.filter(pk=sent.case_id).update(priority=n % 3, updated_at=now() - change)
        keys: dict[str, Any] = {
            "due": lambda c: (c.due_order, c.id),
            "newest": lambda c: (-c.opened_at.timestamp(), -c.id),
            "oldest": lambda c: (c.opened_at, c.id),
            "changed": lambda c: (-c.updated_at.timestamp(), -c.id),
            "priority": lambda c: (-c.priority, c.due_order, c.id),
        }
        wanted = [c.number for c in sorted(Case.objects.all(), key=keys[sort])]
        first = ana.get(sort=sort)
        second = ana.client.get(first.context["older"])
        shown = [[r["case"].number for r in page.context["rows"]] for page in (first, second)]
        assert shown[0] + shown[1] == wanted
        back = ana.client.get(second.context["newer"])
        assert [r["case"].number for r in back.context["rows"]] == shown[0]

    def test_of_ended_cases_are_those_with_an_index(self, ana: Person, cases: Any) -> None:
        assert numbers(ana, show="all", sort="priority") == numbers(ana, show="all")
        assert numbers(ana, show="all", sort="oldest") == numbers(ana, show="all")[::-1]

    @pytest.mark.parametrize(
        ("sort", "index"),
        [
            ("due", "case_open_due"),
            ("newest", "case_open_age"),
            ("oldest", "case_open_age"),
            ("changed", "case_open_changed"),
            ("priority", "case_open_priority"),
        ],
    )
    def test_an_index_gives_it_from_any_place(
        self, ana: Person, cases: dict[str, Case], sort: Any, index: str
    ) -> None:
        """The planner walks the index from the keyset on: nothing is sorted, nothing skipped by a filter."""
        many(cases["hole"])
        edge = (now(), 5)
        query = InboxQuery(order=sort, after=(-1, *edge) if sort == "priority" else edge)
        plan = explained(ana, query)
        # What the clock of each row asks beside it is no part of how the page is found.
        plan = plan.partition("SubPlan")[0]
        assert index in plan
        assert "Sort" not in plan
        assert re.search(r"Index Cond: .*ROW\(", plan), plan


def many(case: Case) -> None:
    """A table that is large enough for the planner to tell its indexes apart."""
    new = {
        "id": "nextval('casework_case_id_seq')",
        "number": "'2020-' || n",
        "opened_at": "opened_at - n * interval '1 hour'",
        "updated_at": "updated_at - (n * 7 %% 1009) * interval '1 hour'",
        "due_at": "due_at + (n * 13 %% 997) * interval '1 hour'",
        "priority": "n %% 4",
    }
    named = [f.column for f in Case._meta.concrete_fields]
    values = ", ".join(new.get(name, name) for name in named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO casework_case ({', '.join(named)}) SELECT {values}"
            " FROM casework_case, generate_series(1, 3000) AS n WHERE id = %s",
            [case.pk],
        )
        cursor.execute("ANALYZE casework_case")


def explained(person: Person, query: InboxQuery) -> str:
    """The plan of a page, where the planner sorts nothing."""
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as found:
        inbox(person.actor, query, now=now(), day_end=now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {found.captured_queries[-1]['sql']}")
        return "\n".join(row[0] for row in cursor.fetchall())


class TestColumns:
    def test_are_shown_in_the_chosen_order(self, ana: Person, cases: dict[str, Case]) -> None:
        cols = "last,channel,area,age,queue,number,place,service,priority,with"
        page = ana.get(cols=cols).content.decode()
        heads = re.findall(r'<th scope="col" class="c-(\w+)"', page)
        assert heads == cols.split(",")
        row = page.partition(f'data-number="{cases["noise"].number}"')[2].partition("</tr>")[0]
        for words in ("on the web", "2 days", "Urgent"):
            assert words in row, words

    def test_say_the_last_message(self, ana: Person, cases: dict[str, Case]) -> None:
        ana.act(cases["hole"], "say", words="We are on it", **{"as": "reply"})
        page = ana.get(cols="last").content.decode()
        assert "We are on it" in page
        assert "Staff · " in page

    def test_unknown_ones_are_passed_over(self, ana: Person, cases: dict[str, Case]) -> None:
        page = ana.get(cols="nothing,age").content.decode()
        assert re.findall(r'<th scope="col" class="c-(\w+)"', page) == ["age"]
        usual = ana.get(cols="x").content.decode()
        assert re.findall(r'class="c-(\w+)"', usual) == ["state", "people", "due", "with"]


def test_the_walk_goes_through_a_list_by_priority(ana: Person, cases: dict[str, Case]) -> None:
    from tests.console.test_walk import links, number_of, walk

    shown = links(ana.get(sort="priority"))
    assert number_of(shown[0]) == cases["noise"].number
    assert walk(ana, shown[0], "next") == [number_of(a) for a in shown]


def test_every_order_ends_with_the_key(db: None) -> None:
    assert all(one.columns[-1] == "id" for one in ORDERS.values())
