"""Rows of the clocks of a case: its further targets, and the times in which everything stood still."""

from typing import override

from django.db import models


class CaseTarget(models.Model):
    """A target of a case beside the resident's date: its clock stands and runs with that of the case.

    `ended_at` without `met_at`: it did not matter any more, because the case ended or the service changed.
    `ladder_at` is when the next step of the target's own ladder is due, `ladder_step` how many were taken.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(
        "casework.Case", on_delete=models.CASCADE, related_name="targets", db_index=False
    )
    kind = models.CharField(max_length=16)
    due_at = models.DateTimeField()
    risk_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ladder_at = models.DateTimeField(null=True, blank=True)
    ladder_step = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind"], name="target_once_per_case"),
            models.CheckConstraint(
                name="target_met_has_ended",
                condition=models.Q(met_at=None) | models.Q(ended_at__isnull=False),
                violation_error_message="A target that was met has ended.",
            ),
        ]
        indexes = [
            models.Index(
                "city",
                "risk_at",
                name="target_running",
                condition=models.Q(ended_at__isnull=True),
            ),
            models.Index(
                "ladder_at",
                "id",
                name="target_ladder",
                condition=models.Q(ended_at__isnull=True, ladder_at__isnull=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class CasePause(models.Model):
    """A time in which the clock of a case stood still, why, and the working time that passed in it."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(
        "casework.Case", on_delete=models.CASCADE, related_name="pauses", db_index=False
    )
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    cost_seconds = models.PositiveIntegerField(default=0)
    category = models.CharField(max_length=20, blank=True)
    label = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["began_at", "id"]
        indexes = [models.Index("case", "began_at", name="pause_of_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], name="pause_one_at_a_time", condition=models.Q(ended_at=None)
            )
        ]

    @override
    def __str__(self) -> str:
        return f"pause of {self.case_id}"
