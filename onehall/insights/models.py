"""Sums by day, so that a year of figures reads thousands of rows and not every case; all of it can be rebuilt."""

from typing import override

from django.db import models


class DayFigure(models.Model):
    """What came in and what was closed on one local day, by queue and one more thing.

    Three kinds of rows tell the same cases: by service, by area, and closed ones by the whole days
    they took. A day that is not told has nothing. `responses` and `arrivals` are closed cases whose
    first response, or being on site, had a time.
    """

    class Kind(models.IntegerChoices):
        """By what the row counts beside the queue."""

        SERVICE = 1
        AREA = 2
        TOOK = 3

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    queue_id = models.BigIntegerField()
    service_id = models.BigIntegerField(null=True)
    opened = models.PositiveIntegerField(default=0)
    reopened = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)
    promised = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    bare = models.PositiveIntegerField(default=0)
    responses = models.PositiveIntegerField(default=0, db_default=0)
    responses_kept = models.PositiveIntegerField(default=0, db_default=0)
    arrivals = models.PositiveIntegerField(default=0, db_default=0)
    arrivals_kept = models.PositiveIntegerField(default=0, db_default=0)
    kind = models.PositiveSmallIntegerField(choices=Kind)
    took = models.PositiveSmallIntegerField(null=True)
    area = models.TextField(null=True)

    class Meta:
        indexes = [models.Index("city", "kind", "day", name="day_figure_read")]

    @override
    def __str__(self) -> str:
        return f"{self.day} {self.kind}"


class StaleMoment(models.Model):
    """A case that was opened or closed about then has changed: the sums of that day no longer hold.

    Written by triggers on cases and photos, so that no way of changing one can be forgotten.
    """

    city = models.ForeignKey(
        "places.City", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("city", "at", name="stale_moment_city")]

    @override
    def __str__(self) -> str:
        return f"{self.at}"


class RollUp(models.Model):
    """That a city's days are summed up, and by what reckoning: another one makes all sums worthless.

    `proved_day` is the day that was last compared with the cases, `wrong_day` the last that differed.
    """

    city = models.OneToOneField("places.City", on_delete=models.CASCADE, primary_key=True)
    basis = models.CharField(max_length=64)
    built_at = models.DateTimeField()
    proved_at = models.DateTimeField(null=True)
    proved_day = models.DateField(null=True)
    wrong_at = models.DateTimeField(null=True)
    wrong_day = models.DateField(null=True)

    @override
    def __str__(self) -> str:
        return f"roll-up of {self.city_id}"


class AreaFigure(models.Model):
    """What everybody may know of a part of the city: what was told and done there in the last days, and how long it took.

    One row for each area, service and span; `layer` and `area` are "" for the whole city, and no service is
    all of them together. Only cases that the public list shows are counted. Every count replaces all rows of a city.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    layer = models.TextField()
    area = models.TextField()
    service_id = models.BigIntegerField(null=True)
    days = models.PositiveSmallIntegerField()
    reported = models.PositiveIntegerField()
    closed = models.PositiveIntegerField()
    promised = models.PositiveIntegerField()
    kept = models.PositiveIntegerField()
    half = models.DurationField(null=True)
    most = models.DurationField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "layer", "area", "days", "service_id"],
                name="area_figure_once",
                nulls_distinct=False,
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.layer}:{self.area} {self.days}"
