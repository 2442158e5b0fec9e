"""What waits on a case: timers of its state, and people who have it open."""

from typing import override

from django.db import models


class Timer(models.Model):
    """Fires a move, reminds or escalates later. Stale when the case has left the entry (`entered`) it was made for.

    `move` is empty for one that moves nothing; `position` is its place among the timers of the state.
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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "entered", "kind", "move", "position"], name="timer_once_per_entry"
            )
        ]
        indexes = [
            models.Index("at", "id", name="timer_due", condition=models.Q(fired_at__isnull=True))
        ]

    @override
    def __str__(self) -> str:
        return f"timer {self.pk}"


class Presence(models.Model):
    """Somebody of the staff has a case open. Lives for a minute after the last sign of them."""

    pk = models.CompositePrimaryKey("case_id", "user_id")
    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=120)
    writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("seen_at", name="presence_age")]

    @override
    def __str__(self) -> str:
        return f"{self.case_id} open by {self.user_id}"
