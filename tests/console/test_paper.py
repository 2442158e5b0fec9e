"""Work orders and records: what stands on paper, for whom, and what never does."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from onehall.casework.models import Case
from onehall.people.models import User
from onehall.places.models import City
from tests.console.people import BACKEND, Person, report, upload
from tests.console.test_permissions import STAFF
from tests.console.test_queries import asked

WORDS = "Hoyo en la calle Peñón: ¿quién viene? Año único, garçon, Straße"


def text_of(answer: object) -> str:
    assert answer.status_code == 200  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "application/pdf"  # type: ignore[attr-defined]
    pages = PdfReader(BytesIO(answer.content)).pages  # type: ignore[attr-defined]
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.fixture
def told(ana: Person) -> Case:
    sent = report(ana.city, words=WORDS, photo=True)
    case = Case.objects.get(pk=sent.case_id)
    ana.act(case, "say", words="Bring the cold mix", **{"as": "note"})
    ana.act(case, "tasks", title="Close the lane")
    return case


def test_the_order_as_page_and_as_pdf(ana: Person, told: Case) -> None:
    html = ana.get("/orders", case=told.number).content.decode()
    pdf = text_of(ana.get("/orders.pdf", case=told.number, paper="a4"))
    for words in (
        told.number,
        WORDS,
        "Bring the cold mix",
        "Close the lane",
        "Signature",
        "5 Main Street",
    ):
        assert words in html, words
        assert words in pdf, words
    assert "data:image/svg+xml" in html
    assert f"/desk/cases/{told.number}" in pdf
    # A work order is carried around: nobody's address and number stand on it.
    assert "rosa@example.com" not in html + pdf
    assert "555-0101" not in html + pdf


def test_who_made_the_map_is_named_under_it(ana: Person, told: Case) -> None:
    ana.city.map = {**ana.city.map, "credit": "© OpenStreetMap contributors"}
    ana.city.save(update_fields=["map"])
    assert "© OpenStreetMap contributors" in text_of(ana.get("/orders.pdf", case=told.number))
    for path in ("/orders", f"/cases/{told.number}", "/map"):
        page = ana.get(path, case=told.number).content.decode()
        assert "<bdi>© OpenStreetMap contributors</bdi>" in page, path


def test_both_papers(ana: Person, told: Case) -> None:
    sizes = {}
    for paper in ("letter", "a4"):
        data = ana.get("/orders.pdf", case=told.number, paper=paper).content
        sizes[paper] = [round(float(n)) for n in PdfReader(BytesIO(data)).pages[0].mediabox[2:]]
    assert sizes == {"letter": [612, 792], "a4": [595, 842]}
    assert PdfReader(BytesIO(data)).trailer["/Root"]["/Lang"] == "en"


def test_letters_that_the_font_lacks_are_said(ana: Person, told: Case) -> None:
    ana.act(told, "say", words="道路 broken", **{"as": "note"})
    assert "Some letters are not in this PDF" in text_of(ana.get("/orders.pdf", case=told.number))
    assert "道路 broken" in ana.get("/orders", case=told.number).content.decode()


def test_a_day_of_work_is_bounded_and_asks_a_fixed_number_of_questions(carl: Person) -> None:
    report(carl.city, photo=True)
    few = len(asked(lambda: carl.get("/orders")))
    for _ in range(28):
        report(carl.city, email="")
    page = carl.get("/orders").content.decode()
    assert page.count('<article class="card paper">') == 25
    assert len(asked(lambda: carl.get("/orders"))) == few
    assert len(PdfReader(BytesIO(carl.get("/orders.pdf").content)).pages) >= 25


def test_the_record_for_the_staff_and_for_the_public(ana: Person, told: Case) -> None:
    ana.act(told, "say", words="We come on Friday", **{"as": "reply"})
    token = told.requests.get().token
    Person(ana.city).client.post(f"/r/{token}/write", {"words": "I live at number 12"})
    photo = upload()
    ana.act(told, "photos", kind="after", photos=photo)
    whole = text_of(ana.get(f"/cases/{told.number}/record.pdf"))
    public = text_of(ana.get(f"/cases/{told.number}/record.pdf", **{"for": "public"}))
    page = ana.get(f"/cases/{told.number}/record", **{"for": "public"}).content.decode()
    for words in ("rosa@example.com", "Rosa Diaz", WORDS, "Bring the cold mix", "number 12"):
        assert words in whole, words
        assert words not in public, words
        assert words not in page, words
    for words in ("We come on Friday", "Received", told.number):
        assert words in public, words


@pytest.mark.parametrize("role", STAFF)
def test_who_may(city: City, case: Case, role: str) -> None:
    person = Person(city, STAFF[role])
    wanted = 404 if "elsewhere" in role else 200
    for path in (
        f"/orders?case={case.number}",
        f"/orders.pdf?case={case.number}",
        f"/cases/{case.number}/record",
        f"/cases/{case.number}/record.pdf",
    ):
        assert person.get(path).status_code == wanted, path


def test_strangers_residents_and_other_cities(case: Case, ana: Person, other_city: City) -> None:
    agent = Person(other_city, "ana@elsewhere.example")
    resident = Person(ana.city)
    resident.user = User.objects.create(email="rosa@example.com")
    resident.client.force_login(resident.user, backend=BACKEND)
    for path in (f"/orders.pdf?case={case.number}", f"/cases/{case.number}/record.pdf"):
        assert agent.get(path).status_code == 404
        assert resident.get(path).status_code == 403
        assert Person(ana.city).get(path).status_code == 302


def test_a_hostile_word_is_a_word(ana: Person, case: Case) -> None:
    ana.act(case, "say", words='<b onload=x>&amp; <para> "x"', **{"as": "note"})
    assert '<b onload=x>&amp; <para> "x"' in text_of(ana.get("/orders.pdf", case=case.number))
