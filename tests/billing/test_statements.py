"""Statements of other systems: taken in once, corrected by adjustments, carried over, refused row by row."""

import csv
import datetime as dt
import uuid
from pathlib import Path
from typing import Any

import pytest

from onehall.billing import invoicing, planning, plans, taking
from onehall.billing.importing import profile as profiles
from onehall.billing.importing import statements
from onehall.billing.importing.profile import ProfileError
from onehall.billing.importing.rows import FileBroken
from onehall.billing.importing.statements import Counts
from onehall.billing.invoicing import Change
from onehall.billing.models import (
    Account,
    AdjustmentKind,
    Invoice,
    JournalEntry,
    PaymentException,
    PaymentMethod,
    PaymentPlan,
)
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.billing.taking import Money
from onehall.people.actor import system
from onehall.places.models import City
from tests.billing.money import START, Provider, billing_city, books, finance, proven, start

pytestmark = pytest.mark.django_db
HEAD = (
    "Statement,Account,Name,ZIP,Service address,Email,Bill date,Due date,From,To,Minimum,Total due,"
    "Previous balance,Water,Sewer,Refuse,Tax"
)
ROW = 'S1,881,Rosa Díaz,90401,1 Elm St,rosa@example.org,2026-02-01,02/26/2026,,,,"$1,060.50",0,"1,000.00",20.00,40,0.50'


@pytest.fixture
def city() -> City:
    return billing_city()


@pytest.fixture
def bring(city: City, tmp_path: Path) -> Any:
    def run(
        *rows: str, head: str = HEAD, profile: str = "utility-statements", **more: Any
    ) -> Counts:
        file = tmp_path / "statements.csv"
        file.write_text("\n".join([head, *rows, ""]), encoding="utf-8")
        return statements.take_in(
            city=city,
            profile=profiles.load(profile),
            path=file,
            rejects=tmp_path / "rejects.csv",
            by=system(city.pk),
            now=START,
            **more,
        )

    return run


def rejected(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return [(row["line"], row["column"], row["why"]) for row in csv.DictReader(file)]


def changed(row: str, **columns: str) -> str:
    (fields,) = csv.reader([row])
    for name, value in columns.items():
        fields[HEAD.split(",").index(name.replace("_", " "))] = value
    return ",".join(f'"{f}"' for f in fields)


class TestTakenIn:
    def test_a_row_is_a_bill_with_its_lines_and_one_entry(self, city: City, bring: Any) -> None:
        counts = bring(ROW)
        assert (counts.new, counts.billed) == (1, 106_050)
        bill = Invoice.objects.select_related("account").get()
        assert (bill.number, bill.billed, bill.owed) == ("S1", 106_050, 106_050)
        assert (bill.issued_on, bill.due_on) == (dt.date(2026, 2, 1), dt.date(2026, 2, 26))
        assert bill.account is not None
        assert (bill.account.number, bill.account.postcode, bill.email) == (
            "881",
            "90401",
            "rosa@example.org",
        )
        lines = list(bill.charges.values_list("code", "kind", "amount", "gl"))
        assert lines == [
            ("water", "principal", 100_000, "4100"),
            ("sewer", "principal", 2_000, "4100"),
            ("refuse", "principal", 4_000, "4100"),
            ("utility-tax", "tax", 50, "4100"),
        ]
        assert JournalEntry.objects.count() == 1
        assert books(city) == {"receivable": 106_050, "revenue": -106_050}
        proven(city)

    def test_the_same_file_again_changes_nothing(self, city: City, bring: Any) -> None:
        bring(ROW)
        before = JournalEntry.objects.count()
        counts = bring(ROW)
        assert (counts.known, counts.new, counts.corrected) == (1, 0, 0)
        assert JournalEntry.objects.count() == before

    def test_a_dry_run_changes_nothing(self, city: City, bring: Any) -> None:
        assert bring(ROW, dry_run=True).new == 1
        assert not Invoice.objects.exists()
        assert not Account.objects.exists()

    def test_many_batches(self, city: City, bring: Any) -> None:
        rows = [changed(ROW, Statement=f"S{n}", Account=str(n)) for n in range(11)]
        assert bring(*rows, batch=3).new == 11
        assert bring(*rows, batch=4).known == 11
        proven(city)

    def test_killed_in_the_middle_it_is_run_again(self, city: City, bring: Any) -> None:
        rows = [changed(ROW, Statement=f"S{n}", Account=str(n)) for n in range(9)]

        class Killed(Exception):
            pass

        def kill(_position: int, _size: int, counts: Counts) -> None:
            if counts.new == 6:
                raise Killed

        with pytest.raises(Killed):
            bring(*rows, batch=3, progress=kill)
        assert Invoice.objects.count() == 6
        counts = bring(*rows, batch=3)
        assert (counts.new, counts.known) == (3, 6)
        assert JournalEntry.objects.count() == 9
        proven(city)

    def test_numbers_of_our_own_where_the_file_has_none(self, city: City, bring: Any) -> None:
        head = "Assessment;Business;Trade name;Postcode;Address;Email;Assessed on;Due on;First instalment;Arrears;Tax;Administration"
        row = "A1;B7;Café;90401;2 Elm;;01.02.2026;28.02.2026;100,00;;1.234,50;"
        counts = bring(row, head=head, profile=str(_tax_profile(bring)))
        bill = Invoice.objects.get()
        assert counts.new == 1
        assert (bill.number, bill.owed, bill.minimum) == ("INV-2026-000001", 123_450, 10_000)


def _tax_profile(bring: Any) -> Path:
    folder = Path(profiles.FOLDER)
    text = (folder / "business-tax.yaml").read_text("utf-8")
    made = Path(bring.__closure__[1].cell_contents) / "tax.yaml"
    made.write_text(
        text.replace("kind: business-tax", "kind: tax").replace("cp1252", "utf-8"), "utf-8"
    )
    return made


class TestCorrected:
    def test_a_corrected_amount_is_an_adjustment(self, city: City, bring: Any) -> None:
        bring(ROW)
        lower = changed(ROW, Water="900.00", Total_due="960.50")
        assert bring(lower).corrected == 1
        bill = Invoice.objects.get()
        assert (bill.billed, bill.owed) == (96_050, 96_050)
        water = bill.charges.get(code="water")
        assert (water.amount, water.adjustments.get().amount) == (100_000, -10_000)
        assert bring(lower).known == 1
        assert bring(ROW).corrected == 1
        assert bring(lower).corrected == 1
        bill.refresh_from_db()
        assert bill.owed == 96_050
        proven(city)

    def test_a_new_line_and_another_due_day(self, city: City, bring: Any) -> None:
        bring(changed(ROW, Tax="0", Total_due="1060.00"))
        assert bring(changed(ROW, Due_date="03/05/2026")).corrected == 1
        bill = Invoice.objects.get()
        assert (bill.owed, bill.due_on) == (106_050, dt.date(2026, 3, 5))
        proven(city)

    def test_what_was_paid_is_not_taken_off(self, city: City, bring: Any) -> None:
        bring(ROW)
        bill = Invoice.objects.get()
        _transfer(city, bill, 106_050)
        lower = changed(ROW, Water="900.00", Total_due="960.50")
        assert bring(lower).known == 1
        assert bring(lower).known == 1
        note = PaymentException.objects.get()
        assert (note.kind, note.amount) == ("statement_lower", -10_000)
        proven(city)

    def test_what_staff_waived_stays_waived(self, city: City, bring: Any) -> None:
        bring(ROW)
        line = Invoice.objects.get().charges.get(code="sewer")
        change = Change(
            charge_id=line.pk, amount=-2_000, kind=AdjustmentKind.WAIVER, reason="A leak"
        )
        invoicing.adjust(city=city, change=change, by=finance(city), now=START)
        assert bring(ROW).known == 1
        assert Invoice.objects.get().owed == 104_050

    def test_a_bill_that_somebody_is_paying_is_left_alone(
        self, city: City, bring: Any, tmp_path: Path
    ) -> None:
        bring(ROW)
        start(city, Provider(), Invoice.objects.get())
        assert bring(changed(ROW, Water="900.00", Total_due="960.50")).refused == 1
        assert "is paying" in rejected(tmp_path)[0][2]
        assert bring(ROW).known == 1


def _transfer(city: City, bill: Invoice, amount: int) -> None:
    money = Money(key=uuid.uuid4(), method=PaymentMethod.TRANSFER, amount=amount)
    taking.at_counter(
        city=city, money=money, amounts={bill.pk: amount}, by=finance(city), now=START
    )


def _plan(city: City, bill: Invoice) -> PaymentPlan:
    new = NewPlan(key=uuid.uuid4(), invoice_id=bill.pk, wish=Wish(2, "month"))
    return plans.start(city=city, new=new, by=finance(city), now=START)


class TestBalances:
    NEXT = changed(
        ROW,
        Statement="S2",
        Bill_date="2026-04-01",
        Due_date="2026-04-26",
        Previous_balance="1060.50",
        Total_due="2121.00",
    )

    def test_a_balance_takes_the_place_of_older_bills(self, city: City, bring: Any) -> None:
        bring(ROW)
        counts = bring(self.NEXT)
        assert (counts.new, counts.carried) == (1, 1)
        first, second = Invoice.objects.order_by("pk")
        assert (first.owed, first.billed, second.owed) == (0, 0, 212_100)
        assert "Carried over" in first.charges.all()[0].adjustments.get().reason
        assert books(city) == {"receivable": 212_100, "revenue": -212_100}
        assert bring(ROW, self.NEXT).known == 2
        proven(city)

    def test_both_in_one_file(self, city: City, bring: Any) -> None:
        counts = bring(ROW, self.NEXT)
        assert (counts.new, counts.carried) == (2, 1)
        assert sum(Invoice.objects.values_list("owed", flat=True)) == 212_100
        proven(city)

    def test_a_carried_bill_is_not_corrected(self, city: City, bring: Any, tmp_path: Path) -> None:
        bring(ROW, self.NEXT)
        assert bring(changed(ROW, Water="900.00", Total_due="960.50")).refused == 1
        assert "on a later statement" in rejected(tmp_path)[0][2]

    def test_what_is_paid_by_a_plan_stays_on_its_bill(self, city: City, bring: Any) -> None:
        bring(ROW)
        first = Invoice.objects.get()
        _plan(city, first)
        # The account had another open bill, whose balance is carried over.
        bring(changed(ROW, Statement="S1b", Water="20.00", Total_due="80.50"))
        assert bring(self.NEXT).carried == 1
        first.refresh_from_db()
        assert (first.owed, first.plan_id is not None) == (106_050, True)
        assert Invoice.objects.get(source_ref__endswith="S1b").owed == 0
        last = Invoice.objects.order_by("-pk")[0]
        # 1060.50 of the balance is on the plan, so nothing of it is billed again.
        assert last.owed == 106_050
        # The one between said that nothing was owed before it.
        assert [n.ref for n in PaymentException.objects.order_by("pk")] == [
            f"{first.number}:plan:utility-statements:S1b"
        ]
        assert bring(self.NEXT).known == 1
        proven(city)

    def test_of_a_balance_above_the_plan_the_rest_is_billed(self, city: City, bring: Any) -> None:
        bring(ROW)
        _plan(city, Invoice.objects.get())
        more = changed(self.NEXT, Previous_balance="1100.50", Total_due="2161.00")
        bring(more)
        last = Invoice.objects.order_by("-pk")[0]
        assert last.charges.get(code="balance").amount == 4_000
        assert bring(more).known == 1
        assert sum(Invoice.objects.values_list("owed", flat=True)) == 216_100
        proven(city)

    def test_a_balance_below_the_plan_is_told_to_finance(self, city: City, bring: Any) -> None:
        bring(ROW)
        _plan(city, Invoice.objects.get())
        bring(changed(self.NEXT, Previous_balance="1000.50", Total_due="2061.00"))
        note = PaymentException.objects.get()
        assert (note.kind, note.amount) == ("statement_lower", -6_000)
        assert Invoice.objects.order_by("pk")[0].owed == 106_050
        proven(city)

    def test_a_corrected_statement_goes_into_the_plan(self, city: City, bring: Any) -> None:
        bring(ROW)
        plan = _plan(city, Invoice.objects.get())
        bring(changed(ROW, Water="900.00", Total_due="960.50"))
        (found,) = planning.of_bill(city, Invoice.objects.get(), START.date())
        assert found.row.pk == plan.pk
        assert [line.amount for line in found.standing.lines] == [53_025, 43_025]

    def test_a_balance_that_is_added_is_billed_once(
        self, city: City, bring: Any, tmp_path: Path
    ) -> None:
        text = (profiles.FOLDER / "utility-statements.yaml").read_text("utf-8")
        own = tmp_path / "add.yaml"
        own.write_text(
            text.replace("carry: replace", "carry: add").replace("  total: Total due\n", ""),
            "utf-8",
        )
        bring(changed(ROW, Previous_balance="50.00"), profile=str(own))
        bring(self.NEXT, profile=str(own))
        owed = list(Invoice.objects.order_by("pk").values_list("owed", flat=True))
        assert owed == [111_050, 106_050]
        proven(city)


class TestRefused:
    @pytest.mark.parametrize(
        ("columns", "column", "words"),
        [
            ({"Statement": ""}, "Statement", "reference is missing"),
            ({"Account": " "}, "Account", "number of the account is missing"),
            ({"Water": "ten"}, "Water", "not an amount"),
            ({"Water": "-5.00"}, "Water", "less than nothing"),
            ({"Water": "1.005"}, "Water", "digits after the point"),
            ({"Water": "99999999999"}, "Water", "more than one bill"),
            ({"Total due": "5.00"}, "Total due", "The lines come to 1060.50"),
            ({"Due date": "2026-13-01"}, "Due date", "is no day"),
            ({"Due date": "2025-01-01"}, "Due date", "before it was issued"),
            ({"Email": "rosa"}, "Email", "no e-mail address"),
            ({"Name": "4242 4242 4242 4242"}, "Name", "number of a card"),
            ({"Name": "x" * 201}, "Name", "longer than 200"),
        ],
    )
    def test_a_row_with_its_column_and_why(
        self,
        bring: Any,
        tmp_path: Path,
        columns: dict[str, str],
        column: str,
        words: str,
    ) -> None:
        counts = bring(changed(ROW, **columns), changed(ROW, Statement="S9"))
        assert (counts.refused, counts.new) == (1, 1)
        ((line, where, why),) = rejected(tmp_path)
        assert (line, where) == ("2", column)
        assert words in why

    def test_a_number_that_is_taken(self, city: City, bring: Any, tmp_path: Path) -> None:
        from tests.billing.money import bill

        bill(city, number="S1")
        assert bring(ROW).refused == 1
        assert rejected(tmp_path)[0][2] == "There is a bill S1 already."

    def test_a_short_row_and_nothing_to_pay(self, bring: Any, tmp_path: Path) -> None:
        nothing = changed(ROW, Water="", Sewer="", Refuse="", Tax="", Total_due="0")
        counts = bring("S3,1", nothing)
        assert (counts.refused, counts.nothing, counts.new) == (1, 1, 0)

    def test_a_file_without_a_column(self, bring: Any) -> None:
        with pytest.raises(ProfileError, match='no column "Water"'):
            bring(head=HEAD.replace("Water", "H2O"))

    def test_an_empty_file(self, bring: Any, tmp_path: Path) -> None:
        with pytest.raises(FileBroken, match="empty"):
            statements.take_in(
                city=City.objects.get(),
                profile=profiles.load("citations"),
                path=_empty(tmp_path),
                rejects=tmp_path / "r.csv",
                by=system(1),
                now=START,
            )

    def test_a_kind_that_the_city_has_not(self, bring: Any) -> None:
        with pytest.raises(ProfileError, match='no kind of bill "business-tax"'):
            bring(profile="business-tax")


def _empty(folder: Path) -> Path:
    path = folder / "empty.csv"
    path.touch()
    return path


class TestProfiles:
    @pytest.mark.parametrize("name", profiles.names())
    def test_those_that_come_with_it(self, name: str) -> None:
        assert profiles.load(name).lines

    def test_a_mistake_has_its_line(self) -> None:
        text = b"key: x\nname: X\nkind: utility\nref: A\nlines:\n  - {code: a, colum: B, name: {en: A}}\n"
        with pytest.raises(ProfileError, match="colum"):
            profiles.read(text, file="x.yaml")

    def test_citations_are_found_by_plate(self, city: City, bring: Any) -> None:
        head = "Citation,Issued,Due,Plate,State,Fine,Surcharge"
        bring("PC1,02/01/2026,02/22/2026,7abc 123,ca,63.00,12.50", head=head, profile="citations")
        assert Invoice.objects.get().plate == "CA 7ABC123"
