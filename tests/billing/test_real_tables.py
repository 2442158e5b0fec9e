"""Three published fee tables as schedules: every worked example comes out to the cent."""

import json
from datetime import date
from pathlib import Path

import pytest

from onehall.billing import pack
from onehall.billing.fees import quoting
from onehall.billing.fees.documents import FeeRefused
from onehall.kernel import money
from tests.shared_data import shared
from tools import fee_tables

TABLES = "permits/fee-schedules.json"


def test_every_worked_example_comes_out(tmp_path: Path) -> None:
    source = shared(TABLES)
    fee_tables.write(source, tmp_path)
    schedules, problems = pack.read_alone(tmp_path)
    assert problems == []
    seen = 0
    for table in json.loads(source.read_text(encoding="utf-8"))["schedules"]:
        schedule = schedules[table["id"]]
        for row in table["worked_examples"]:
            seen += 1
            try:
                found = quoting.quote(schedule, date(2026, 1, 1), {"valuation": row["valuation"]})
            except FeeRefused:
                assert row["permit_fee"] is None, row
                continue
            permit = next(line for line in found.lines if line.code == "permit")
            assert money.plain(permit.amount, "USD") == row["permit_fee"], row
    assert seen == 66


def test_a_wrong_figure_in_a_table_is_found(tmp_path: Path) -> None:
    doc = json.loads(shared(TABLES).read_text(encoding="utf-8"))
    doc["schedules"][0]["tiers"][3]["base_fee"] = "391.25"
    wrong = tmp_path / "tables.json"
    wrong.write_text(json.dumps(doc), encoding="utf-8")
    fee_tables.write(wrong, tmp_path)
    _schedules, problems = pack.read_alone(tmp_path)
    # 25,001, 49,999.50 and 50,000 lie in the tier.
    assert [p.message for p in problems] == [
        '"permit" comes to 401.35, not 401.85.',
        '"permit" comes to 643.75, not 644.25.',
        '"permit" comes to 643.75, not 644.25.',
    ]


def test_what_it_cannot_write_is_refused() -> None:
    with pytest.raises(fee_tables.UnknownTable, match="no known kind"):
        fee_tables.further_of({"name": "By weight", "rate_per_ton": "3.00"})
