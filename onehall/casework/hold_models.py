"""Rows of legal holds."""

from typing import override

from django.db import models


class Hold(models.Model):
    """Somebody of the staff said that nothing of a case may be erased, and why. Lifted, it stays as a row."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="holds")
    reason = models.CharField(max_length=500)
    put_at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=120, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-put_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], name="hold_one_at_a_time", condition=models.Q(lifted_at=None)
            ),
            models.CheckConstraint(
                name="hold_has_a_reason",
                condition=~models.Q(reason=""),
                violation_error_message="A hold needs a reason.",
            ),
        ]
        indexes = [
            models.Index("city", "case", name="hold_in_force", condition=models.Q(lifted_at=None))
        ]

    @override
    def __str__(self) -> str:
        return f"hold of {self.case_id}"
