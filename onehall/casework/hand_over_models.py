"""The row of a case that was handed over to an outside body, with the secret of its link."""

from datetime import datetime
from typing import Self, override

from django.db import models
from django.utils.translation import gettext_lazy as _


class HandOverQuerySet(models.QuerySet["HandOver"]):
    """The vocabulary for finding them."""

    def running(self, now: datetime) -> Self:
        """Those whose body can still answer."""
        return self.filter(ended_at=None, expires_at__gt=now)


class HandOver(models.Model):
    """One body has one case: who gave it, what was said, how far it is. The link is bound to both.

    `ended_at` is set when the body is done, says it is not theirs, or the city takes the case back.
    """

    class State(models.TextChoices):
        """What the body said last."""

        SENT = "sent", _("sent")
        ACCEPTED = "accepted", _("accepted")
        DONE = "done", _("done")
        NOT_OURS = "not_ours", _("not theirs")
        WITHDRAWN = "withdrawn", _("taken back")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="hand_overs")
    body = models.ForeignKey("people.Body", on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=24, unique=True)
    created_at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True, blank=True)
    words = models.TextField(blank=True)
    shares_contact = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State, default=State.SENT)
    opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True, blank=True)
    reminded = models.PositiveSmallIntegerField(default=0)

    objects = HandOverQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "body"],
                name="hand_over_one_at_a_time",
                condition=models.Q(ended_at=None),
            )
        ]
        indexes = [
            models.Index(
                "remind_at",
                "id",
                name="hand_over_reminders",
                condition=models.Q(ended_at__isnull=True, remind_at__isnull=False),
            )
        ]

    @override
    def __str__(self) -> str:
        return f"case {self.case_id} with {self.body_id}"
