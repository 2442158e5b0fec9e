"""The open draft of a city, what was published, and every change of either as a row that stays."""

from typing import override

from django.db import models
from django.db.models import Q

from onehall.setup.area_models import AreaMove as AreaMove
from onehall.setup.area_models import AreaUpload as AreaUpload


class Draft(models.Model):
    """Changes of a city's pack that are not in force yet; one is open at a time."""

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open"
        PUBLISHED = "published"
        DISCARDED = "discarded"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["city"], condition=Q(state="open"), name="setup_one_open_draft_per_city"
            ),
            models.CheckConstraint(
                name="setup_draft_closed_when_over",
                condition=Q(state="open", closed_at=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["city", "-id"], name="setup_draft_city")]

    @override
    def __str__(self) -> str:
        return f"draft {self.pk}"


class DraftFile(models.Model):
    """One file of the draft. `base` is what the city said when it was begun, None for a new file."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="files", db_index=False)
    path = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    base = models.TextField(null=True, blank=True)
    deleted = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True, blank=True)
    changed_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "path"], name="setup_draft_file_unique")
        ]
        indexes = [models.Index(fields=["city"], name="setup_draft_file_city")]

    @override
    def __str__(self) -> str:
        return self.path


class Publication(models.Model):
    """One time that the city's set-up changed: from a draft, or from a folder by the command line."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    draft = models.ForeignKey(Draft, null=True, blank=True, on_delete=models.RESTRICT)
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=200)
    note = models.TextField(blank=True)
    revision = models.PositiveIntegerField()
    touches = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["city", "-id"], name="setup_publication_city")]

    @override
    def __str__(self) -> str:
        return f"revision {self.revision}"


class ChangeEntry(models.Model):
    """Who changed which file, when, and the words before and after. Rows are never changed or deleted."""

    class Kind(models.TextChoices):
        """What was done."""

        SAVED = "saved"
        RENAMED = "renamed"
        REMOVED = "removed"
        DISCARDED = "discarded"
        RESUMED = "resumed"
        PUBLISHED = "published"
        LIVE = "live"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    draft = models.ForeignKey(
        Draft, null=True, blank=True, on_delete=models.RESTRICT, related_name="entries"
    )
    publication = models.ForeignKey(
        Publication, null=True, blank=True, on_delete=models.RESTRICT, related_name="entries"
    )
    at = models.DateTimeField()
    by = models.BigIntegerField(null=True, blank=True)
    by_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind)
    path = models.CharField(max_length=120)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["city", "-id"], name="setup_entry_city"),
            models.Index(fields=["city", "path", "-id"], name="setup_entry_path"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.path}"


class Rehearsal(models.Model):
    """Real cases played through a draft. `fingerprint` is the draft that it was about; `report` what was found.

    One that was stopped keeps no report: the cases are played from the oldest on, so half of them say little.
    """

    class State(models.TextChoices):
        """How far it is. Outdated: the draft was another one, or had mistakes, when its turn came."""

        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        OUTDATED = "outdated"
        FAILED = "failed"
        STOPPED = "stopped"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    draft = models.ForeignKey(
        Draft, on_delete=models.CASCADE, related_name="rehearsals", db_index=False
    )
    fingerprint = models.CharField(max_length=16)
    days = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    beat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0)
    played = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    stopped_by_name = models.CharField(max_length=200, blank=True, db_default="")
    error = models.CharField(max_length=60, blank=True)
    report = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["city", "draft", "-id"], name="setup_rehearsal_draft")]

    @override
    def __str__(self) -> str:
        return f"rehearsal {self.pk}"
