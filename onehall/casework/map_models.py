"""Rows of the map for everybody: how many cases lie in each of its squares, and spots that are no places."""

from typing import override

from django.db import models


class MapTally(models.Model):
    """What is added up of public cases; those of `ids` are their numbers, so that one alone is named by the sum.

    `spot` is the map cell of the `PiledSpot` they lie on, 0 for all others; `areas` are those they lie in, by layer.
    Sums of degrees are whole ten-millionths, so that nothing is lost by adding and taking away. Cases without a place
    lie in the cell -1, which no map shows; lists count them.
    """

    city = models.ForeignKey(
        "places.City", on_delete=models.DO_NOTHING, db_index=False, db_constraint=False
    )
    service_id = models.BigIntegerField()
    spot = models.BigIntegerField()
    areas = models.JSONField()
    cases = models.IntegerField()
    open_cases = models.IntegerField()
    lon = models.BigIntegerField()
    lat = models.BigIntegerField()
    open_lon = models.BigIntegerField()
    open_lat = models.BigIntegerField()
    ids = models.BigIntegerField()
    open_ids = models.BigIntegerField()

    class Meta:
        abstract = True


class MapChange(MapTally):
    """A case that has come to the public map, gone from it, or become another there.

    Triggers on cases append them, so that no way of changing a case can be forgotten and nobody waits for anybody.
    The worker adds them to the sums (`MapSum`); who reads adds those that are still here.
    """

    cell = models.BigIntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("city", "cell", name="map_change_read")]

    @override
    def __str__(self) -> str:
        return f"{self.cases:+d} at {self.cell}"


class MapSum(MapTally):
    """How many public cases lie in one square of the map, as far as their changes have been added.

    `square` is the map cell without its lowest bits, as the tile of zoom `level`. `span` 0 is of all cases, another
    of those told in so many days before the moment of `MapBasis`. `service_id` 0 is of all services of
    `MapBasis` together, so that a map of everything reads one row and not one for each service.
    """

    level = models.PositiveSmallIntegerField()
    span = models.PositiveSmallIntegerField()
    square = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["city", "level", "span", "service_id", "square", "spot", "areas"],
                name="map_sum_once",
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.cases} in {self.level}/{self.square}"


class MapBasis(models.Model):
    """What the sums of a city's map are of: which services together, and before which moment their spans lie."""

    city = models.OneToOneField("places.City", on_delete=models.CASCADE, primary_key=True)
    services = models.JSONField()
    at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"map of {self.city_id}"


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
