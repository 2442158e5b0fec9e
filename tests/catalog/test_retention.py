"""How long things are kept, as a pack says it: lengths of time, what is refused, and the way there and back."""

import datetime as dt
from pathlib import Path

import pytest

from onehall.catalog.queries import catalogue
from onehall.cli import city as city_cli
from onehall.places.retention import Term, parse, terms
from onehall.service_requests import retention
from onehall.setup import packs
from tests.packs import WrongPack

CITY, POTHOLE, FLOW = "city.yaml", "services/pothole.yaml", "flows/repair.yaml"
LINE, COMMON = "numbering: {width: 5}", "common: true"


class TestTerms:
    @pytest.mark.parametrize(
        ("text", "term"),
        [
            ("90 days", Term(90, "day")),
            ("1 day", Term(1, "day")),
            ("2 years", Term(2, "year")),
            ("18 months", Term(18, "month")),
            ("1 weeks", Term(1, "week")),
        ],
    )
    def test_are_read(self, text: str, term: Term) -> None:
        assert parse(text) == term

    @pytest.mark.parametrize(
        "text", ["", "0 days", "-3 days", "2", "two years", "1.5 years", "P2Y"]
    )
    def test_are_refused(self, text: str) -> None:
        assert parse(text) is None

    @pytest.mark.parametrize(
        ("term", "now", "before"),
        [
            (Term(90, "day"), "2026-03-04", "2025-12-04"),
            (Term(2, "week"), "2026-03-04", "2026-02-18"),
            (Term(1, "month"), "2026-03-31", "2026-02-28"),
            (Term(13, "month"), "2026-01-15", "2024-12-15"),
            (Term(1, "year"), "2028-02-29", "2027-02-28"),
            (Term(4, "year"), "2028-02-29", "2024-02-29"),
        ],
    )
    def test_go_by_the_calendar(self, term: Term, now: str, before: str) -> None:
        at = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
        assert term.before(at).date().isoformat() == before

    def test_of_a_service_go_before_those_of_the_city(self) -> None:
        found = terms(
            {"contact": "90 days", "words": "1 year", "photos": "1 year"},
            {"contact": "180 days", "photos": "for ever"},
        )
        assert found == {"contact": Term(180, "day"), "words": Term(1, "year")}


@pytest.mark.parametrize(
    ("file", "rules", "message", "advice"),
    [
        (CITY, "{contact: soon}", '"soon" is no length', "90 days"),
        (CITY, "{contact: 7 days}", "7 days is too short", "at least 30 days"),
        (CITY, "{archive_after: 60 days}", "60 days is too short", "at least 90 days"),
        (CITY, "{archive_after: soon}", '"soon" is no length', "90 days"),
        (CITY, "{words: 200 years}", "200 years is too long", "at most 100 years"),
        (CITY, "{contact: for ever}", '"for ever" is no length', "a number and days"),
        (CITY, "{names: 90 days}", 'Unknown field "retention.names"', "contact"),
        (POTHOLE, "{photos: 3 weeks}", "3 weeks is too short", "at least 30 days"),
        (POTHOLE, "[contact]", '"retention" is', "Write"),
    ],
)
def test_nonsense_is_refused_at_its_line(
    tmp_path: Path, file: str, rules: str, message: str, advice: str
) -> None:
    pack = WrongPack(tmp_path)
    line = LINE if file == CITY else COMMON
    pack.replace(file, line, f"{line}\nretention: {rules}")
    (problem,) = packs.check(pack.folder)
    text = (pack.folder / file).read_text(encoding="utf-8").splitlines()
    assert problem.file == file
    assert text[problem.line - 1].startswith("retention:")
    assert message in problem.message
    assert advice in problem.advice


class TestTheTimeToObject:
    def pack(self, tmp_path: Path, rules: str, *, file: str) -> WrongPack:
        pack = WrongPack(tmp_path)
        pack.replace(
            FLOW, "    purpose: dispute\n", "    purpose: dispute\n    within: {days: 60}\n"
        )
        line = LINE if file == CITY else COMMON
        return pack.replace(file, line, f"{line}\nretention: {{contact: {rules}}}")

    def test_is_not_cut_short_by_a_service(self, tmp_path: Path) -> None:
        (problem,) = packs.check(self.pack(tmp_path, "45 days", file=POTHOLE).folder)
        assert problem.file == POTHOLE
        assert "60 days long" in problem.message

    def test_nor_by_the_city(self, tmp_path: Path) -> None:
        found = packs.check(self.pack(tmp_path, "60 days", file=CITY).folder)
        assert {p.file for p in found} >= {POTHOLE}
        assert all("as the city says" in p.message for p in found)

    def test_longer_is_fine(self, tmp_path: Path) -> None:
        assert packs.check(self.pack(tmp_path, "61 days", file=CITY).folder) == []


@pytest.mark.django_db
def test_there_and_back_is_exact(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    pack.replace(CITY, LINE, f"{LINE}\nretention: {{words: 2 year, contact: 90 days}}")
    pack.replace(POTHOLE, COMMON, f"{COMMON}\nretention: {{photos: 1 years, contact: for ever}}")
    city = city_cli.apply(pack.folder, with_staff=True, by="tests")
    assert city.retention == {"contact": "90 days", "words": "2 years"}
    service = catalogue(city).service("pothole")
    assert retention.terms_of(city, service) == {
        "words": Term(2, "year"),
        "photos": Term(1, "year"),
    }
    out = tmp_path / "out"
    city_cli.export(city.slug, out, with_staff=True)
    assert 'retention:\n  photos: "1 year"\n  contact: for ever\n' in (out / POTHOLE).read_text()
    assert packs.read_sound(out) == packs.read_sound(pack.folder)
    assert city_cli.plan(out, with_staff=True) == []
    assert city_cli.apply(out, with_staff=True, by="tests").revision == city.revision


@pytest.mark.django_db
def test_a_change_is_planned_and_counts_as_one(tmp_path: Path) -> None:
    pack = WrongPack(tmp_path)
    city = city_cli.apply(pack.folder, with_staff=True, by="tests")
    pack.replace(CITY, LINE, f"{LINE}\nretention: {{contact: 90 days}}")
    changes = city_cli.plan(pack.folder, with_staff=True)
    assert any("retention" in f"{c.name} {c.detail}" for c in changes)
    assert city_cli.apply(pack.folder, with_staff=True, by="tests").revision > city.revision
