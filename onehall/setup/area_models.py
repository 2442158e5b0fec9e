"""Files of areas that wait for their columns to be named, and the work of putting open cases into areas drawn anew."""

from typing import override

from django.db import models


class AreaUpload(models.Model):
    """A file of areas, as GeoJSON whatever kind it was sent as, until somebody says which of its properties is the key and which the name."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    stem = models.CharField(max_length=80)
    name = models.CharField(max_length=200)
    text = models.TextField()
    at = models.DateTimeField()
    by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["city", "-id"], name="setup_area_upload_city")]

    @override
    def __str__(self) -> str:
        return self.name


class AreaMove(models.Model):
    """How far the open cases of a city are put into its new areas.

    `last_case` is where it goes on. `names` are those of the areas as they were, by layer and code.
    """

    class State(models.TextChoices):
        """Overtaken: the areas changed again, and the newer work covers all of this one."""

        WAITING = "waiting"
        RUNNING = "running"
        STOPPED = "stopped"
        DONE = "done"
        OVERTAKEN = "overtaken"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    beat_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    round = models.PositiveIntegerField(default=0)
    last_case = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    dates = models.PositiveIntegerField(default=0)
    names = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["city", "-id"], name="setup_area_move_city")]

    @override
    def __str__(self) -> str:
        return f"areas of revision {self.revision}"
