"""Takes a file of statements in, some thousand rows at a time: each row is a bill, known, corrected, or refused.

A batch is one transaction. Killed at any moment, the same command goes over what is there and writes the rest: a
statement is known by its reference.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from onehall.billing import posting, queries
from onehall.billing.importing import storing
from onehall.billing.importing.batch import Batch, held_bills
from onehall.billing.importing.batch import Counts as Counts
from onehall.billing.importing.profile import Profile, ProfileError
from onehall.billing.importing.rejects import Rejects
from onehall.billing.importing.rows import Reader, Record, RowRefused, Statement, Understanding
from onehall.billing.importing.storing import Where
from onehall.people.actor import Actor
from onehall.places.models import City

BATCH: Final = 4_000
_TABLES: Final = (
    "billing_account, billing_invoice, billing_charge, billing_journalentry, billing_journalline"
)


class DryRun(Exception):
    """Ends the transaction of a batch that is only looked at."""


def take_in(
    *,
    city: City,
    profile: Profile,
    path: Path,
    rejects: Path,
    by: Actor,
    now: datetime,
    dry_run: bool = False,
    batch: int = BATCH,
    progress: Callable[[int, int, Counts], None] = lambda _position, _size, _counts: None,
) -> Counts:
    """Take a file in; what is refused goes to `rejects` with line, column and words. Not inside a transaction.

    ProfileError when the profile does not fit the city or the file, `FileBroken` when the file ends early: what was
    committed until then stays.
    """
    setup = queries.setup(city)
    if profile.kind not in setup.kinds:
        known = ", ".join(setup.kinds)
        raise ProfileError(f'The city has no kind of bill "{profile.kind}". It has: {known}.')
    with Reader(path, profile) as reader, Rejects(rejects, reader.header) as refused:
        run = _Run(city, profile, by, now, refused, dry_run=dry_run)
        understand = Understanding(profile, reader.header, setup.currency)
        for some in _batches(reader.records(), understand, run, batch):
            run.store(some)
            progress(reader.position, reader.size, run.counts)
        refused.flush()
    if not dry_run and run.counts.new:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {_TABLES}")
    return run.counts


def _batches(
    records: Iterable[Record],
    understand: Understanding,
    run: "_Run",
    size: int,
) -> Iterator[list[Statement]]:
    """Statements in the order of the file; a batch holds each reference and, where balances go over, each account once."""
    some: list[Statement] = []
    seen: set[str] = set()
    for found in records:
        said = run.understood(understand, found)
        if said is None:
            continue
        names = {said.ref}
        if run.profile.balance:
            # No reference of a profile begins like that: its own begins with its source.
            names.add(f"\t{said.account['number']}")
        if len(some) >= size or names & seen:
            yield some
            some, seen = [], set()
        some.append(said)
        seen |= names
    yield some


class _Run:
    """One file on its way in."""

    def __init__(
        self,
        city: City,
        profile: Profile,
        by: Actor,
        now: datetime,
        rejects: Rejects,
        *,
        dry_run: bool,
    ) -> None:
        self.city, self.profile, self.by, self.now = city, profile, by, now
        self.rejects, self.dry_run = rejects, dry_run
        self.counts = Counts()

    def understood(self, understand: Understanding, found: Record) -> Statement | None:
        """A statement with something to pay; None for a row that was counted otherwise."""
        self.counts.rows += 1
        try:
            return understand.statement(found)
        except RowRefused as no:
            self.refuse(found, no)
            return None

    def refuse(self, record: Record, no: RowRefused) -> None:
        """Note a row that is not taken in."""
        self.counts.refused += 1
        self.counts.reasons[f"{no.column}: {no}" if no.column else str(no)] += 1
        self.rejects.add(record, no)

    def store(self, some: Sequence[Statement]) -> None:
        """One batch, in a transaction; taken back again where nothing is to be changed."""
        if not some:
            return
        with suppress(DryRun), transaction.atomic():
            self._store(some)
            if self.dry_run:
                raise DryRun
        self.rejects.flush()

    def _store(self, some: Sequence[Statement]) -> None:
        setup = queries.setup(self.city)
        where = Where(
            city=self.city,
            setup=setup,
            profile=self.profile,
            on=posting.business_day(self.city, self.now),
            now=self.now,
            by=self.by,
        )
        accounts = storing.keep_accounts(
            where, {s.account["number"]: s.account for s in some if s.account}
        )
        batch = Batch(self, where, accounts, held_bills(where, some, accounts))
        batch.sort(some)
        batch.write()
