"""A list as a file: the same cases, safe to open, without residents' data, in the memory of one piece."""

import csv
import datetime as dt
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework.models import Case
from onehall.catalog.models import Service
from onehall.catalog.queries import forget
from onehall.console import sheets
from onehall.console.sheets import safe
from onehall.console.views import exports
from onehall.insights.periods import ZoneInfo
from onehall.places.models import City
from tests.console.made_cases import make_cases
from tests.console.people import Person, report

ZONE = ZoneInfo("America/Los_Angeles")


def read(person: Person, path: str = "/cases.csv", **query: str) -> list[dict[str, str]]:
    answer = person.get(path, **query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    data = answer.getvalue()
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


class TestCells:
    @pytest.mark.parametrize(
        "text",
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '=cmd|"/c calc"!A1'],
    )
    def test_are_never_formulas(self, text: str) -> None:
        assert safe(text, ZONE) == f"'{text}"

    def test_say_times_as_the_city_does(self) -> None:
        at = dt.datetime(2026, 7, 1, 6, 30, tzinfo=dt.UTC)
        assert safe(at, ZONE) == "2026-06-30 23:30"

    def test_keep_numbers_and_words(self) -> None:
        assert [safe(v, ZONE) for v in (-120.5, 3, None, "a-b", "Straße")] == [
            -120.5, 3, "", "a-b", "Straße"
        ]  # fmt: skip


class TestAList:
    def test_holds_the_whole_list_in_words(self, ana: Person, city: City) -> None:
        made = make_cases(city, 130)
        found = read(ana, show="all")
        assert len(found) == len(made)
        assert [r["Number"] for r in found] == list(
            Case.objects.order_by("-opened_at", "-id").values_list("number", flat=True)
        )
        assert {r["Service"] for r in found} == {"Pothole", "Noise", "Ask a question"}
        assert {"North", "South", ""} >= {r["Area"][:5] for r in found}

    def test_is_that_of_a_queue_with_its_filters(self, ana: Person, city: City) -> None:
        make_cases(city, 60)
        found = read(ana, queue="roads", show="late")
        assert found
        assert {r["Queue"] for r in found} == {"Roads"}
        assert ana.get("/cases.csv", queue="nowhere").status_code == 404

    def test_speaks_the_readers_language_to_its_end(
        self, ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_cases(city, 30)
        monkeypatch.setattr(exports, "MOST", 20)
        monkeypatch.setattr(exports, "CHUNK", 7)
        found = read(ana, show="all", lang="es")
        assert found[0]["Servicio"] in {"Bache", "Ruido", "Hacer una pregunta"}
        assert len(found) == 21
        assert found[20]["Número"].startswith("El archivo termina aquí")

    def test_has_nothing_about_residents(self, ana: Person, city: City) -> None:
        report(city, words="My secret words", email="rosa@example.com")
        text = ana.get("/cases.csv").getvalue().decode()
        for told in ("secret", "rosa", "Rosa", "Diaz", "555-0101"):
            assert told not in text

    def test_leaves_out_places_that_the_city_keeps_to_itself(self, ana: Person, city: City) -> None:
        report(city, "noise")
        row = Service.objects.get(city=city, key="noise")
        row.doc = row.doc | {"privacy": {"public": False, "place": "area"}}
        row.save()
        forget()
        (found,) = read(ana)
        assert (found["Place"], found["Longitude"], found["Latitude"]) == ("", "", "")

    def test_is_only_of_ones_own_department(self, carl: Person, city: City) -> None:
        make_cases(city, 60)
        assert {r["Department"] for r in read(carl, show="all")} == {"Public Works"}
        assert carl.get("/cases.csv", queue="neighbors").status_code == 404

    def test_is_asked_for_in_pieces(
        self, ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_cases(city, 100)
        monkeypatch.setattr(exports, "CHUNK", 30)
        read(ana, show="all")
        answer = ana.get("/cases.csv", show="all")
        with CaptureQueriesContext(connection) as found:
            sent = iter(answer.streaming_content)
            next(sent), next(sent)
            assert len(found.captured_queries) == 1
            rest = sum(1 for _ in sent)
        assert rest == 99
        assert len(found.captured_queries) == 4

    def test_is_offered_at_the_list_with_its_selection(self, ana: Person, city: City) -> None:
        make_cases(city, 30)
        page = ana.get("/queues/roads", show="all", service="pothole").content.decode()
        assert 'href="/desk/cases.csv?show=all&amp;service=pothole&amp;queue=roads"' in page


class TestTables:
    @pytest.mark.parametrize("by", ["queue", "service", "area"])
    def test_are_those_of_the_page(self, ana: Person, city: City, by: str) -> None:
        make_cases(city, 60)
        found = read(ana, "/figures.csv", by=by, period="90")
        assert sum(int(r["Open"]) for r in found) == Case.objects.filter(is_open=True).count()

    def test_that_there_are_not_are_not_found(self, ana: Person) -> None:
        assert ana.get("/figures.csv", by="person").status_code == 404


def test_a_null_in_a_text_does_not_end_the_file() -> None:
    assert "".join(sheets.lines(["A"], [["x\x00y"]], ZONE)) == "\ufeffA\r\nxy\r\n"
