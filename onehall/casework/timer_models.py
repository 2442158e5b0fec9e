"""Rows of timers: what happens to a case later."""

from typing import override

from django.db import models


class Timer(models.Model):
    """Fires a move, reminds or escalates later. Stale when the case has left the entry (`entered`) it was made for.

    `move` is empty for one that moves nothing; `position` is its place among the timers of the state.
    `attempts` failed so far, the last with `error`; given up it is `parked_at`, and counts as fired.
    """

    class Kind(models.TextChoices):
        """What it does when it is due."""

        FIRE = "fire"
        REMIND = "remind"
        ESCALATE = "escalate"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="timers")
    entered = models.PositiveIntegerField()
    kind = models.CharField(
        max_length=8, choices=Kind, default=Kind.FIRE, db_default=models.Value("fire")
    )
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
    move = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.CharField(max_length=200, blank=True, default="", db_default=models.Value(""))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "entered", "kind", "move", "position"], name="timer_once_per_entry"
            )
        ]
        indexes = [
            models.Index("at", "id", name="timer_due", condition=models.Q(fired_at__isnull=True)),
            models.Index(
                "city", "id", name="timer_parked", condition=models.Q(parked_at__isnull=False)
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"timer {self.pk}"
