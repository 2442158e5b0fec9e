"""Rows of the journal: double entry, append-only. The database refuses an entry that does not sum to nought."""

from typing import override

from django.db import models


class EntryKind(models.TextChoices):
    """What happened."""

    BILLED = "billed"
    ADJUSTED = "adjusted"
    PAID = "paid"
    APPLIED = "applied"
    REFUNDED = "refunded"
    RETURNED = "returned"
    DISPUTED = "disputed"
    DISPUTE_ENDED = "dispute_ended"
    DEPOSITED = "deposited"
    PAYOUT = "payout"


class JournalEntry(models.Model):
    """One thing that happened to money. `on` is the business day where the city is, `at` the moment."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=16, choices=EntryKind.choices)
    key = models.CharField(max_length=120, help_text="Makes what is done twice one entry.")
    on = models.DateField()
    at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    memo = models.CharField(max_length=200, blank=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="journal_key_unique_per_city"),
            models.CheckConstraint(
                condition=models.Q(kind__in=EntryKind.values), name="journal_kind_known"
            ),
        ]
        indexes = [models.Index(fields=["city", "on", "id"], name="journal_of_a_day")]

    @override
    def __str__(self) -> str:
        return self.key


class JournalLine(models.Model):
    """One side of an entry: debits are positive, credits negative.

    `account` says what the amount is to the program (`ledger.Book`), `gl` where the city's own books put it.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=20)
    gl = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    charge = models.ForeignKey(
        "billing.Charge", on_delete=models.PROTECT, null=True, db_index=False, related_name="lines"
    )
    payment = models.ForeignKey(
        "billing.Payment",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="lines",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="journal_line_has_an_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(account="receivable", charge__isnull=False)
                | ~models.Q(account="receivable"),
                name="journal_receivable_names_its_charge",
            ),
        ]
        indexes = [
            models.Index(
                fields=["charge"],
                name="journal_lines_of_charge",
                condition=models.Q(charge__isnull=False),
            ),
            models.Index(
                fields=["payment"],
                name="journal_lines_of_payment",
                condition=models.Q(payment__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
