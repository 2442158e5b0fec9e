"""Time and materials: written down with a tap, summed, taken back by a counter-entry, never changed."""

import uuid
from pathlib import Path

import pytest

from onehall.casework import efforts
from onehall.casework.models import Case, Effort, TimelineEntry
from onehall.cli import city as city_cli
from onehall.kernel import money
from onehall.places.models import City
from tests.console.people import Person, report
from tests.packs import WrongPack

MATERIALS = """
currency: USD
time:
  - {key: work, name: {en: Work, es: Trabajo}, hour_cost: 4500}
  - {key: drive, name: {en: Driving, es: Viaje}, hour_cost: 3000}
materials:
  - {key: cold-mix, name: {en: Cold mix, es: Mezcla fría}, unit: {en: bag, es: saco}, unit_cost: 1899}
"""


@pytest.fixture
def stocked(db: None, tmp_path: Path, city: City) -> City:
    pack = WrongPack(tmp_path / "m").add("materials.yaml", MATERIALS)
    assert pack.problems() == []
    return city_cli.apply(pack.folder, with_staff=True, by="tests")


@pytest.fixture
def spot(stocked: City) -> Case:
    return Case.objects.get(number=report(stocked).number)


def write(person: Person, case: Case, **more: str) -> Effort:
    answer = person.act(case, "efforts", **more)
    assert answer.status_code == 302, answer.content.decode()
    return Effort.objects.filter(case=case).latest("id")


def test_time_with_one_tap_and_material_from_the_list(stocked: City, spot: Case) -> None:
    carl = Person(stocked, "carl@testford.example")
    time = write(carl, spot, do="time", what="drive", minutes="30")
    assert (time.minutes, time.unit_cost, time.cost, time.label) == (30, 3000, 1500, "Driving")
    mix = write(carl, spot, do="material", what="cold-mix", quantity="2,5")
    assert (str(mix.quantity), mix.unit, mix.cost) == ("2.50", "bag", 4748)
    html = carl.get(f"/cases/{spot.number}").content.decode()
    assert "$62.48" in html
    assert "30 min" in html
    assert not TimelineEntry.objects.filter(case=spot, kind="effort", public=True).exists()
    order = carl.get(f"/orders?case={spot.number}").content.decode()
    assert "2.5 bag" in order


def test_on_the_crew_s_page_one_comes_back_to_the_stop(stocked: City, spot: Case) -> None:
    carl = Person(stocked, "carl@testford.example")
    page = carl.get(f"/work/{spot.number}").content.decode()
    assert 'value="30">30 min</button>' in page
    back = f"/desk/work/{spot.number}"
    answer = carl.act(spot, "efforts", do="time", minutes="15", back=back, **{"from": "work"})
    assert answer.url == back


@pytest.mark.parametrize(
    ("typed", "minutes"), [("90", 90), ("1:30", 90), ("1.5 h", 90), ("0,25h", 15)]
)
def test_ways_to_write_time(stocked: City, spot: Case, typed: str, minutes: int) -> None:
    assert (
        write(Person(stocked, "carl@testford.example"), spot, do="time", minutes=typed).minutes
        == minutes
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "time", "minutes": "0"},
        {"do": "time", "minutes": "1441"},
        {"do": "time", "minutes": "soon"},
        {"do": "time", "minutes": "30", "day": "2999-01-01"},
        {"do": "time", "minutes": "30", "day": "yesterday"},
        {"do": "material", "quantity": "2", "label": ""},
        {"do": "material", "quantity": "-1", "label": "Sand"},
        {"do": "material", "quantity": "NaN", "label": "Sand"},
        {"do": "material", "quantity": "1e99", "label": "Sand"},
        {"do": "material", "quantity": "1", "label": "Sand", "unit_cost": "-3"},
    ],
)
def test_bad_input_is_refused_in_words(case: Case, ana: Person, wrong: dict[str, str]) -> None:
    answer = ana.act(case, "efforts", **wrong)
    assert answer.status_code == 422
    assert 'id="effort-err"' in answer.content.decode()
    assert not Effort.objects.exists()


def test_without_a_list_one_writes_ones_own(case: Case, ana: Person) -> None:
    row = write(ana, case, do="material", quantity="3", label="Sand", unit="bag", unit_cost="4.50")
    assert (row.label, row.unit, row.cost) == ("Sand", "bag", 1350)


def test_a_double_tap_counts_once(case: Case, ana: Person) -> None:
    key = str(uuid.uuid4())
    for _ in range(2):
        write(ana, case, do="time", minutes="30", key=key)
    assert Effort.objects.count() == 1


def test_taken_back_by_a_counter_entry(stocked: City, spot: Case) -> None:
    carl = Person(stocked, "carl@testford.example")
    row = write(carl, spot, do="time", minutes="60")
    answer = carl.act(spot, "efforts", do="back", effort=str(row.pk), reason="")
    assert answer.status_code == 422
    write(carl, spot, do="back", effort=str(row.pk), reason="Wrong case")
    both = list(Effort.objects.filter(case=spot))
    assert [r.minutes for r in both] == [60, -60]
    assert efforts.totals(both) == efforts.Totals(0, 0, 0)
    for pk in (row.pk, both[1].pk, 0):
        again = carl.act(spot, "efforts", do="back", effort=str(pk), reason="Again")
        assert again.status_code == 422
    assert "Wrong case" in carl.get(f"/cases/{spot.number}").content.decode()


def test_sums_by_service_and_files(stocked: City, spot: Case) -> None:
    carl, ana = Person(stocked, "carl@testford.example"), Person(stocked, "ana@testford.example")
    write(carl, spot, do="time", what="work", minutes="90", note="=1+1")
    write(carl, spot, do="material", what="cold-mix", quantity="1")
    page = ana.get("/time-and-materials").content.decode()
    assert "1 h 30 min" in page
    assert "$86.49" in page
    text = b"".join(ana.get("/time-and-materials.csv").streaming_content).decode()
    assert ",1,90,67.5,18.99,86.49" in text
    rows = b"".join(ana.get(f"/cases/{spot.number}/efforts.csv").streaming_content).decode()
    assert "'=1+1" in rows
    rick = Person(stocked, "clea@testford.example")
    assert rick.get("/time-and-materials").status_code == 200


def test_only_of_cases_one_may_see(stocked: City, spot: Case) -> None:
    from tests.console.people import hire

    write(Person(stocked, "carl@testford.example"), spot, do="time", minutes="90")
    hire(stocked, "nora@testford.example", "supervisor", "clerk")
    nora = Person(stocked, "nora@testford.example")
    assert "1 h 30 min" not in nora.get("/time-and-materials").content.decode()
    assert nora.get(f"/cases/{spot.number}/efforts.csv").status_code == 404


def test_money_in_words() -> None:
    assert money.say(123456789, "USD") == "$1,234,567.89"
    assert money.say(-50, "USD") == "−$0.50"
    assert money.say(1500, "JPY") == "¥1,500"
    assert money.say(100, "CHF") == "1.00 CHF"
