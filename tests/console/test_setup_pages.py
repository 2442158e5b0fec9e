"""The set-up's first pages: who may come, the draft at a glance, publishing, the text view, the history."""

import io
import zipfile
from pathlib import Path

import pytest

from onehall.cli import city as city_cli
from onehall.people.models import Membership
from onehall.places.models import City
from onehall.setup import queries
from onehall.setup.models import ChangeEntry, Draft, DraftFile, Publication
from tests.console.people import Person, hire
from tests.packs import WrongPack

POTHOLE = "services/pothole.yaml"
TEXT = f"/set-up/files/{POTHOLE}"


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, "ada@testford.example")


@pytest.fixture
def ned(city: City) -> Person:
    """Only sets up."""
    hire(city, "ned@testford.example", "set-up", None)
    return Person(city, "ned@testford.example")


def text_of(city: City, path: str = POTHOLE) -> str:
    view = queries.file_view(City.objects.get(pk=city.pk), path)
    assert view
    return view.text or ""


def save(person: Person, old: str, new: str, *, path: str = POTHOLE, seen: int = 0) -> int:
    text = text_of(person.city, path)
    assert old in text
    sent = text.replace(old, new, 1).replace("\n", "\r\n")
    answer = person.post(f"/set-up/files/{path}", text=sent, seen=str(seen), do="save")
    code: int = answer.status_code
    return code


PAGES = ("", "/history", "/files", f"/files/{POTHOLE}", "/discard", "/city.zip")
WRITES = {
    "/publish": {"seen": "x"},
    "/discard": {"seen": "x"},
    "/files": {"path": "services/new.yaml"},
    f"/files/{POTHOLE}": {"text": "a: b", "seen": "0"},
}


@pytest.mark.parametrize("role", ["agent", "crew", "supervisor"])
def test_others_see_and_change_nothing(city: City, role: str) -> None:
    hire(city, "x@testford.example", role, "works")
    person = Person(city, "x@testford.example")
    assert {person.get(f"/set-up{page}").status_code for page in PAGES} == {403}
    assert {person.post(f"/set-up{p}", **d).status_code for p, d in WRITES.items()} == {403}
    assert 'href="/desk/set-up"' not in person.get().content.decode()
    assert not Draft.objects.exists()


class TestWhoOnlyReads:
    """An auditor: every page of the set-up and its draft, and nothing to change on it."""

    @pytest.fixture
    def otto(self, city: City) -> Person:
        return Person(city, "otto@testford.example")

    def test_the_draft_its_mistakes_and_its_history(self, ada: Person, otto: Person) -> None:
        save(ada, "en: Pothole", "en: Hole in the road")
        save(ada, "queue: roads-north", "queue: rodas", seen=1)
        page = otto.get("/set-up").content.decode()
        assert "Hole in the road" in page
        assert "rodas" in page
        assert "You can read everything here. Changing it is for others." in page
        assert 'href="/desk/set-up/discard"' not in page
        assert 'href="/desk/set-up"' in otto.get().content.decode()
        history = otto.get("/set-up/history").content.decode()
        entry = ChangeEntry.objects.latest("pk")
        assert f"/set-up/history/{entry.pk}" in history
        assert "rodas" in otto.get(f"/set-up/history/{entry.pk}").content.decode()
        text = otto.get(TEXT).content.decode()
        assert "Hole in the road" in text
        assert " readonly>" in text
        assert otto.get("/set-up/city.zip?of=draft").status_code == 200

    def test_a_sound_draft_and_what_was_published(self, ada: Person, otto: Person) -> None:
        save(ada, "en: Pothole", "en: Hole in the road")
        page = otto.get("/set-up").content.decode()
        assert "Whoever sets up can publish it now." in page
        assert "Publish now" not in page
        ada.post("/set-up/publish", seen=ada.get("/set-up").context["view"].fingerprint)
        done = Publication.objects.latest("pk")
        assert otto.get(f"/set-up/published/{done.pk}").status_code == 200

    @pytest.mark.parametrize(
        "page",
        [
            "services/pothole", "flows/repair/states/received", "flows/repair/moves/close",
            "flows/repair/outcomes/fixed", "answers/crew-soon", "departments", "calendar",
        ],
    )  # fmt: skip
    def test_a_form_has_its_words_closed_and_no_button(self, otto: Person, page: str) -> None:
        answer = otto.get(f"/set-up/{page}")
        main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
        assert answer.status_code == 200
        assert main.count("<fieldset") > main.count("<form")
        assert " disabled>" in main
        assert "<button" not in main
        assert 'method="post"' not in main

    @pytest.mark.parametrize("page", ["services/pothole", "departments", "calendar"])
    def test_who_sets_up_has_the_form(self, ada: Person, page: str) -> None:
        main = ada.get(f"/set-up/{page}").content.decode()
        assert main.count('value="save"') >= 2
        assert "csrfmiddlewaretoken" in main
        assert "disabled>" not in main


@pytest.mark.parametrize("page", PAGES)
def test_those_who_set_up_see_everything(ned: Person, page: str) -> None:
    assert ned.get(f"/set-up{page}").status_code in {200, 302}
    assert 'href="/desk/set-up"' in ned.get().content.decode()


def test_who_only_sets_up_changes_no_case(ned: Person, case: object) -> None:
    assert not ned.actor.writes
    assert ned.actor.sets_up
    assert Membership.objects.filter(roles=["set-up"]).exists()


def test_a_change_is_saved_checked_and_published(ada: Person) -> None:
    assert save(ada, "en: Pothole", "en: Hole in the road") == 302
    page = ada.get("/set-up")
    assert "services/pothole.yaml" in page.content.decode()
    assert "No mistakes." in page.content.decode()
    seen = page.context["view"].fingerprint
    answer = ada.post("/set-up/publish", seen=seen, note="Plainer.")
    assert answer.status_code == 302
    shown = ada.client.get(answer.headers["Location"]).content.decode()
    assert "Plainer." in shown
    assert "Hole in the road" in shown
    assert "pothole" in shown
    assert "Hole in the road" in ada.client.get("/report").content.decode()


def test_a_mistake_is_told_with_its_line_and_keeps_it_back(ada: Person) -> None:
    save(ada, "queue: roads-north", "queue: rodas")
    overview = ada.get("/set-up").content.decode()
    line = 1 + text_of(ada.city).splitlines().index(
        next(w for w in text_of(ada.city).splitlines() if "rodas" in w)
    )
    assert f"?line={line}#text" in overview
    assert "Publish now" not in overview
    page = ada.get(TEXT).content.decode()
    assert "rodas" in page
    assert f"Line {line}" in page
    seen = queries.draft_view(ada.city).fingerprint
    answer = ada.post("/set-up/publish", seen=seen)
    assert answer.status_code == 409
    assert "has mistakes" in answer.content.decode()


def test_the_second_of_two_keeps_their_text_and_sees_the_others(ada: Person, ned: Person) -> None:
    text = text_of(ada.city)
    save(ned, "en: Pothole", "en: From Ned")
    answer = ada.post(TEXT, text=text.replace("en: Pothole", "en: From Ada"), seen="0")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "From Ada" in page
    assert "From Ned" in page
    assert answer.context["seen"] == 1
    assert "From Ned" in text_of(ada.city)
    again = ada.post(TEXT, text=text.replace("en: Pothole", "en: From Ada"), seen="1")
    assert again.status_code == 302
    assert "From Ada" in text_of(ada.city)


def test_a_refused_text_is_still_in_the_box(ada: Person) -> None:
    answer = ada.post("/set-up/files/city.yaml", text="", seen="0", do="remove")
    assert answer.status_code == 422
    long = ada.post(TEXT, text="k: " + "a" * 1_000_001, seen="0")
    assert long.status_code == 422
    assert "a" * 1_000_001 in long.content.decode()


def test_a_file_is_begun_renamed_and_taken_away(ada: Person) -> None:
    assert ada.post("/set-up/files", path="streets.geojson").status_code == 422
    answer = ada.post("/set-up/files", path="services/bench.yaml")
    assert answer.headers["Location"] == "/desk/set-up/files/services/bench.yaml"
    assert ada.get("/set-up/files/services/bench.yaml").status_code == 200
    ada.post("/set-up/files/services/bench.yaml", text="key: bench\n", seen="0")
    ada.post("/set-up/files/services/bench.yaml", to="services/seat.yaml", seen="1", do="rename")
    assert DraftFile.objects.get().path == "services/seat.yaml"
    ada.post("/set-up/files/services/seat.yaml", seen="1", do="remove")
    assert not DraftFile.objects.exists()
    assert ada.get("/set-up/files/streets.geojson").status_code == 404


def test_a_city_changed_underneath_is_shown_with_both(ada: Person, tmp_path: Path) -> None:
    save(ada, "en: Pothole", "en: Hole")
    pack = WrongPack(tmp_path).replace(POTHOLE, "en: Pothole,", "en: Crater,")
    city_cli.apply(pack.folder, by="tests")
    assert "changed this file after" in ada.get("/set-up").content.decode()
    page = ada.get(TEXT).content.decode()
    assert "Crater" in page
    assert "Hole" in page
    assert ada.post(TEXT, text=text_of(ada.city), seen="1", do="keep").status_code == 302
    assert "changed this file after" not in ada.get("/set-up").content.decode()


def test_discarding_asks_first(ada: Person) -> None:
    save(ada, "en: Pothole", "en: Hole")
    page = ada.get("/set-up/discard")
    assert "Discard the draft?" in page.content.decode()
    assert DraftFile.objects.exists()
    seen = page.context["view"].fingerprint
    assert ada.post("/set-up/discard", seen="other").status_code == 409
    assert ada.post("/set-up/discard", seen=seen).status_code == 302
    assert not DraftFile.objects.exists()


def test_the_history_is_filtered_and_paged(ada: Person, ned: Person) -> None:
    save(ada, "en: Pothole", "en: Hole")
    save(ned, "en: Noise", "en: Din", path="services/noise.yaml")
    assert len(ada.get("/set-up/history").context["rows"]) == 2
    by_ned = ada.get("/set-up/history", who="Ned").context["rows"]
    assert [r["entry"].path for r in by_ned] == ["services/noise.yaml"]
    of_file = ada.get("/set-up/history", file=POTHOLE).context["rows"]
    assert [r["entry"].by_name for r in of_file] == ["Ada Admin"]
    entry = ada.get(f"/set-up/history/{of_file[0]['entry'].pk}").content.decode()
    assert "en: Hole" in entry


def test_another_citys_changes_are_not_there(ada: Person, other_city: City) -> None:
    save(ada, "en: Pothole", "en: Hole")
    seen = queries.draft_view(ada.city).fingerprint
    ada.post("/set-up/publish", seen=seen)
    stranger = Person(other_city, "ada@elsewhere.example")
    mine = ChangeEntry.objects.filter(city=ada.city).first()
    published = Publication.objects.filter(city=ada.city).first()
    assert mine
    assert published
    assert stranger.get(f"/set-up/history/{mine.pk}").status_code == 404
    assert stranger.get(f"/set-up/published/{published.pk}").status_code == 404
    assert ada.get(f"/set-up/history/{mine.pk}").status_code == 200
    assert len(stranger.get("/set-up/history").context["rows"]) == 0


def test_the_zip_is_the_folder(ada: Person, tmp_path: Path) -> None:
    save(ada, "en: Pothole", "en: Hole")
    for of, words in (("city", "Pothole"), ("draft", "Hole")):
        answer = ada.get("/set-up/city.zip", of=of)
        data = answer.content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(tmp_path / of)
        folder = tmp_path / of / "testford"
        assert city_cli.check(folder) == []
        assert f"en: {words}" in (folder / POTHOLE).read_text(encoding="utf-8")
        assert "@" not in (folder / "departments.yaml").read_text(encoding="utf-8")


def test_pages_ask_few_queries(ada: Person, django_assert_max_num_queries: object) -> None:
    save(ada, "en: Pothole", "en: Hole")
    for page, most in (("/set-up", 26), ("/set-up/files", 12), (TEXT, 20), ("/set-up/history", 14)):
        ada.get(page)
        with django_assert_max_num_queries(most):  # type: ignore[operator]
            ada.get(page)
