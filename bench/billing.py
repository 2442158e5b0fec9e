"""How fast bills are taken in, paid, found and proven: prints one JSON line per measurement.

`python -m bench.billing [--statements 1000000] [--times 300]` applies the made-up city to a durable scratch server of
its own, imports 100,000 statements, then as many as asked for, and measures on them: settling an attempt at a provider
in memory, the look-ups of residents, the aging of what is owed, and the proof of the journal.
"""

import argparse
import csv
import datetime as dt
import json
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import database

if TYPE_CHECKING:
    from onehall.places.models import City

FIRST = 100_000
LOOKED_AT = 2_000
HEAD = (
    "Statement", "Account", "Name", "ZIP", "Service address", "Email", "Bill date", "Due date", "From", "To",
    "Minimum", "Total due", "Previous balance", "Water", "Sewer", "Refuse", "Tax",
)  # fmt: skip
CITATION = ("Citation", "Issued", "Due", "Plate", "State", "Fine", "Surcharge")


def say(**figures: Any) -> None:
    """One line of JSON."""
    print(json.dumps(figures), flush=True)


def rows(first: int, count: int, dice: random.Random) -> Iterator[list[str]]:
    """Statements of accounts that have one each; half of them with two lines, half with three."""
    for n in range(first, first + count):
        day = dt.date(2026, 11, 1) - dt.timedelta(days=n % 300)
        amounts = [dice.randrange(2_000, 30_000), dice.randrange(1_000, 9_000)]
        amounts.append(dice.randrange(1_500, 6_000) if n % 2 else 0)
        water, sewer, refuse = (f"{a / 100:.2f}" for a in amounts)
        total = f"{sum(amounts) / 100:.2f}"
        yield [
            f"S{n:08d}", f"{n:08d}", f"Resident {n}", f"9{n % 10_000:04d}", f"{n % 9_999} Elm Street", "",
            day.isoformat(), (day + dt.timedelta(days=25)).isoformat(), "", "", "", total, "0", water, sewer, refuse, "0",
        ]  # fmt: skip


def citations(count: int) -> Iterator[list[str]]:
    """Citations, each of a plate of its own."""
    for n in range(count):
        yield [f"PC-{n:07d}", "10/01/2026", "10/22/2026", f"{n:07d}", "CA", "63.00", "12.50"]


def taken_in(city: "City", profile: str, head: tuple[str, ...], body: Iterator[list[str]]) -> float:
    """Write a file, take it in; the seconds of the second."""
    from onehall.billing.importing import profile as profiles
    from onehall.billing.importing import statements
    from onehall.kernel import clock
    from onehall.people.actor import system

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bills.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(head)
            writer.writerows(body)
        begin = time.perf_counter()
        counts = statements.take_in(
            city=city,
            profile=profiles.load(profile),
            path=file,
            rejects=Path(folder) / "rejects.csv",
            by=system(city.pk),
            now=clock.now(),
        )
        took = time.perf_counter() - begin
    assert counts.new + counts.known == counts.rows, counts
    return took


def measured(what: str, act: Callable[[], object], times: int, **facts: Any) -> None:
    """Run an act many times and print its percentiles, in milliseconds."""
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        took.append((time.perf_counter() - begin) * 1000)
    cuts = statistics.quantiles(took, n=100)
    p50, p95 = round(cuts[49], 2), round(cuts[94], 2)
    say(what=what, n=times, p50_ms=p50, p95_ms=p95, max_ms=round(max(took), 2), **facts)


def imports(city: "City", wanted: int) -> None:
    """The first hundred thousand, the same file again, then the rest."""
    dice = random.Random(1)
    took = taken_in(city, "utility-statements", HEAD, rows(0, FIRST, dice))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    load = round(os.getloadavg()[0], 1)
    say(what="import of statements", rows=FIRST, seconds=round(took, 1), peak_mb=peak, load=load)
    again = taken_in(city, "utility-statements", HEAD, rows(0, FIRST, random.Random(1)))
    say(what="the same file again", rows=FIRST, seconds=round(again, 1))
    for first in range(FIRST, wanted, FIRST):
        count = min(FIRST, wanted - first)
        took = taken_in(city, "utility-statements", HEAD, rows(first, count, dice))
    say(
        what="import of the last of them",
        rows=count if wanted > FIRST else 0,
        seconds=round(took, 1),
    )
    taken_in(city, "citations", CITATION, citations(FIRST // 2))


def settling(city: "City", times: int) -> None:
    """Attempts begun beforehand, then settled one after the other; with the fetch from a provider in memory."""
    import uuid

    from onehall.billing import attempts, queries
    from onehall.billing import settling as billing
    from onehall.billing.attempts import Wanted
    from onehall.billing.models import Invoice
    from onehall.kernel import clock
    from tests.billing.money import WAYS, Provider

    provider, setup = Provider(), queries.setup(city)
    waiting = []
    bills = Invoice.objects.filter(city=city, kind="utility", owed__gt=0).order_by("-id")[
        : times * 2
    ]
    for invoice in list(bills)[::2]:
        amounts = {invoice.pk: invoice.owed}
        fee = attempts.fee_for(setup, [invoice], amounts, "card")
        wanted = Wanted(
            key=uuid.uuid4(), amounts=amounts, method="card", fee=fee, email="rosa@example.org"
        )
        attempt = attempts.begin(city=city, wanted=wanted, now=clock.now())
        attempt = attempts.send_off(attempt=attempt, gateway=provider, ways=WAYS, now=clock.now())
        provider.pays(attempt)
        waiting.append(attempt)
    queue, done = iter(waiting), []

    def settle() -> None:
        attempt = next(queue)
        done.append(
            billing.settle(city=city, attempt=attempt, gateway=provider, now=clock.now()).status
        )

    measured("settle, with the receipt's mail queued", settle, len(waiting), invoices=_count())
    assert set(done) == {"succeeded"}
    again = iter(waiting)
    measured(
        "settle again",
        lambda: billing.settle(city=city, attempt=next(again), gateway=provider, now=clock.now()),
        len(waiting),
    )


def _count() -> int:
    from onehall.billing.models import Invoice

    return Invoice.objects.count()


def looking_up(city: "City") -> None:
    """The questions behind the residents' look-ups: a hit every second time."""
    from onehall.billing import queries
    from onehall.billing.looking_up import Found, find
    from onehall.billing.models import Invoice

    kinds = queries.setup(city).kinds
    dice = random.Random(2)
    some = list(
        Invoice.objects.filter(
            city=city, pk__in=dice.sample(_keys(city), LOOKED_AT)
        ).select_related("account")
    )
    pick = iter(some * 4)

    def looked_up(kind: str, way: str, first: str, second: str) -> Found:
        return find(
            city=city, kind=kinds[kind], way=way, first=first, second=second, currency="USD"
        )

    def by_account() -> Found:
        bill = next(pick)
        assert bill.account
        number = bill.account.number if dice.random() < 0.5 else f"9{bill.account.number}"
        return looked_up("utility", "account", number, bill.account.postcode)

    def by_code() -> Found:
        bill = next(pick)
        code = bill.access_code if dice.random() < 0.5 else "WRONG234"
        return looked_up("utility", "code", bill.number, code)

    def by_plate() -> Found:
        return looked_up("citation", "plate", "CA", f"{dice.randrange(FIRST):07d}")

    measured("look-up by account and postcode", by_account, LOOKED_AT)
    measured("look-up by number and code", by_code, LOOKED_AT)
    measured("look-up by plate", by_plate, LOOKED_AT)


def _keys(city: "City") -> list[int]:
    from onehall.billing.models import Invoice

    rows = Invoice.objects.filter(city=city, kind="utility").order_by("-id")
    return list(rows.values_list("pk", flat=True)[: LOOKED_AT * 20])


def aging(city: "City") -> None:
    """What is owed, by kind and by how long it is overdue: one question over every open bill."""
    from django.db import connection

    sql = """
SELECT kind, CASE WHEN due_on >= %s THEN 0 WHEN due_on >= %s::date - 30 THEN 1 WHEN due_on >= %s::date - 60 THEN 2
  WHEN due_on >= %s::date - 90 THEN 3 ELSE 4 END, count(*), sum(owed)
FROM billing_invoice WHERE city_id = %s AND owed > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""
    today = dt.date(2026, 11, 27)

    def ask() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, [today, today, today, today, city.pk])
            return list(cursor.fetchall())

    measured("aging of everything that is owed", ask, 5, invoices=_count())


def proving(city: "City") -> None:
    """The proof as the nightly job runs it, and that it sees a fault."""
    from django.db import connection

    from onehall.billing import proof
    from onehall.kernel import clock

    for _ in range(2):
        found = proof.prove(city=city, now=clock.now())
        say(
            what="proof",
            entries=found.entries,
            lines=found.lines,
            seconds=found.seconds,
            faults=len(found.faults),
        )
        assert not found.faults, found.faults
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_charge SET owed = owed + 1 WHERE id = (SELECT max(id) FROM billing_charge)"
        )
    faults = proof.prove(city=city, now=clock.now()).faults
    say(what="a cent put wrong by hand", faults=list(faults))
    assert len(faults) == 2


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=300)
    asked = parser.parse_args()
    with database.migrated():
        from django.db import connection

        from onehall.cli import city as city_commands
        from onehall.cli.demo_city import PACK

        city = city_commands.apply(PACK, with_staff=True)
        imports(city, asked.statements)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        settling(city, asked.times)
        looking_up(city)
        aging(city)
        proving(city)


if __name__ == "__main__":
    main()
