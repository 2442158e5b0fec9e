"""Rows of the counter and the bank: drawers, payouts of providers, closed days."""

from typing import override

from django.db import models


class Drawer(models.Model):
    """One cash drawer from its opening to its count. `difference` is what the count was over (+) or short (-)."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=60)
    opened_at = models.DateTimeField()
    opened_id = models.BigIntegerField()
    opened_by = models.CharField(max_length=120)
    float = models.BigIntegerField(help_text="What lay in it at the start, and stays in it.")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=120, blank=True)
    counted = models.BigIntegerField(null=True)
    difference = models.BigIntegerField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "name"],
                name="drawer_open_once",
                condition=models.Q(closed_at=None),
            ),
            models.CheckConstraint(
                condition=models.Q(difference=None) | models.Q(difference=0) | ~models.Q(note=""),
                name="drawer_difference_is_explained",
            ),
        ]
        indexes = [models.Index(fields=["city", "-opened_at"], name="drawer_newest")]

    @override
    def __str__(self) -> str:
        return self.name


class Payout(models.Model):
    """What a provider says it sent to the city's bank."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    provider = models.CharField(max_length=20)
    ref = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    arrives_on = models.DateField()
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    net = models.BigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "provider", "ref"], name="payout_once"),
            models.CheckConstraint(
                condition=models.Q(net=models.F("gross") - models.F("fee")),
                name="payout_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["city", "-arrives_on"], name="payout_newest")]

    @override
    def __str__(self) -> str:
        return self.ref


class PayoutItem(models.Model):
    """One movement inside a payout, with the payment it belongs to where that is known."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    payout = models.ForeignKey(Payout, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=10)
    ref = models.CharField(max_length=120)
    payment_ref = models.CharField(max_length=120, blank=True)
    payment = models.ForeignKey(
        "billing.Payment", on_delete=models.PROTECT, null=True, related_name="payout_items"
    )
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    net = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payout", "ref"], name="payout_item_once"),
            models.CheckConstraint(
                condition=models.Q(net=models.F("gross") - models.F("fee")),
                name="payout_item_adds_up",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.ref


class DayClose(models.Model):
    """A business day that finance closed: what is in it stays, and later entries are of later days."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    on = models.DateField()
    closed_at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=120)
    entries = models.IntegerField()
    sums = models.JSONField(help_text="Debits and credits by general ledger account.")
    sha256 = models.CharField(max_length=64, help_text="Of the day's export, line by line.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "on"], name="day_closed_once")]

    @override
    def __str__(self) -> str:
        return f"{self.on}"
