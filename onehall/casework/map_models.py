"""Rows of the map for everybody: how many cases lie in each of its squares, and spots that are no places."""

from typing import override

from django.db import models


class MapSum(models.Model):
    """A change in how many public cases of a service lie in one square of the map, or several changes added up.

    Triggers on cases append the changes, so that no way of changing a case can be forgotten; who reads adds up all
    rows of a square, and the worker now and then puts them together. `square` is the map cell without its lowest
    bits, as the tile of zoom `level`. `spot` is the map cell of the `PiledSpot` they lie on, 0 for all others.
    Sums of degrees are whole ten-millionths, so that nothing is lost by adding and taking away.
    """

    city = models.ForeignKey(
        "places.City", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    level = models.PositiveSmallIntegerField()
    square = models.BigIntegerField()
    service = models.ForeignKey(
        "catalog.Service", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    spot = models.BigIntegerField()
    folded = models.BooleanField(default=False)
    cases = models.IntegerField()
    open_cases = models.IntegerField()
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()
    open_lon = models.BigIntegerField()
    open_lat = models.BigIntegerField()
    ids = models.BigIntegerField()
    open_ids = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index("city", "level", "square", name="map_sum_read"),
            models.Index(
                "city",
                "level",
                "square",
                name="map_sum_fresh",
                condition=models.Q(folded=False),
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.cases:+d} in {self.level}/{self.square}"


class PiledSpot(models.Model):
    """A map cell on which so many cases lie that it is the default place of some form and no hot spot."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    cell = models.BigIntegerField()
    found_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["city", "cell"], name="piled_spot_once")]

    @override
    def __str__(self) -> str:
        return str(self.cell)
