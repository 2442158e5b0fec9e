"""Every figure is the number of the cases behind its link, and means what the documents say."""

import csv
import datetime as dt
import html
import io
import re
from collections.abc import Iterator

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework.models import Case, CaseTarget, Photo
from onehall.insights import periods, queries
from onehall.insights.rules import Tally, TargetKind
from onehall.kernel.clock import now
from onehall.people.queries import queues
from onehall.places.models import City
from tests.console.made_cases import make_cases
from tests.console.people import Person
from tests.console.test_queries import asked

COUNTED = re.compile(r'<a href="(/desk[^"]*)"><b>([\d,]+)</b>')
CELL = re.compile(r'<a href="(/desk[^"]*)">([\d,]+)<span class="sr">')


def linked(page: str) -> Iterator[tuple[str, int]]:
    """Every figure of a page that leads somewhere: address and number."""
    for pattern in (COUNTED, CELL):
        for address, number in pattern.findall(page):
            yield html.unescape(address), int(number.replace(",", ""))


def rows_of(person: Person, address: str) -> list[list[str]]:
    """The cases of the list at an address, out of its file."""
    path, _mark, query = address.partition("?")
    queue = path.removeprefix("/desk").removeprefix("/queues/")
    answer = person.client.get(f"/desk/cases.csv?{query}&queue={queue}")
    assert answer.status_code == 200, address
    return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))[1:]


def test_every_figure_is_the_number_of_cases_behind_it(ana: Person, city: City) -> None:
    make_cases(city)
    for period in periods.KEYS:
        found = list(linked(ana.get("/figures", period=period).content.decode()))
        assert len(found) > 40
        for address, number in found:
            assert len(rows_of(ana, address)) == number, (period, address)


def test_the_list_says_the_same_number(ana: Person, city: City) -> None:
    make_cases(city)
    for address, number in linked(ana.get("/figures").content.decode()):
        page = ana.client.get(address)
        assert page.status_code == 200, address
        if "=" in address.replace("show=", ""):
            words = "1 case" if number == 1 else f"{number} cases"
            assert f"<b>{words}</b>" in page.content.decode(), address
        assert page.content.decode().count("<tr data-number=") == min(number, 50), address


def test_a_department_counts_its_own_cases_only(carl: Person, ana: Person, city: City) -> None:
    make_cases(city)
    page = carl.get("/figures").content.decode()
    assert "Cases of Public Works." in page
    assert "Neighbors" not in page
    mine = {q.key for q in queues(city) if q.department_key == "works"}
    total = 0
    for address, number in linked(page):
        assert len(rows_of(carl, address)) == number, address
        if address == "/desk":
            total = number
    assert total == Case.objects.filter(is_open=True, queue__key__in=mine).count()
    assert ana.get("/figures").content.decode() != page


class TestMeanings:
    """The figures again, counted one case at a time as docs/offices/figures.md says."""

    @pytest.fixture
    def found(self, ana: Person, city: City) -> queries.Figures:
        make_cases(city)
        period = periods.period("30", now=now(), zone=periods.ZoneInfo(city.time_zone))
        return queries.figures(city, ana.actor, period, now=now())

    @pytest.fixture
    def cases(self, found: queries.Figures) -> list[Case]:
        return list(Case.objects.filter(merged_into=None).order_by("id"))

    def within(self, found: queries.Figures, at: dt.datetime | None) -> bool:
        return at is not None and found.period.start <= at < found.period.end

    def test_of_now(self, found: queries.Figures, cases: list[Case], city: City) -> None:
        still = [c for c in cases if c.is_open]
        running = [c for c in still if c.paused_at is None and c.due_at is not None]
        assert found.total.open == len(still) == sum(found.ages)
        assert found.total.late == sum(c.due_order < now() for c in running) > 0
        assert (
            found.total.risk
            == sum(
                now() <= c.due_order and c.risk_at is not None and c.risk_at <= now()
                for c in running
            )
            > 0
        )
        assert found.total.said_not_fixed == sum(c.reopened > 0 for c in still) > 0
        waiting = [c.category for c in still if c.paused_at is not None]
        assert found.total.waits["on_hold"] == waiting.count("on_hold") > 0
        assert found.total.waits["waiting_applicant"] == waiting.count("waiting_applicant") > 0

    @pytest.mark.parametrize("kind", ["first_response", "on_site"])
    def test_on_time_by_target(
        self, found: queries.Figures, cases: list[Case], kind: TargetKind
    ) -> None:
        rows = {t.case_id: t for t in CaseTarget.objects.filter(kind=kind)}
        due = kept = 0
        for case in cases:
            row = rows.get(case.pk)
            if row is None or not self.within(found, case.closed_at):
                continue
            assert case.closed_at is not None
            ended = row.ended_at or case.closed_at
            due += row.met_at is not None or ended > row.due_at
            kept += row.met_at is not None and row.met_at <= row.due_at
        held = found.total.on_target(kind)
        assert (held.due, held.kept) == (due, kept)
        assert held.missed > 0 < held.kept
        queues = [t.on_target(kind).due for t in found.by_queue.values()]
        areas = [t.on_target(kind).due for t in found.by_area.values()]
        assert sum(queues) == sum(areas) == due

    def test_of_the_period(self, found: queries.Figures, cases: list[Case]) -> None:
        new = [c for c in cases if self.within(found, c.opened_at)]
        closed = [c for c in cases if self.within(found, c.closed_at)]
        promised = [c for c in closed if c.promised_at is not None]
        assert found.total.new == len(new) == sum(found.opened) > 0
        assert found.total.reopened == sum(c.reopened > 0 for c in new) > 0
        assert found.total.closed == len(closed) == sum(found.closed) > 0
        kept = sum(c.closed_at <= c.promised_at for c in promised)  # type: ignore[operator]
        assert (found.total.kept, found.total.promised) == (kept, len(promised))
        shown = set(
            Photo.objects.filter(kind="after", removed_at=None).values_list("case_id", flat=True)
        )
        bare = [
            c
            for c in closed
            if c.service.key == "pothole" and c.outcome == "fixed" and c.pk not in shown
        ]
        assert found.total.bare == len(bare) > 0

    def test_of_the_period_before(self, found: queries.Figures, cases: list[Case]) -> None:
        start, end = found.period.before_start, found.period.start
        closed = [c for c in cases if c.closed_at and start <= c.closed_at < end]
        assert found.total.closed_before == len(closed) > 0
        assert found.total.new_before == sum(start <= c.opened_at < end for c in cases) > 0

    def test_groups_add_up_to_the_whole(self, found: queries.Figures) -> None:
        names = [n for n in Tally.__slots__ if n not in ("waits", "took", "took_before")]
        for groups in (found.by_queue, found.by_service, found.by_area):
            for name in names:
                whole = getattr(found.total, name)
                assert sum(getattr(t, name) for t in groups.values()) == whole, name

    def test_open_cases_of_the_past(self, found: queries.Figures, cases: list[Case]) -> None:
        for n, count in enumerate(found.backlog):
            last = found.period.part(n).last
            assert last is not None
            end = periods.midnight(last + dt.timedelta(days=1), found.period.zone)
            then = [
                c
                for c in cases
                if c.opened_at < end and (c.is_open or (c.closed_at and c.closed_at >= end))
            ]
            assert count == len(then), last


class TestThePage:
    def test_is_found_from_the_rail(self, ana: Person) -> None:
        assert 'href="/desk/figures"' in ana.get().content.decode()

    @pytest.mark.parametrize("period", ["", "7", "90", "year", "nonsense", "1e9"])
    def test_of_an_empty_city_and_any_period(self, ana: Person, period: str) -> None:
        page = ana.get("/figures", period=period)
        assert page.status_code == 200
        assert "Nothing came in and nothing was closed." in page.content.decode()

    def test_compares_only_what_is_known_as_a_whole(self, ana: Person, city: City) -> None:
        make_cases(city, days=90)
        assert "before: " in ana.get("/figures", period="30").content.decode()
        page = ana.get("/figures", period="year").content.decode()
        assert "before: " not in page
        assert "nothing is compared" in page

    def test_lines_have_words_and_a_table(self, ana: Person, city: City) -> None:
        make_cases(city)
        page = ana.get("/figures", period="7").content.decode()
        assert page.count('role="img" aria-labelledby=') == 2
        assert page.count("<title id=") == page.count("<desc id=") == 2
        assert page.count('<table class="numbers">') == 2
        assert "style=" not in page

    def test_speaks_spanish(self, ana: Person, city: City) -> None:
        make_cases(city)
        page = ana.get("/figures", lang="es").content.decode()
        assert "Cifras" in page
        for word in ("Right now", "At risk", "In time", "came in", "Counted"):
            assert word not in page

    @pytest.mark.parametrize("rows", [40, 400])
    def test_asks_as_much_whatever_the_number_of_cases(
        self, ana: Person, city: City, rows: int
    ) -> None:
        make_cases(city, rows)
        found = asked(lambda: ana.get("/figures", period="year"))
        assert len(found) <= 12, found

    def test_counts_at_most_every_half_minute(self, ana: Person, city: City) -> None:
        make_cases(city, 40)
        ana.get("/figures")
        with CaptureQueriesContext(connection) as found:
            ana.get("/figures")
        assert not [q for q in found.captured_queries if "GROUPING" in q["sql"]]
        caches["local"].clear()


class TestFilters:
    def test_each_can_be_taken_off(self, ana: Person, city: City) -> None:
        make_cases(city, 40)
        page = ana.get("", show="all", service="pothole", reopened="yes").content.decode()
        assert 'href="/desk?show=all&amp;reopened=yes"' in page
        assert 'href="/desk?show=all&amp;service=pothole"' in page
        assert "Take all off" in page

    def test_stay_on_over_pages_and_chips(self, ana: Person, city: City) -> None:
        make_cases(city, 400)
        page = ana.get("", show="all", service="pothole").content.decode()
        assert 'href="/desk?show=late&amp;service=pothole"' in page
        seen: list[str] = re.findall(r'data-number="([^"]+)"', page)
        while older := re.search(r'href="([^"]*after=[^"]*)"', page):
            page = ana.client.get(html.unescape(older[1])).content.decode()
            seen += re.findall(r'data-number="([^"]+)"', page)
        wanted = Case.objects.filter(service__key="pothole", merged_into=None)
        assert len(seen) == len(set(seen)) == wanted.count()

    @pytest.mark.parametrize(
        "query",
        [
            "service=nothing", "area=moon:1", "area=north", "opened=yesterday", "opened=..",
            "closed=2026-13-01..", "closed=..9999-12-31", "promise=broken", "waits=me",
            "reopened=no", "photo=any", "opened=0001-01-01", "area=city_limit:x",
        ],
    )  # fmt: skip
    def test_that_mean_nothing_are_not_found(self, ana: Person, query: str) -> None:
        assert ana.client.get(f"/desk?{query}").status_code == 404
        assert ana.client.get(f"/desk/cases.csv?{query}").status_code == 404

    def test_cost_one_question_more(self, ana: Person, city: City) -> None:
        make_cases(city, 60)
        query = "show=all&closed=2026-01-01..&photo=missing&area=district:north&service=pothole"
        found = asked(lambda: ana.client.get(f"/desk?{query}"))
        assert len(found) <= 9, found


class TestTargets:
    def test_stand_side_by_side_and_lead_to_the_cases_that_were_late(
        self, ana: Person, city: City
    ) -> None:
        make_cases(city)
        page = ana.get("/figures", period="90").content.decode()
        assert "On time, by target" in page
        for kind in ("response", "onsite"):
            address = next(
                html.unescape(a)
                for a in re.findall(r'href="([^"]+)"', page)
                if f"{kind}=missed" in a
            )
            shown = ana.client.get(address).content.decode()
            assert ("First response late" if kind == "response" else "On site late") in shown

    def test_are_columns_of_the_file(self, ana: Person, city: City) -> None:
        make_cases(city)
        answer = ana.get("/figures.csv", period="90", by="queue")
        head, *rows = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
        place = head.index("First response: with a time")
        assert head[place : place + 4] == [
            "First response: with a time", "First response: in time",
            "First response: in time, percent", "First response: in time before, percent",
        ]  # fmt: skip
        assert head[-4].startswith("Resolved")
        assert sum(int(row[place]) for row in rows) > sum(int(row[place + 1]) for row in rows) > 0

    def test_a_city_with_the_promise_alone_sees_what_it_saw(self, ana: Person, city: City) -> None:
        make_cases(city)
        CaseTarget.objects.all().delete()
        page = ana.get("/figures").content.decode()
        assert "On time, by target" not in page
        assert "First response" not in page
        answer = ana.get("/figures.csv", by="queue")
        head = next(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert head[-2:] == ["In time, %", "In time before, %"]

    def test_the_filter_knows_open_cases_too(self, ana: Person, city: City) -> None:
        case = make_cases(city, 30)[0]
        open_case = Case.objects.filter(is_open=True, paused_at=None).order_by("id")[0]
        CaseTarget.objects.filter(case=open_case).delete()
        CaseTarget.objects.create(
            city=city,
            case=open_case,
            kind="first_response",
            due_at=now() - dt.timedelta(hours=1),
            risk_at=now() - dt.timedelta(hours=2),
        )
        assert case.city_id == city.pk
        numbers = [r[0] for r in rows_of(ana, "/desk?response=missed")]
        assert numbers == [open_case.number]
        assert ana.get("", response="early").status_code == 404
