"""Rows of payment plans: what was agreed, when it ended and why, what was asked for. What is paid is the ledger's to say."""

from typing import override

from django.db import models

from onehall.billing.documents import EVERY, MISSED


class PlanRequest(models.Model):
    """Somebody asked to pay a bill in parts where staff decide. Decided once, in words."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField(help_text="Made by the form, so that a double tap asks once.")
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.PROTECT, related_name="plan_requests"
    )
    count = models.PositiveSmallIntegerField()
    every = models.CharField(max_length=12)
    words = models.CharField(max_length=1000, blank=True)
    email = models.CharField(max_length=254)
    language = models.CharField(max_length=12, default="en")
    consent = models.CharField(max_length=20, help_text="The version of the text agreed to.")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    approved = models.BooleanField(null=True)
    answer = models.CharField(max_length=1000, blank=True)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="plan_request_key_unique"),
            models.UniqueConstraint(
                fields=["invoice"],
                name="plan_request_one_open_for_a_bill",
                condition=models.Q(decided_at=None),
            ),
            models.CheckConstraint(
                condition=models.Q(every__in=EVERY), name="plan_request_every_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at=None, approved=None)
                | models.Q(decided_at__isnull=False, approved__isnull=False),
                name="plan_request_decided_one_way",
            ),
            models.CheckConstraint(
                condition=~models.Q(approved=False) | ~models.Q(answer=""),
                name="plan_request_refused_in_words",
            ),
        ]
        indexes = [
            models.Index(
                fields=["city", "asked_at", "id"],
                name="plan_request_open",
                condition=models.Q(decided_at=None),
            )
        ]

    @override
    def __str__(self) -> str:
        return f"plan asked for {self.invoice_id}"


class PaymentPlan(models.Model):
    """One bill paid in parts. The terms are those of its start; only its end is written later, once.

    `mark` is the last allocation to the bill before it: what came after it is paid within the plan.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField(help_text="Made by the form, so that a double tap makes one plan.")
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="plans")
    request = models.OneToOneField(
        PlanRequest, on_delete=models.PROTECT, null=True, related_name="plan"
    )
    follows = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="followed"
    )
    amount = models.BigIntegerField(help_text="What was owed at the start, the plan's fee with it.")
    every = models.CharField(max_length=12)
    grace_days = models.PositiveSmallIntegerField()
    missed = models.CharField(max_length=8, help_text="What a missed instalment means.")
    less = models.BooleanField(default=False)
    mark = models.BigIntegerField(default=0)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=12, default="en")
    consent = models.CharField(
        max_length=20, blank=True, help_text="The version of the text agreed to; none by staff."
    )
    consented_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    started_on = models.DateField()
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    by_roles = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    ended = models.CharField(max_length=8, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    end_mark = models.BigIntegerField(null=True, help_text="The last allocation before its end.")
    end_by_id = models.BigIntegerField(null=True)
    end_by_name = models.CharField(max_length=120, blank=True)
    end_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="plan_key_unique_per_city"),
            models.UniqueConstraint(
                fields=["invoice"],
                name="plan_one_running_for_a_bill",
                condition=models.Q(ended_at=None),
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="plan_has_an_amount"),
            models.CheckConstraint(condition=models.Q(every__in=EVERY), name="plan_every_known"),
            models.CheckConstraint(condition=models.Q(missed__in=MISSED), name="plan_missed_known"),
            models.CheckConstraint(
                condition=models.Q(ended="", ended_at=None, ended_on=None)
                | models.Q(
                    ended__in=["broken", "ended"], ended_at__isnull=False, ended_on__isnull=False
                )
                & ~models.Q(end_reason=""),
                name="plan_ended_in_words",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="plan_newest"),
            models.Index(
                fields=["city", "id"], name="plan_running", condition=models.Q(ended_at=None)
            ),
            models.Index(
                fields=["city", "ended", "-id"],
                name="plan_ended",
                condition=models.Q(ended_at__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"plan of {self.invoice_id}"


class Instalment(models.Model):
    """One part of a plan as it was agreed. Never changed: what changes the debt is worked in when it is read."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    plan = models.ForeignKey(
        PaymentPlan, on_delete=models.PROTECT, db_index=False, related_name="instalments"
    )
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="instalment_number_once"),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0), name="instalment_has_an_amount"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.plan_id} {self.number}"


class PlanPause(models.Model):
    """Since a day a plan stands still, for as long as the case is open in which its bill is contested."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    plan = models.ForeignKey(
        PaymentPlan, on_delete=models.PROTECT, db_index=False, related_name="pauses"
    )
    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="+")
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "case"], name="plan_pause_once_for_a_case")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.plan_id} since {self.since}"
