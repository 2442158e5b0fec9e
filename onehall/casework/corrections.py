"""Rows that remember what staff put right about where a report had gone: data to learn from."""

from typing import override

from django.db import models


class Correction(models.Model):
    """A case went from one service or queue to another by the hand of the staff. Never changed afterwards.

    The residents' words stay where they are, on their reports: this row only says which case.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="corrections")
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True, blank=True)
    channel = models.CharField(max_length=8, blank=True)
    from_service = models.ForeignKey(
        "catalog.Service", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_service = models.ForeignKey(
        "catalog.Service", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    from_queue = models.ForeignKey(
        "people.Queue", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_queue = models.ForeignKey(
        "people.Queue", on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["city", "-at", "-id"], name="correction_newest")]

    @override
    def __str__(self) -> str:
        return f"correction of {self.case_id}"
