"""The export to the general ledger: its columns are data, strictly read, and closed days are the same bits each time."""

import csv
import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from onehall.billing import closing, exporting, pack, queries, read_export
from onehall.billing.documents import Column, Export
from onehall.billing.errors import BillingRefused
from onehall.billing.models import BillingSetup, DayClose
from tests.billing.money import FIXTURES, START, bill, billing_city, finance, proven

BASE = (FIXTURES / "billing.yaml").read_text(encoding="utf-8")
GOOD = """export:
  rows: lines
  dates: us
  separator: "."
  columns:
    - {name: Journal, text: AR}
    - {name: Fund, field: gl, part: 1}
    - {name: Account, field: gl}
    - {name: Amount, field: amount}
    - {name: Memo, field: memo}
"""


def read(folder: Path, export: str) -> tuple[Any, list[str]]:
    (folder / "billing.yaml").write_text(BASE + export, encoding="utf-8")
    found, problems = pack.read(folder, ["en", "es"], "")
    return found.setup, [str(p) for p in problems]


class TestReading:
    def test_says_rows_dates_and_columns(self, tmp_path: Path) -> None:
        setup, problems = read(tmp_path, GOOD)
        assert problems == []
        assert (setup.export.rows, setup.export.dates, setup.export.separator) == (
            "lines",
            "us",
            ".",
        )
        assert setup.export.columns[1] == Column("Fund", "gl", 1)
        assert read_export.again(read_export.kept(setup.export)) == setup.export

    def test_the_usual_columns_without_it(self, tmp_path: Path) -> None:
        setup, problems = read(tmp_path, "")
        assert problems == []
        assert setup.export == Export() == read_export.again({})

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("rows: lines", "rows: sums", 'A sum has no "memo"'),
            ("dates: us", "dates: soon", '"soon"'),
            ('separator: "."', "separator: xx", "separator"),
            ("{name: Journal, text: AR}", "{name: Journal}", "a field or a text"),
            ("{name: Journal, text: AR}", "{name: Journal, field: nope}", '"nope"'),
            ("{name: Journal, text: AR}", "{name: Fund, text: AR}", "same name"),
            ("field: amount}", "field: memo}", "no account with its amount"),
            ("field: amount}", "field: amount, part: 2}", "Only a code has parts"),
            ("rows: lines", "lines: rows", 'Unknown field "export.lines"'),
        ],
    )
    def test_mistakes_have_their_line(self, tmp_path: Path, old: str, new: str, said: str) -> None:
        assert old in GOOD
        _setup, problems = read(tmp_path, GOOD.replace(old, new))
        assert any(said in p for p in problems), problems
        assert all(p.startswith("billing.yaml:") for p in problems)


@pytest.mark.django_db
class TestWriting:
    def closed(self, city: Any) -> DayClose:
        on = closing.next_day(city, START)
        seen = exporting.made(city, on, on, queries.setup(city).export).sha256
        return closing.close_day(city=city, on=on, seen=seen, by=finance(city), now=START)

    def test_sums_balance_and_stay_as_they_were(self) -> None:
        city = billing_city()
        bill(city, 12_345)
        bill(city, 55)
        day = self.closed(city)
        batch = exporting.batch_of(city=city, first=day.on, last=day.on)
        assert batch.sha256 == day.sha256
        rows = list(csv.DictReader(StringIO(batch.text)))
        assert [(r["Account"], r["Debit"], r["Credit"]) for r in rows] == [
            ("1150", "124.00", ""),
            ("4100", "", "124.00"),
        ]
        # Other columns of the pack are for days that are closed from now on.
        held = BillingSetup.objects.get(city=city)
        held.files["billing.yaml"] += GOOD
        held.save()
        queries.forget()
        assert exporting.batch_of(city=city, first=day.on, last=day.on).text == batch.text
        bill(city, 99)
        assert exporting.batch_of(city=city, first=day.on, last=day.on).text == batch.text
        with pytest.raises(BillingRefused, match="is not closed yet"):
            exporting.batch_of(city=city, first=day.on, last=day.on + dt.timedelta(days=1))
        proven(city)

    def test_lines_with_parts_of_codes_and_nothing_that_a_spreadsheet_runs(self) -> None:
        city = billing_city()
        made = bill(city, 500, number="=1+1")
        export = Export(
            rows="lines",
            dates="plain",
            columns=(
                Column("D", "date"),
                Column("P", "gl", 2),
                Column("A", "amount"),
                Column("M", "memo"),
                Column("T", text="AR"),
            ),
        )
        on = made.issued_on
        rows = list(csv.reader(StringIO(exporting.made(city, on, on, export).text)))
        assert rows[1] == [f"{on:%Y%m%d}", "", "5.00", "'=1+1", "AR"]
        assert rows[2][2] == "-5.00"

    def test_what_is_booked_after_a_close_is_of_the_next_day(self) -> None:
        city = billing_city()
        bill(city)
        day = self.closed(city)
        later = bill(city)
        assert later.issued_on == day.on + dt.timedelta(days=1)
        with pytest.raises(BillingRefused, match="not opened again"):
            closing.close_day(city=city, on=day.on, seen="", by=finance(city), now=START)
        with pytest.raises(BillingRefused, match="has not come"):
            closing.close_day(city=city, on=later.issued_on, seen="", by=finance(city), now=START)
