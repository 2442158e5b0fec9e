"""The parts of the city for everybody: counted right, beside the whole city, and nothing that is hidden."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import translation

from onehall.casework import mapping
from onehall.casework.models import Case
from onehall.insights import areas as figures
from onehall.insights.models import AreaFigure
from onehall.kernel.clock import now
from onehall.look import maps
from onehall.places import areas
from onehall.places.models import City
from onehall.portal.views.areas import took
from onehall.service_requests.models import ServiceRequest
from tests.cast import elsewhere
from tests.portal.test_city import html_of, service_id, twin

DAY = timedelta(days=1)


@pytest.fixture
def south(report: ServiceRequest) -> Case:
    """An open case in the south."""
    assert report.case.areas["district"] == "south"
    return report.case


def done(case: Case, *, took: timedelta, ago: timedelta = DAY, **more: Any) -> Case:
    """A case like another that was closed some time ago and took so long."""
    end = now() - ago
    facts = {"is_open": False, "category": "closed", "closed_at": end, "opened_at": end - took}
    return twin(case, **facts | more)


def plain(html: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


class TestCounting:
    def test_counts_each_area_beside_the_whole_city(self, city: City, south: Case) -> None:
        for days in (1, 2, 3, 8, 9):
            done(south, took=days * DAY, promised_at=now() - DAY + timedelta(hours=days - 3))
        for _ in range(6):
            done(south, took=20 * DAY, ago=80 * DAY, areas={"district": "north"})
        assert figures.count(city, now=now())
        found = figures.figures(city, "district", "south")
        here, whole = found.here[90], found.city[90]
        # Two of the five were closed an hour or two after what was promised.
        assert (here.reported, here.closed, here.promised, here.kept) == (6, 5, 5, 3)
        assert (here.half, here.most) == (3 * DAY, 9 * DAY)
        assert here.kept_share == 60
        assert (whole.closed, whole.half, whole.most) == (11, 20 * DAY, 20 * DAY)
        assert found.here[30].closed == 5
        assert found.city[30].closed == 5
        assert found.services_here[south.service_id].closed == 5
        assert found.services_city[south.service_id].closed == 11
        assert found.counted_at == now()

    def test_leaves_out_what_the_public_list_leaves_out(self, city: City, south: Case) -> None:
        done(south, took=DAY, service_id=service_id(city, "noise"), is_public=False)
        done(south, took=DAY, service_id=service_id(city, "question"))
        done(south, took=DAY, merged_into=south)
        done(south, took=DAY, parent=south)
        figures.count(city, now=now())
        assert figures.figures(city, "district", "south").city[365].closed == 0
        assert set(AreaFigure.objects.values_list("service_id", flat=True)) == {
            None,
            south.service_id,
        }

    def test_an_end_before_its_beginning_is_none(self, city: City, south: Case) -> None:
        done(south, took=-DAY)
        figures.count(city, now=now())
        assert figures.figures(city, "district", "south").here[30].closed == 0

    def test_few_say_nothing_about_time(self, city: City, south: Case) -> None:
        for _ in range(figures.LEAST - 1):
            done(south, took=DAY, promised_at=now())
        figures.count(city, now=now())
        here = figures.figures(city, "district", "south").here[30]
        assert (here.closed, here.half, here.most, here.kept_share) == (4, None, None, None)

    def test_counts_anew_in_the_place_of_the_old(self, city: City, south: Case) -> None:
        figures.count(city, now=now())
        first = AreaFigure.objects.count()
        figures.count(city, now=now() + DAY)
        assert AreaFigure.objects.count() == first > 0
        assert figures.figures(city, "district", "south").counted_at == now() + DAY

    def test_each_city_counts_its_own(self, city: City, south: Case, tmp_path: Any) -> None:
        other, _ida = elsewhere(tmp_path)
        figures.keep_current(now=now())
        assert figures.figures(other, "district", "south").city == {}
        assert figures.figures(city, "district", "south").city[30].reported == 1

    def test_is_counted_four_times_a_day_and_after_the_set_up_changed(
        self, city: City, south: Case
    ) -> None:
        def counted(moment: datetime) -> datetime | None:
            figures.keep_current(now=moment)
            return figures.figures(city, "district", "south").counted_at

        first = now()
        assert counted(first) == first
        assert counted(first + timedelta(hours=5)) == first
        City.objects.update(changed_at=first + timedelta(hours=5, minutes=1))
        changed = first + timedelta(hours=5, minutes=2)
        assert counted(changed) == changed
        assert counted(changed + timedelta(minutes=1)) == changed
        later = changed + figures.EVERY
        assert counted(later) == later

    def test_the_worker_counts_by_itself(self) -> None:
        from onehall.messaging import handlers

        assert handlers.recurring["insights.areas"].run is figures.keep_current


class TestWhatIsOpen:
    @pytest.fixture(autouse=True)
    def _forgotten(self) -> Iterator[None]:
        for name in ("default", "local"):
            caches[name].clear()
        yield
        caches["default"].clear()

    def test_is_counted_when_it_is_asked_for(self, city: City, south: Case) -> None:
        mapping.fold(now=now())
        assert figures.open_counts(city, now=now()) == {("district", "south"): 1}
        other = twin(south)
        assert figures.open_counts(city, now=now()) == {("district", "south"): 2}
        Case.objects.filter(pk=other.pk).update(is_public=False)
        mapping.fold(now=now())
        assert figures.open_counts(city, now=now()) == {("district", "south"): 1}

    def test_is_told(self, phone: Client, south: Case) -> None:
        assert "1 open" in plain(html_of(phone, "/city/areas"))

    def test_without_a_place_too(self, city: City, south: Case) -> None:
        place = {"lon": None, "lat": None, "cell": None}
        Case.objects.filter(pk=south.pk).update(**place)
        mapping.fold(now=now())
        assert figures.open_counts(city, now=now()) == {("district", "south"): 1}

    def test_no_city_reads_another_s(self, south: Case, tmp_path: Any) -> None:
        other, _ida = elsewhere(tmp_path)
        mapping.fold(now=now())
        assert figures.open_counts(other, now=now()) == {}


class TestThePage:
    def test_tells_what_is_open_and_done_and_how_long_it_takes(
        self, phone: Client, city: City, south: Case
    ) -> None:
        for _ in range(5):
            done(south, took=3 * DAY)
        last = done(south, took=3 * DAY, ago=timedelta(hours=1), place_words="1 Last Street")
        for _ in range(8):
            done(south, took=9 * DAY, areas={"district": "north"})
        figures.count(city, now=now())
        html = html_of(phone, "/city/areas/district/south")
        words = plain(html)
        said = "Half of the reports here were done within 3 days; in the whole city within 9 days."
        assert said in words
        assert "Open now: 1" in words
        assert f'href="/city/{south.number}"' in html
        assert html.index("1 Last Street") > html.index("Done last")
        assert f'href="/city/{last.number}"' in html
        assert 'href="/city/alerts/new?area=district%3Asouth"' in html
        assert 'd="M' in html

    def test_says_so_when_nothing_is_open_or_counted(self, phone: Client, city: City) -> None:
        words = plain(html_of(phone, "/city/areas/district/north"))
        assert "Nothing is open here." in words
        assert "and not yet" in words

    def test_says_nothing_of_hidden_cases(self, phone: Client, city: City, south: Case) -> None:
        hidden = done(south, took=DAY, service_id=service_id(city, "question"))
        figures.count(city, now=now())
        html = html_of(phone, "/city/areas/district/south")
        assert hidden.number not in html
        assert "Nothing has ended here yet." in html

    @pytest.mark.parametrize("path", ["district/none", "none/south", "limit/testford"])
    def test_there_is_none_of_an_unknown_area(self, phone: Client, path: str) -> None:
        assert phone.get(f"/city/areas/{path}").status_code == 404

    def test_asks_no_more_the_more_there_are(
        self, phone: Client, city: City, south: Case, django_assert_max_num_queries: Any
    ) -> None:
        figures.count(city, now=now())
        html_of(phone, "/city/areas/district/south")
        for more in (1, 12):
            for _ in range(more):
                done(south, took=DAY)
                twin(south)
            caches["local"].clear()
            with django_assert_max_num_queries(8):
                assert phone.get("/city/areas/district/south").status_code == 200

    def test_a_case_leads_to_its_parts(self, phone: Client, south: Case) -> None:
        assert 'href="/city/areas/district/south"' in html_of(phone, f"/city/{south.number}")


class TestTheParts:
    def test_names_all_with_what_is_open_and_done(
        self, phone: Client, city: City, south: Case
    ) -> None:
        twin(south)
        done(south, took=DAY)
        done(south, took=DAY, areas={"district": "north"})
        figures.count(city, now=now())
        words = plain(html_of(phone, "/city/areas"))
        name = areas.label(city, "district", "south", "en")
        assert re.search(rf"{name} 2 open · 1 done in 30 days", words)
        assert " 0 open · 1 done in 30 days" in words

    def test_says_which_one_a_place_is_in(self, phone: Client, city: City) -> None:
        html = html_of(phone, "/city/areas?at=124+Elm+Street")
        assert html.count('href="/city/areas/district/south"') == 2
        assert "We do not know this place" in html_of(phone, "/city/areas?at=xyzzy+99999")

    def test_is_found_from_the_list(self, phone: Client, report: ServiceRequest) -> None:
        assert 'href="/city/areas"' in html_of(phone, "/city")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, ""),
        (timedelta(), "1 day"),
        (timedelta(hours=20), "1 day"),
        (DAY, "1 day"),
        (DAY + timedelta(seconds=1), "2 days"),
        (40 * DAY, "40 days"),
    ],
)
def test_days_that_are_begun_count(span: timedelta | None, words: str) -> None:
    with translation.override("en"):
        assert took(span) == words


def test_an_outline_has_few_points_and_keeps_its_holes(city: City) -> None:
    shape = areas.index_of(city).shape("district", "south")
    seen = maps.around(*shape.bounds)
    edge = maps.outline(seen, shape)
    assert edge.startswith("M")
    assert edge.endswith("Z")
    assert all(0 <= float(x) <= maps.WIDE for x in re.findall(r"[ML]([\d.-]+) ", edge))
    assert len(edge) < 20_000


def test_the_moment_of_counting_is_told(phone: Client, city: City, report: ServiceRequest) -> None:
    moment: datetime = now()
    figures.count(city, now=moment)
    assert "Counted" in plain(html_of(phone, "/city/areas/district/south"))
