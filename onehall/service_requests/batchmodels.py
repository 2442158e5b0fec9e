"""One act on many cases, and what became of it for each."""

from typing import override

from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkAct(models.Model):
    """What somebody wants to do to cases they chose: tried first, then done, then perhaps taken back."""

    class Phase(models.TextChoices):
        """Where it is."""

        CHOOSING = "choosing", _("Being chosen")
        TRYING = "trying", _("Being tried")
        TRIED = "tried", _("Tried")
        DOING = "doing", _("Under way")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey("people.User", on_delete=models.CASCADE, db_index=False)
    key = models.UUIDField()
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    undo_until = models.DateTimeField(null=True, blank=True)
    capped = models.BooleanField(default=False)
    round = models.PositiveIntegerField(default=0)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.CHOOSING)
    kind = models.CharField(max_length=10, blank=True)
    given = models.JSONField(default=dict, blank=True)
    back = models.CharField(max_length=4000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="bulk_key_unique_per_city")
        ]
        indexes = [models.Index("made_at", name="bulk_age")]

    @override
    def __str__(self) -> str:
        return f"bulk act {self.pk}"


class BulkItem(models.Model):
    """One case of a bulk act. `seen` is the lock that was shown, `left` the one that the act left."""

    class State(models.TextChoices):
        """What became of it."""

        WAITS = "waits", _("Waits")
        WILL = "will", _("Will be done")
        WONT = "wont", _("Will be passed over")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Passed over")
        UNDONE = "undone", _("Taken back")
        KEPT = "kept", _("Not taken back")

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    act = models.ForeignKey(BulkAct, on_delete=models.CASCADE, related_name="items", db_index=False)
    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE)
    position = models.PositiveIntegerField()
    seen = models.PositiveIntegerField()
    left = models.PositiveIntegerField(null=True, blank=True)
    mails = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=7, choices=State, default=State.WAITS)
    why = models.CharField(max_length=300, blank=True)
    before = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["act", "case"], name="bulk_case_once_per_act")
        ]
        indexes = [models.Index("act", "state", "position", name="bulk_next")]

    @override
    def __str__(self) -> str:
        return f"item {self.pk}"
