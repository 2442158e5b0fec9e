"""Changing what a case is about at the desk, and the page and file of what was corrected."""

from onehall.casework.models import Case, Correction
from onehall.places.models import City
from tests.console.people import Person, report


class TestAct:
    def test_changes_the_service(self, ana: Person, case: Case) -> None:
        answer = ana.act(case, "change", what="service", service="question", reason="A question")
        assert answer.status_code == 302
        case.refresh_from_db()
        assert case.service.key == "question"

    def test_a_refusal_stands_in_its_place_with_what_was_typed(
        self, ana: Person, case: Case
    ) -> None:
        page = ana.act(case, "change", what="service", service="pothole", reason="Same words")
        assert page.status_code in (409, 422)
        text = page.content.decode()
        assert "It is handled as that already." in text
        assert "Same words" in text

    def test_is_refused_to_those_who_read(self, city: City, case: Case) -> None:
        otto = Person(city, "otto@testford.example")
        answer = otto.act(case, "change", what="service", service="question", reason="No")
        assert answer.status_code == 403

    def test_evidence_is_said_on_the_case(self, ana: Person, city: City) -> None:
        for _ in range(3):
            moved = report(city, words="Hydrant gushing").case
            ana.act(moved, "change", what="service", service="question", reason="A question")
        again = report(city, words="The hydrant again").case
        text = ana.get(f"/cases/{again.number}").content.decode()
        assert "3 of 4 reports" in text


class TestPage:
    def test_counts_pairs_and_gives_a_file(self, ana: Person, case: Case) -> None:
        assert "Nothing was corrected" in ana.get("/set-up/corrections").content.decode()
        ana.act(case, "change", what="service", service="question", reason="A question")
        text = ana.get("/set-up/corrections").content.decode()
        assert case.number in text
        assert "1 time" in text
        file = b"".join(ana.get("/set-up/corrections.csv").streaming_content).decode()
        assert case.number in file
        assert "A deep hole" in file

    def test_another_city_sees_nothing_of_it(
        self, ana: Person, case: Case, other_city: City
    ) -> None:
        ana.act(case, "change", what="service", service="question", reason="A question")
        assert Correction.objects.count() == 1
        theirs = Person(other_city, "ana@elsewhere.example")
        assert case.number not in theirs.get("/set-up/corrections").content.decode()
