"""Mail that somebody asked for about new reports of one selection."""

from typing import override

from django.db import models
from django.db.models.functions import Upper


class Alert(models.Model):
    """A selection of public cases and the address that is told about new ones.

    `said` is the selection as an address has it, `point` its place as "longitude,latitude" when it names
    one. Nothing is sent before the address is confirmed, and nothing is kept after it is stopped.
    `looked_at` is up to when the cases of the selection were looked at, `due_at` when a daily mail is next.
    """

    class Often(models.TextChoices):
        """How soon a new report is told."""

        NOW = "now"
        DAY = "day"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    token = models.CharField(max_length=24, unique=True)
    email = models.EmailField(max_length=254)
    language = models.CharField(max_length=12)
    said = models.JSONField(default=dict)
    point = models.CharField(max_length=40, blank=True)
    often = models.CharField(max_length=4, choices=Often)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="alert_daily_has_a_time",
                condition=models.Q(often="now", due_at=None)
                | models.Q(often="day", due_at__isnull=False),
                violation_error_message="A daily mail has its time, and no other has one.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["city", "often", "looked_at"],
                name="alert_to_look_at",
                condition=models.Q(confirmed_at__isnull=False),
            ),
            models.Index("city", Upper("email"), name="alert_of_address"),
            models.Index(
                fields=["created_at"], name="alert_open", condition=models.Q(confirmed_at=None)
            ),
        ]

    @override
    def __str__(self) -> str:
        """Its key: never the address."""
        return f"alert {self.pk}"
