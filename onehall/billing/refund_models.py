"""Rows of money that goes back: refunds with who asked and who approved, and chargebacks."""

from typing import override

from django.db import models


class RefundStatus(models.TextChoices):
    """Where a refund is. Its amount is kept from other refunds unless it was rejected or failed."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"


class Refund(models.Model):
    """Money of one payment given back, line by line."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField()
    payment = models.ForeignKey("billing.Payment", on_delete=models.PROTECT, related_name="refunds")
    status = models.CharField(
        max_length=12, choices=RefundStatus.choices, default=RefundStatus.REQUESTED
    )
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    asked_id = models.BigIntegerField(null=True)
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    decided_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    receipt = models.CharField(max_length=40, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="refund_key_unique_per_city"),
            models.CheckConstraint(
                condition=models.Q(status__in=RefundStatus.values), name="refund_status_known"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_has_an_amount"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="refund_has_a_reason"),
        ]
        indexes = [
            models.Index(
                fields=["city", "asked_at"],
                name="refund_not_final",
                condition=models.Q(status__in=["requested", "approved", "submitted"]),
            )
        ]

    @override
    def __str__(self) -> str:
        return f"refund of {self.payment_id}"


class RefundLine(models.Model):
    """What of a refund is of one line of a bill; without a charge, of the credit or (`of_fee`) the convenience fee.

    `owed_again`: the line is to be paid once more, as when the wrong bill was paid; else it is forgiven.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    charge = models.ForeignKey("billing.Charge", on_delete=models.PROTECT, null=True)
    of_fee = models.BooleanField(default=False)
    owed_again = models.BooleanField(default=False)
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="refund_line_has_an_amount"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.refund_id} {self.amount}"


class Chargeback(models.Model):
    """A payer's bank took money back. Lost, what it paid is owed again."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    payment = models.ForeignKey(
        "billing.Payment", on_delete=models.PROTECT, related_name="chargebacks"
    )
    amount = models.BigIntegerField()
    opened_at = models.DateTimeField()
    outcome = models.CharField(max_length=4, blank=True, help_text="won, lost, or nothing yet.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment"], name="chargeback_once"),
            models.CheckConstraint(
                condition=models.Q(outcome__in=["", "won", "lost"]), name="chargeback_outcome_known"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"chargeback of {self.payment_id}"
