"""What the staff told all residents, kept for good."""

from typing import override

from django.db import models


class Notice(models.Model):
    """What all residents were told from a moment on, until the next row of the city; rows never change.

    `doc` is what pages show (`notices.Told`); empty when the notice was taken back.
    """

    city = models.ForeignKey(
        "places.City", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=200)
    doc = models.JSONField(default=dict)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index("city", models.F("id").desc(), name="notice_of_city")]

    @override
    def __str__(self) -> str:
        return f"notice {self.pk}"
