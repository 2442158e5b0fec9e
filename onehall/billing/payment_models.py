"""Rows of paying: attempts at a provider, money that came in, what it was shared out to, and what needs a look."""

from typing import override

from django.db import models
from django.db.models.functions import Upper


class AttemptStatus(models.TextChoices):
    """Where an attempt is. Final but for `needs_review`: a late success becomes a payment of its own all the same."""

    CREATED = "created"
    REDIRECTED = "redirected"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NEEDS_REVIEW = "needs_review"


class PaymentMethod(models.TextChoices):
    """What somebody paid with."""

    CARD = "card"
    ACH = "ach"
    CASH = "cash"
    CHECK = "check"
    TRANSFER = "transfer"


class Attempt(models.Model):
    """Somebody went to a provider to pay: amounts as they were then. `fee` is the convenience fee within `amount`."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField(help_text="Our reference at the provider, and the idempotency key.")
    status = models.CharField(
        max_length=12, choices=AttemptStatus.choices, default=AttemptStatus.CREATED
    )
    method = models.CharField(max_length=8, choices=PaymentMethod.choices)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20)
    provider_ref = models.CharField(max_length=120, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=12, default="en")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], name="attempt_key_unique"),
            models.UniqueConstraint(
                fields=["city", "provider", "provider_ref"],
                name="attempt_of_a_checkout_once",
                condition=~models.Q(provider_ref=""),
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=AttemptStatus.values), name="attempt_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, fee__gte=0, fee__lt=models.F("amount")),
                name="attempt_amounts_make_sense",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                name="attempt_not_final",
                condition=models.Q(status__in=["created", "redirected", "processing"]),
            ),
            models.Index(fields=["city", "-created_at", "-id"], name="attempt_newest"),
        ]

    @override
    def __str__(self) -> str:
        return str(self.key)


class AttemptPart(models.Model):
    """What an attempt means to pay of one bill. While it is `open`, no other attempt at that bill can be made."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.CASCADE, related_name="parts")
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="parts")
    amount = models.BigIntegerField()
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                name="attempt_one_open_for_a_bill",
                condition=models.Q(open=True),
            ),
            models.UniqueConstraint(
                fields=["attempt", "invoice"], name="attempt_names_a_bill_once"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="attempt_part_has_an_amount"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.attempt_id} {self.invoice_id}"


class Payment(models.Model):
    """Money that came in. `amount` holds the convenience fee `fee`; what no bill took is credit, in the journal."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField(help_text="Made by the form, so that a double tap is one payment.")
    token = models.CharField(max_length=32, help_text="The secret of its receipt's page.")
    receipt = models.CharField(max_length=40)
    attempt = models.OneToOneField(
        Attempt, on_delete=models.PROTECT, null=True, related_name="payment"
    )
    drawer = models.ForeignKey(
        "billing.Drawer", on_delete=models.PROTECT, null=True, related_name="payments"
    )
    method = models.CharField(max_length=8, choices=PaymentMethod.choices)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(
        default=0, help_text="What no bill took, and is not given back."
    )
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20, blank=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=60, blank=True, help_text="A check's number and such.")
    brand = models.CharField(max_length=20, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    name = models.CharField(max_length=200, blank=True)
    sought = models.GeneratedField(
        expression=Upper("name"),
        output_field=models.CharField(max_length=200, db_collation="C"),
        db_persist=True,
    )
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=12, default="en")
    received_at = models.DateTimeField()
    on = models.DateField()
    returned_at = models.DateTimeField(null=True, help_text="A check or transfer that bounced.")
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="payment_key_unique_per_city"),
            models.UniqueConstraint(fields=["city", "receipt"], name="payment_receipt_unique"),
            models.UniqueConstraint(fields=["token"], name="payment_token_unique"),
            models.UniqueConstraint(
                fields=["city", "provider", "provider_ref"],
                name="payment_of_a_provider_once",
                condition=~models.Q(provider_ref=""),
            ),
            models.CheckConstraint(
                condition=models.Q(method__in=PaymentMethod.values), name="payment_method_known"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, fee__gte=0, credit__gte=0),
                name="payment_amounts_make_sense",
            ),
            models.CheckConstraint(
                condition=~models.Q(method="cash") | models.Q(drawer__isnull=False),
                name="payment_cash_is_in_a_drawer",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "on", "id"], name="payment_of_a_day"),
            models.Index(fields=["city", "-id"], name="payment_newest"),
            models.Index(
                fields=["city", "last4", "amount"],
                name="payment_of_a_card",
                condition=~models.Q(last4=""),
            ),
            models.Index(fields=["city", "sought"], name="payment_name_begins"),
        ]

    @override
    def __str__(self) -> str:
        return self.receipt


class Allocation(models.Model):
    """What of a payment went to one line of a bill; taken back by a negative one. Only grows."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    charge = models.ForeignKey(
        "billing.Charge", on_delete=models.PROTECT, related_name="allocations"
    )
    entry = models.ForeignKey(
        "billing.JournalEntry", on_delete=models.PROTECT, related_name="allocations"
    )
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="allocation_has_an_amount")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.payment_id} {self.charge_id}"


class ProviderEvent(models.Model):
    """One webhook, as it came. That it is kept twice is what its unique name prevents."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    checkout_ref = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    payment_ref = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "provider", "event_id"], name="provider_event_once"
            )
        ]
        indexes = [models.Index(fields=["city", "-received_at"], name="provider_event_newest")]

    @override
    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"


class PaymentException(models.Model):
    """Money that somebody of finance has to look at: late, unmatched, of another amount, taken back."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=24)
    ref = models.CharField(max_length=120)
    amount = models.BigIntegerField(default=0)
    note = models.CharField(max_length=500)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="exceptions"
    )
    attempt = models.ForeignKey(
        Attempt, on_delete=models.PROTECT, null=True, related_name="exceptions"
    )
    at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=500, blank=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "kind", "ref"], name="payment_exception_once"),
            models.CheckConstraint(
                condition=models.Q(resolved_at=None) | ~models.Q(resolution=""),
                name="payment_exception_resolved_in_words",
            ),
        ]
        indexes = [
            models.Index(
                fields=["city", "-at"],
                name="payment_exception_open",
                condition=models.Q(resolved_at=None),
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
