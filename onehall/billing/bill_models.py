"""Rows of what is owed: how a city bills, accounts, bills and their lines, and what was changed on them."""

from typing import override

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Upper


def _plain(field: str) -> Func:
    """A number as it is compared, worked out by the database: see `rules.plain_number`."""
    bare = Func(
        Upper(F(field)),
        Value("[^0-9A-Z]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=models.CharField(max_length=40),
    )
    return Func(
        bare,
        Value("O"),
        Value("0"),
        function="translate",
        output_field=models.CharField(max_length=40),
    )


class BillingSetup(models.Model):
    """How a city bills: `billing.yaml` and the fee schedules as they were checked. Without that file nothing can be paid."""

    city = models.OneToOneField("places.City", on_delete=models.CASCADE, related_name="billing")
    files = models.JSONField(default=dict, help_text="The text of each file, by its path.")
    closed_through = models.DateField(
        null=True, help_text="The last day that is closed; entries are of later days."
    )

    @override
    def __str__(self) -> str:
        return f"billing of {self.city_id}"


class Series(models.Model):
    """The next number of a series without gaps: receipts, and bills of the city's own."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    next = models.BigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="series_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.key} {self.next}"


class Account(models.Model):
    """Somebody's account with the city for one kind of bill: water, refuse, a business."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=60)
    number = models.CharField(max_length=40)
    plain = models.GeneratedField(
        expression=_plain("number"),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )
    name = models.CharField(max_length=200)
    sought = models.GeneratedField(
        expression=Upper("name"),
        output_field=models.CharField(max_length=200, db_collation="C"),
        db_persist=True,
    )
    postcode = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "kind", "number"], name="account_number_unique_per_kind"
            )
        ]
        indexes = [
            models.Index(fields=["city", "plain"], name="account_number_typed"),
            models.Index(fields=["city", "sought"], name="account_name_begins"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class Invoice(models.Model):
    """One bill. Its status is worked out from what the journal says is owed on it, and from the day."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=60)
    number = models.CharField(max_length=40)
    plain = models.GeneratedField(
        expression=_plain("number"),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )
    token = models.CharField(max_length=32, help_text="The secret of its page: pay-by-link.")
    access_code = models.CharField(max_length=12, help_text="Printed on it, for looking it up.")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, related_name="invoices"
    )
    case = models.ForeignKey(
        "casework.Case", on_delete=models.PROTECT, null=True, related_name="invoices"
    )
    disputed = models.ForeignKey(
        "casework.Case",
        on_delete=models.PROTECT,
        null=True,
        related_name="disputed_invoices",
        help_text="Where it is contested: while that case is open, no penalty is added.",
    )
    plan = models.ForeignKey(
        "billing.PaymentPlan",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="By which it is paid in parts; none once that ended.",
    )
    stood_days = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="For how long ended plans kept its penalties from going on.",
    )
    source = models.CharField(max_length=20, help_text="own, import or api.")
    source_ref = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=200, blank=True)
    sought = models.GeneratedField(
        expression=Upper("name"),
        output_field=models.CharField(max_length=200, db_collation="C"),
        db_persist=True,
    )
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=12, default="en")
    plate = models.CharField(max_length=20, blank=True, help_text='State and plate: "CA 7ABC123".')
    words = models.JSONField(default=dict, help_text="What it is for, by language.")
    issued_on = models.DateField()
    due_on = models.DateField()
    period_from = models.DateField(null=True)
    period_to = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    minimum = models.BigIntegerField(default=0, help_text="The least that may be paid at once.")
    billed = models.BigIntegerField(default=0, help_text="Its lines with all adjustments.")
    owed = models.BigIntegerField(default=0)
    voided_at = models.DateTimeField(null=True)
    penalized = models.PositiveSmallIntegerField(
        default=0, help_text="How many steps of the kind's penalties are on it."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "number"], name="invoice_number_unique_per_city"
            ),
            models.UniqueConstraint(fields=["token"], name="invoice_token_unique"),
            models.UniqueConstraint(
                fields=["city", "source", "source_ref"],
                name="invoice_of_a_source_once",
                condition=~models.Q(source_ref=""),
            ),
            models.CheckConstraint(
                condition=models.Q(owed__gte=0), name="invoice_is_never_overpaid"
            ),
            models.CheckConstraint(
                condition=models.Q(owed__lte=models.F("billed")), name="invoice_owes_what_it_bills"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-issued_on", "-id"], name="invoice_of_account"),
            models.Index(
                fields=["case"],
                name="invoice_of_case",
                condition=models.Q(case__isnull=False),
            ),
            models.Index(
                fields=["city", "plate"], name="invoice_of_plate", condition=~models.Q(plate="")
            ),
            models.Index(fields=["city", "plain"], name="invoice_number_typed"),
            models.Index(
                fields=["city", "due_on", "id"],
                name="invoice_open_by_due",
                condition=models.Q(owed__gt=0),
            ),
            models.Index(fields=["city", "-id"], name="invoice_newest"),
            models.Index(
                fields=["city", "kind", "due_on"],
                include=["owed"],
                name="invoice_aging",
                condition=models.Q(owed__gt=0),
            ),
            models.Index(
                fields=["city", "-id"],
                name="invoice_void",
                condition=models.Q(voided_at__isnull=False),
            ),
            models.Index(fields=["city", "sought"], name="invoice_name_begins"),
            models.Index(
                fields=["city", "kind", "due_on"],
                name="invoice_on_a_plan",
                condition=models.Q(plan__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.number

    @property
    def payer(self) -> str:
        """Whom it is for, "" where nobody is named. Asks for the account where the bill itself names nobody."""
        return self.name or (self.account.name if self.account else "")

    @property
    def address(self) -> str:
        """Where mail about it goes, "" where no address is known."""
        return self.email or (self.account.email if self.account else "")


class ChargeKind(models.TextChoices):
    """What a line is to the law: it decides the order in which a payment is shared out."""

    TAX = "tax"
    PRINCIPAL = "principal"
    FEE = "fee"
    PENALTY = "penalty"


class Charge(models.Model):
    """One line of a bill, as it was when it was written: fee code, quantity, rate, account and schedule version."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="charges")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=ChargeKind.choices, default=ChargeKind.PRINCIPAL)
    code = models.CharField(max_length=60)
    words = models.JSONField(default=dict, help_text="Its name, by language.")
    explained = models.CharField(max_length=500, blank=True, help_text="How it was worked out.")
    quantity = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    unit_amount = models.DecimalField(
        max_digits=18, decimal_places=6, null=True, help_text="In whole units."
    )
    amount = models.BigIntegerField()
    gl = models.CharField(max_length=60)
    schedule = models.CharField(max_length=60, blank=True)
    version = models.DateField(null=True)
    basis_on = models.DateField(null=True)
    refundable = models.BooleanField(default=True)
    owed = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="charge_position_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ChargeKind.values), name="charge_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="charge_is_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(owed__gte=0), name="charge_is_never_overpaid"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.code} of {self.invoice_id}"


class AdjustmentKind(models.TextChoices):
    """Why a line became another amount. A waiver forgives, a write-off gives up, a correction mends a mistake."""

    WAIVER = "waiver"
    DISCOUNT = "discount"
    CORRECTION = "correction"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    VOID = "void"


class Adjustment(models.Model):
    """What changed a line after it was written: never the line itself. Negative amounts lower what is owed."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    charge = models.ForeignKey(Charge, on_delete=models.CASCADE, related_name="adjustments")
    entry = models.ForeignKey(
        "billing.JournalEntry", on_delete=models.PROTECT, related_name="adjustments"
    )
    kind = models.CharField(max_length=12, choices=AdjustmentKind.choices)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120, blank=True)
    by_roles = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=AdjustmentKind.values), name="adjustment_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(amount=0), name="adjustment_changes_something"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="adjustment_has_a_reason"),
        ]
        indexes = [models.Index(fields=["city", "-at", "-id"], name="adjustment_newest")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} of {self.charge_id}"
