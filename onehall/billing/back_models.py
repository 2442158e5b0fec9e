"""Rows of the back office: what the last proof found, and the keys by which the city's other systems send bills."""

from typing import override

from django.db import models


class LedgerProof(models.Model):
    """What the last proof of a city's journal found. Its faults are sentences."""

    city = models.OneToOneField(
        "places.City", on_delete=models.CASCADE, related_name="ledger_proof"
    )
    at = models.DateTimeField()
    seconds = models.FloatField()
    entries = models.BigIntegerField()
    lines = models.BigIntegerField()
    faults = models.JSONField(default=list)

    @override
    def __str__(self) -> str:
        return f"proof of {self.city_id}"


class ApiKey(models.Model):
    """A key of another system of the city. Only its hash is kept; it was shown once."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=60)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256"], name="api_key_unique"),
            models.UniqueConstraint(
                fields=["city", "name"],
                name="api_key_name_in_use_once",
                condition=models.Q(ended_at=None),
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ApiCall(models.Model):
    """A bill that came through the API, by the reference or the idempotency key it was sent with, and its content."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64, help_text="Of the content.")
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.CASCADE, related_name="calls")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="api_call_once"),
        ]
        indexes = [models.Index(fields=["city", "at"], name="api_call_oldest")]

    @override
    def __str__(self) -> str:
        return self.key
