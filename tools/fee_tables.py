"""Turns transcribed fee tables into fee schedules of a pack: `python tools/fee_tables.py TABLES.json OUT_DIR`.

A table has tiers `over < valuation <= up_to` with a base fee and a fee for each started amount above `over`, further
fees (a percentage of the permit's, hours at a rate, tiers with a rate of the valuation, a least permit fee), and worked
examples; an example without a fee is one that the table does not answer. Each becomes `OUT_DIR/fees/<id>.yaml`, read and
worked out by `onehall fees check OUT_DIR`. The tables are not part of the repository, and neither is what comes out.
"""

import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

# Run as a script, only this folder is on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from onehall.kernel.yamlfile import dump

type Doc = dict[str, Any]

VALUATION: Final = "valuation"
BEGINS: Final = "2000-01-01"
"""The tables have no dates: one version, from before any case."""


class UnknownTable(ValueError):
    """A part of a table that this does not know how to write."""


def key_of(name: str) -> str:
    """A name as a key: "Plan check" is "plan-check"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def tier_of(row: Doc) -> Doc:
    """One tier of the permit fee."""
    tier: Doc = {"from": row["over"], "to": row["up_to"], "amount": row["base_fee"]}
    if row["per_amount"] is not None:
        tier |= {"each": row["per_fee"], "per": row["per_amount"]}
    return {name: value for name, value in tier.items() if value is not None}


def permit_of(table: Doc) -> Doc:
    """The permit fee. A table that counts parts of its amounts otherwise than whole is refused."""
    if not all(row["fraction_counts_as_whole"] for row in table["tiers"]):
        raise UnknownTable(f"{table['id']}: parts of an amount that do not count whole.")
    fee: Doc = {
        "code": "permit", "name": "Permit", "type": "tiered", "of": VALUATION,
        "method": "stepped", "edge": "below", "parts": "started",
        "tiers": [tier_of(row) for row in table["tiers"]],
    }  # fmt: skip
    for more in table["additional"]:
        if "amount" in more:
            fee["minimum"] = more["amount"]
    return fee


def further_of(more: Doc) -> tuple[Doc | None, Doc]:
    """One further fee, and the inputs that it needs; no fee for the least permit fee."""
    fee: Doc = {"code": key_of(more["name"]), "name": more["name"]}
    if "percent_of_permit_fee" in more:
        return fee | {
            "type": "percent",
            "of": ["permit"],
            "percent": more["percent_of_permit_fee"],
        }, {}
    if "rate_per_hour" in more:
        hours = fee["code"].replace("-", "_") + "_hours"
        fee |= {"type": "time", "of": hours, "amount": more["rate_per_hour"]}
        if "minimum_hours" in more:
            fee["minimum_hours"] = more["minimum_hours"]
        fee["when"] = {"gt": [hours, 0]}
        name = f"Hours: {more['name'].lower()}"
        return fee, {hours: {"kind": "number", "name": name, "default": 0}}
    if more.get("type") == "valuation tiers":
        tiers = [
            {
                "from": row["over"], "to": row["up_to"], "amount": row["base"],
                "percent": f"{(Decimal(row['rate']) * 100).normalize():f}",
            }
            for row in more["tiers"]
        ]  # fmt: skip
        return fee | {
            "type": "tiered", "of": VALUATION, "method": "stepped", "edge": "below", "tiers": tiers,
        }, {}  # fmt: skip
    if "amount" in more:
        return None, {}
    raise UnknownTable(f"The fee {more['name']!r} is of no known kind.")


def example_of(row: Doc) -> Doc:
    """What a valuation must come to; that it is refused where the table is silent."""
    given = {"given": {VALUATION: row["valuation"]}}
    if row["permit_fee"] is None:
        return given | {"refused": True}
    return given | {"lines": {"permit": row["permit_fee"]}}


def schedule_of(table: Doc) -> Doc:
    """A whole table as the document of a fee schedule."""
    fees, inputs = [permit_of(table)], {VALUATION: {"kind": "amount", "name": "Valuation"}}
    for more in table["additional"]:
        fee, needed = further_of(more)
        fees += [fee] if fee else []
        inputs |= needed
    examples = [example_of(row) for row in table["worked_examples"]]
    return {
        "key": table["id"], "name": table["jurisdiction"], "currency": "USD", "basis": "current",
        "rounding": {"mode": "half_up"}, "inputs": inputs,
        "versions": [{"from": BEGINS, "fees": fees, "examples": examples}],
    }  # fmt: skip


def write(tables: Path, out: Path) -> list[Path]:
    """Writes a schedule for each table; the files."""
    folder = out / "fees"
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for table in json.loads(tables.read_text(encoding="utf-8"))["schedules"]:
        path = folder / f"{table['id']}.yaml"
        path.write_text(dump(schedule_of(table)), encoding="utf-8")
        found.append(path)
    return found


def main() -> None:
    """Writes the files and names them."""
    for path in write(Path(sys.argv[1]), Path(sys.argv[2])):
        print(path)


if __name__ == "__main__":
    main()
