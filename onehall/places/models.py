"""Cities and what is on their maps: areas, streets, addresses, landmarks, assets, corners.

Degrees are WGS84. `cell` is the map cell of the point (`kernel.cells`). Everything but the city itself is
replaced from its pack; readers go through `queries`, which hold it in memory per city and revision.
"""

import hashlib
import json
from typing import Any, Final, override

from django.db import models
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from onehall.kernel import cells
from onehall.kernel.localized import pick

LIMIT_LAYER: Final = "city_limit"


class CityQuerySet(models.QuerySet["City"]):
    """Cities, in order of name."""

    def in_order(self) -> "CityQuerySet":
        """A total order for lists."""
        return self.order_by("name", "id")


class City(models.Model):
    """A jurisdiction; the tenant. `revision` grows with every change of the pack's data.

    `notice` is what the staff tell all residents now (`service_requests.notices`). It is no part of the pack, and
    stands here because every page needs the city's row anyway.
    """

    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    languages = models.JSONField(default=list)
    hosts = models.JSONField(default=list, blank=True)
    contact = models.JSONField(default=dict, blank=True)
    emergency = models.JSONField(default=dict, blank=True)
    outside = models.JSONField(default=dict, blank=True)
    brand = models.JSONField(default=dict, blank=True)
    numbering = models.JSONField(default=dict, blank=True)
    map = models.JSONField(default=dict, blank=True)
    publishing = models.JSONField(default=dict, blank=True)
    retention = models.JSONField(default=dict, blank=True)
    calendar = models.JSONField(default=dict, blank=True)
    layers = models.JSONField(default=list, blank=True)
    asset_kinds = models.JSONField(default=list, blank=True)
    notice = models.JSONField(default=dict, blank=True)
    west = models.FloatField(null=True, blank=True)
    south = models.FloatField(null=True, blank=True)
    east = models.FloatField(null=True, blank=True)
    north = models.FloatField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)
    pack_hashes = models.JSONField(default=dict, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.CharField(max_length=200, blank=True)

    objects = models.Manager.from_queryset(CityQuerySet)()

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")
        constraints = [
            UniqueConstraint(fields=["slug"], name="places_city_slug_unique"),
            CheckConstraint(
                name="places_city_named",
                condition=~Q(slug="") & ~Q(name=""),
                violation_error_message=_("A city needs a slug and a name."),
            ),
            CheckConstraint(
                name="places_city_bounds_whole",
                condition=Q(west=None, south=None, east=None, north=None)
                | Q(
                    # Said outright: a comparison with nothing is neither true nor false, and passes.
                    west__isnull=False, south__isnull=False, east__isnull=False, north__isnull=False,
                    west__gte=-180, east__lte=180, south__gte=-90, north__lte=90,
                    west__lte=models.F("east"), south__lte=models.F("north"),
                ),
                violation_error_message=_("The city's bounds are four degrees, or none."),
            ),
        ]  # fmt: skip

    @override
    def __str__(self) -> str:
        return self.name

    @property
    def language(self) -> str:
        """The default language."""
        return self.languages[0] if self.languages else "en"

    def language_for(self, wanted: str) -> str:
        """The language that somebody wants, where the city speaks it; else the default one."""
        return wanted if wanted in self.languages else self.language

    @property
    def number_width(self) -> int:
        """Digits that the number of a report has at least."""
        return int(self.numbering.get("width", 5))

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of everything on the map; None for a city without one."""
        if self.west is None or self.south is None or self.east is None or self.north is None:
            return None
        return self.west, self.south, self.east, self.north

    @property
    def center(self) -> tuple[float, float] | None:
        """Where the map opens: as the pack says, else the middle of the bounds."""
        chosen = self.map.get("center")
        if chosen:
            return float(chosen[0]), float(chosen[1])
        box = self.bounds
        return ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) if box else None

    @property
    def zoom(self) -> int:
        """The zoom at which the map opens."""
        return int(self.map.get("zoom", 14))

    @property
    def credit(self) -> str:
        """Whom to name under every map, as the licence of its data asks; "" for nobody."""
        from onehall.places import ground

        return str(self.map.get("credit", "")) or ground.credit(self)

    @property
    def digest(self) -> str:
        """Eight characters that change whenever the map's data does, for cache keys."""
        text = json.dumps([self.revision, self.pack_hashes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def words(self, value: Any, language: str) -> str:
        """Localized words of this city in a language, falling back to the city's default."""
        return pick(value, language, self.language)


class OfCity(models.Model):
    """What every row of a city's map has."""

    city = models.ForeignKey(City, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class AtPoint(OfCity):
    """A row at one point. `cell` must be the cell of `lon` and `lat`."""

    lon = models.FloatField()
    lat = models.FloatField()
    cell = models.BigIntegerField()

    class Meta:
        abstract = True


def _on_earth(name: str) -> CheckConstraint:
    return CheckConstraint(
        name=f"places_{name}_on_earth",
        condition=Q(lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90, cell__gte=0),
        violation_error_message=_("A place needs a longitude and a latitude in degrees."),
    )


class Area(OfCity):
    """A polygon with a meaning: the city limit (layer `city_limit`), a district, a beat, a ward."""

    layer = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    name = models.JSONField(default=dict)
    geometry = models.JSONField()
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        constraints = [
            UniqueConstraint(fields=["city", "layer", "code"], name="places_area_code_unique"),
            CheckConstraint(name="places_area_named", condition=~Q(layer="") & ~Q(code="")),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.layer}: {self.code}"


class Street(AtPoint):
    """One street feature. `geometry` is a list of lines, each a list of [lon, lat]; the point is its middle.

    `name` is the one of its signs and of addresses; `names` are those in further languages of the city.
    """

    name = models.CharField(max_length=120, blank=True)
    name_norm = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20, default="street")
    geometry = models.JSONField()
    numbers = models.JSONField(default=dict, blank=True)
    aliases = models.JSONField(default=list, blank=True)
    names = models.JSONField(default=dict, blank=True)
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("street")
        verbose_name_plural = _("streets")
        constraints = [_on_earth("street")]
        indexes = [
            Index(fields=["city", "cell"], name="places_street_city_cell"),
            Index(fields=["city", "name_norm"], name="places_street_city_name"),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class Address(AtPoint):
    """A house number on a street. `text` is how it is shown, `norm` how it is compared."""

    number = models.CharField(max_length=20)
    street = models.CharField(max_length=120)
    unit = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=200)
    norm = models.CharField(max_length=200)
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            _on_earth("address"),
            CheckConstraint(name="places_address_whole", condition=~Q(number="") & ~Q(street="")),
        ]
        indexes = [
            Index(fields=["city", "cell"], name="places_address_city_cell"),
            Index(fields=["city", "norm"], name="places_address_city_norm"),
        ]

    @override
    def __str__(self) -> str:
        return self.text


class Landmark(AtPoint):
    """A named place, or a shape that is drawn on the map (water, park, building, block, beach, pier)."""

    key = models.CharField(max_length=60, blank=True)
    name = models.JSONField(default=dict, blank=True)
    kind = models.CharField(max_length=40)
    aliases = models.JSONField(default=list, blank=True)
    geometry = models.JSONField(null=True, blank=True)
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("landmark")
        verbose_name_plural = _("landmarks")
        constraints = [
            _on_earth("landmark"),
            UniqueConstraint(
                fields=["city", "key"], name="places_landmark_key_unique", condition=~Q(key="")
            ),
        ]
        indexes = [Index(fields=["city", "cell"], name="places_landmark_city_cell")]

    @override
    def __str__(self) -> str:
        return pick(self.name, "en") or self.key


class Asset(AtPoint):
    """A thing the city looks after, with the number painted on it."""

    kind = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    name = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    sort = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        constraints = [
            _on_earth("asset"),
            UniqueConstraint(fields=["city", "kind", "code"], name="places_asset_code_unique"),
            CheckConstraint(name="places_asset_named", condition=~Q(kind="") & ~Q(code="")),
        ]
        indexes = [
            Index(fields=["city", "cell"], name="places_asset_city_cell"),
            Index(fields=["city", "kind", "cell"], name="places_asset_kind_cell"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class Corner(AtPoint):
    """Where two streets meet, worked out from their lines when a pack is applied; `a` sorts before `b`."""

    a = models.CharField(max_length=120)
    b = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("corner")
        verbose_name_plural = _("corners")
        constraints = [
            _on_earth("corner"),
            CheckConstraint(name="places_corner_two_streets", condition=~Q(a=models.F("b"))),
        ]
        indexes = [Index(fields=["city", "cell"], name="places_corner_city_cell")]

    @override
    def __str__(self) -> str:
        return f"{self.a} / {self.b}"


def cell_filter(lon: float, lat: float, metres: float) -> Q:
    """The condition "about within `metres`" on `cell`; measure the distance of what it finds."""
    near = Q()
    for first, last in cells.near(lon, lat, metres):
        near |= Q(cell__range=(first, last))
    return near
