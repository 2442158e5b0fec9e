"""What the sums of the public map say is what a plain count of the cases says, whatever happened and whenever they were added."""

import math
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from onehall.casework import covering, mapping, public, squares, summed
from onehall.casework.models import Case, MapBasis, MapSum
from onehall.casework.public import DAYS, STATES, PublicQuery
from onehall.casework.selection import Box, Circle
from onehall.catalog.queries import catalogue
from onehall.kernel import cells, geo
from onehall.look import maps
from tests.cast import START, Cast, elsewhere

SUM = (
    "level",
    "span",
    "service_id",
    "square",
    "spot",
    "areas__district",
    "cases",
    "open_cases",
    "ids",
)
MIDDLE = (-120.99, 40.004)


def means(query: PublicQuery, case: Case, now: datetime) -> bool:
    """Whether a question is about a case, in plain words."""
    if not case.is_public or case.merged_into_id or case.parent_id:
        return False
    by_place = query.box is not None or query.near is not None
    if case.service_id not in (query.exact_ids if by_place else query.service_ids):
        return False
    if query.state != "all" and case.is_open != (query.state == "open"):
        return False
    if query.days and case.opened_at < now - timedelta(days=query.days):
        return False
    if any(case.areas.get(layer) != code for layer, code in query.areas):
        return False
    return not by_place or (case.lon is not None and lies_in(query, case))


def lies_in(query: PublicQuery, case: Case) -> bool:
    """Whether it is where is asked for."""
    assert case.lon is not None
    assert case.lat is not None
    if query.box is not None and not inside(query.box, case.lon, case.lat):
        return False
    if (circle := query.near) is None:
        return True
    east = (case.lon - circle.lon) * math.cos(math.radians(circle.lat))
    far = math.hypot(east, case.lat - circle.lat)
    return far <= circle.metres / geo.METRES_PER_DEGREE


def inside(box: Box, lon: float, lat: float) -> bool:
    """Whether a box holds a point."""
    return box.west <= lon <= box.east and box.south <= lat <= box.north


def drawn(query: PublicQuery, seen: maps.Window, now: datetime) -> Counter[int]:
    """How many cases each square of a window has, by a plain count."""
    shown = [
        c
        for c in Case.objects.all()
        if c.cell is not None and c.service_id in query.exact_ids and means(query, c, now)
    ]
    if not summed.levels(query, seen.shift):
        shown = [c for c in shown if inside(seen.box, c.lon or 0, c.lat or 0)]
    found: dict[int, list[Case]] = {}
    for case in shown:
        found.setdefault((case.cell or 0) >> seen.shift, []).append(case)
    return Counter(
        len(group)
        for group in found.values()
        if inside(
            seen.box,
            sum(c.lon or 0 for c in group) / len(group),
            sum(c.lat or 0 for c in group) / len(group),
        )
    )


class Life:
    """Cases of all kinds in a small part of the city, to which things happen by chance."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast = cast
        self.chance = random.Random(seed)
        self.services = sorted(s.id for s in catalogue(cast.city).every)
        self.coarse = set(self.services[::3])
        """Services that everybody sees in lists, and not on the map."""
        self.first = cast.case()

    @property
    def exact(self) -> list[int]:
        """Services whose places everybody sees."""
        return [s for s in self.services if s not in self.coarse]

    def point(self) -> dict[str, float | int | None]:
        """Somewhere within two kilometres; now and then nowhere, or where others lie."""
        if self.chance.random() < 0.1:
            return {"lon": None, "lat": None, "cell": None}
        lon = MIDDLE[0] + round(self.chance.gauss(0, 0.006), self.chance.choice((3, 6)))
        lat = MIDDLE[1] + round(self.chance.gauss(0, 0.005), self.chance.choice((3, 6)))
        return {"lon": lon, "lat": lat, "cell": cells.cell_of(lon, lat)}

    def areas(self) -> dict[str, str]:
        """The part of the city, or none."""
        return self.chance.choice(({"district": "north"}, {"district": "south"}, {}))

    def told(self, now: datetime) -> datetime:
        """Some time in the last year and a half, often where a span ends."""
        days = self.chance.choice((*DAYS, 0, self.chance.uniform(0, 500)))
        return now - timedelta(days=days, seconds=self.chance.uniform(-7200, 7200))

    def add(self, many: int, now: datetime) -> None:
        """More cases."""
        kept = {
            f.attname: getattr(self.first, f.attname)
            for f in Case._meta.concrete_fields
            if f.attname != "id"
        }
        Case.objects.bulk_create(
            [
                Case(
                    **kept
                    | {
                        "number": f"T-{self.chance.getrandbits(40)}",
                        "service_id": self.chance.choice(self.services),
                        "opened_at": self.told(now),
                        "areas": self.areas(),
                        "is_open": self.chance.random() < 0.6,
                        "is_public": self.chance.random() < 0.9,
                    }
                    | self.point()
                )
                for _ in range(many)
            ]
        )

    def happen(self, now: datetime) -> None:
        """Something to one of them."""
        ids = list(Case.objects.order_by("id").values_list("id", flat=True))
        one = Case.objects.filter(pk=self.chance.choice(ids))
        change = self.chance.choice(
            (
                {"is_open": True, "merged_into_id": None},
                {"is_open": False},
                {"is_public": self.chance.random() < 0.5},
                self.point(),
                {"areas": self.areas()},
                {"opened_at": self.told(now)},
                {"service_id": self.chance.choice(self.services)},
                {"merged_into_id": self.first.pk, "is_open": False},
            )
        )
        if one.get().pk != self.first.pk or "merged_into_id" not in change:
            one.update(**change)

    def query(self) -> PublicQuery:
        """Some question."""
        mine = self.services
        if self.chance.random() < 0.4:
            mine = [self.chance.choice(mine)]
        lon, lat = MIDDLE[0] + self.chance.gauss(0, 0.004), MIDDLE[1]
        where: dict[str, Box | Circle] = self.chance.choice(
            (
                {},
                {},
                {"near": Circle(lon, lat, self.chance.choice((60, 250, 500, 2_000)))},
                {"box": Box(lon - 0.004, lat - 0.003, lon + 0.002, lat + 0.004)},
                {
                    "near": Circle(lon, lat, 500),
                    "box": Box(lon - 0.003, lat - 0.009, lon + 0.02, lat + 0.003),
                },
            )
        )
        query = PublicQuery(
            service_ids=tuple(mine),
            exact_ids=tuple(s for s in mine if s not in self.coarse),
            state=self.chance.choice(STATES),
            days=self.chance.choice((0, 0, *DAYS)),
            areas=self.chance.choice(((), (), (("district", "north"),))),
        )
        return replace(query, **where)


def agrees(life: Life, now: datetime) -> None:
    """Ask some questions, and count by hand."""
    city, every = life.cast.city, list(Case.objects.all())
    for _ in range(12):
        query = life.query()
        right = sum(means(query, case, now) for case in every)
        assert squares.how_many(city, query, now=now, at_most=10_000) == right, query
        seen = maps.Window(*MIDDLE, life.chance.randint(9, maps.MAX_ZOOM))
        marks = squares.squares(city, query, seen.box, shift=seen.shift, now=now, most=10_000)
        assert Counter(m.count for m in marks) == drawn(query, seen, now), (query, seen.zoom)
        first = [line.id for line in public.page(city, query, now=now, size=5)]
        wanted = [c for c in every if means(query, c, now)]
        wanted.sort(key=lambda c: (c.opened_at, c.id), reverse=True)
        assert first == [c.id for c in wanted[:6]], query


@pytest.fixture
def life(cast: Cast, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Life:
    """A life in which the sums know what it says of its services."""
    made = Life(cast, getattr(request, "param", 0))
    assert len(made.exact) > 1
    monkeypatch.setattr(mapping, "summed_services", lambda _city: made.exact)
    return made


@pytest.mark.parametrize("life", range(5), indirect=True)
def test_say_what_a_plain_count_says(
    cast: Cast, life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, rounds = START, mapping.MOST_ROUNDS
    for _ in range(5):
        if life.chance.random() < 0.2:
            life.coarse ^= {life.chance.choice(life.services)}
        life.add(25, now)
        for _change in range(life.chance.randint(0, 12)):
            life.happen(now)
        if life.chance.random() < 0.7:
            # The worker may be late, or ahead of the clock of who reads, and some changes come while it is at work.
            monkeypatch.setattr(mapping, "AT_ONCE", life.chance.choice((4, 5_000)))
            monkeypatch.setattr(mapping, "MOST_ROUNDS", life.chance.choice((3, rounds)))
            mapping.fold(now=now + timedelta(hours=life.chance.choice((0, 0, -30, 30))))
        # However few of the newest are looked through, and whether what an area has counts as few.
        monkeypatch.setattr(public, "LOOKED_THROUGH", life.chance.choice((3, 20, 4_000)))
        monkeypatch.setattr(public, "FEW", life.chance.choice((3, 500)))
        agrees(life, now)
        now += timedelta(hours=life.chance.choice((0.02, 1, 30, 24 * 40)))
    cells_of = {c.cell if c.cell is not None else -1 for c in Case.objects.all()}
    bits = 2 * (cells.ZOOM - mapping.COARSE)
    assert all(mapping.prove_square(cast.city, cell >> bits) for cell in cells_of)
    mapping.fold(now=now)
    monkeypatch.setattr(mapping, "MOST_ROUNDS", rounds)
    mapping.fold(now=now)
    kept = Counter(MapSum.objects.filter(cases__gt=0).values_list(*SUM))
    mapping.rebuild(cast.city)
    mapping.fold(now=now)
    assert Counter(MapSum.objects.filter(cases__gt=0).values_list(*SUM)) == kept


def test_all_together_are_read_as_one(cast: Cast, life: Life) -> None:
    """A map of everything reads the sums of all services; another question never does."""
    life.add(60, START)
    mapping.fold(now=START)
    MapSum.objects.exclude(service_id=0).delete()
    exact = tuple(life.exact)
    query = PublicQuery(service_ids=exact, exact_ids=exact, state="all")
    assert squares.how_many(cast.city, query, now=START, at_most=999) > 0
    one = replace(query, service_ids=exact[:-1], exact_ids=exact[:-1])
    assert squares.how_many(cast.city, one, now=START, at_most=999) == 0


def test_a_service_that_is_hidden_is_in_no_sum_at_once(cast: Cast, life: Life) -> None:
    """Before the worker has added up the others: the question names its services."""
    life.add(60, START)
    mapping.fold(now=START)
    hidden, *rest = life.exact
    shown = tuple(rest)
    query = PublicQuery(service_ids=shown, exact_ids=shown, state="all")
    right = sum(means(query, case, START) for case in Case.objects.all())
    assert squares.how_many(cast.city, query, now=START, at_most=999) == right
    life.coarse.add(hidden)
    mapping.fold(now=START)
    assert MapBasis.objects.get().services == list(shown)
    assert squares.how_many(cast.city, query, now=START, at_most=999) == right
    assert Case.objects.filter(service_id=hidden, is_public=True).exists()


def test_another_city_has_sums_of_its_own(cast: Cast, life: Life, tmp_path: Path) -> None:
    life.add(20, START)
    other, _ida = elsewhere(tmp_path)
    mapping.fold(now=START)
    exact = tuple(life.exact)
    query = PublicQuery(service_ids=exact, exact_ids=exact, state="all")
    assert squares.how_many(cast.city, query, now=START, at_most=999) > 0
    assert squares.how_many(other, query, now=START, at_most=999) == 0
    assert mapping.on_map(other) == 0


@pytest.mark.parametrize("level", mapping.statements.LEVELS)
def test_squares_inside_hold_nothing_that_lies_outside(level: int) -> None:
    """Every point of a square that counts as inside is inside, and every point inside is in some square."""
    chance = random.Random(level)
    for _ in range(20):
        lon, lat = chance.uniform(-170, 170), chance.uniform(-70, 70)
        circle = Circle(lon, lat, chance.choice((50, 500, 2_000)))
        box = chance.choice((None, circle.box, Box(lon - 0.003, lat - 0.05, lon + 0.05, lat)))
        cover = covering.cover(box, circle, level=level)
        if cover is None:
            continue
        query = PublicQuery(service_ids=(), exact_ids=(), box=box, near=circle)
        for _point in range(200):
            x = lon + chance.gauss(0, circle.metres / 111_320 / math.cos(math.radians(lat)))
            case = Case(lon=x, lat=lat + chance.gauss(0, circle.metres / 111_320))
            cell = cells.cell_of(x, case.lat or 0)
            wholly = any(low <= cell <= high for low, high in cover.inside)
            partly = any(low <= cell <= high for low, high in cover.across)
            if wholly:
                assert lies_in(query, case)
            if lies_in(query, case):
                assert wholly or partly
