"""The bent grids of the town: rows that follow a shore and straighten inland, columns that lean with them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, Polygon

from tools.port_alder.plane import Point2, curve


@dataclass(frozen=True)
class Grid:
    """`at(x, d)` gives the place `d` metres behind the base line, in the column that starts at `x`."""

    base: LineString
    side: int  # -1: the grid lies south of its base line, 1: north
    flat: Callable[[float], float]
    fade: float
    lean: Callable[[float, float], float]

    def at(self, x: float, d: float) -> Point2:
        """A point of the plane in metres."""
        here = x + self.lean(x, d)
        points = np.asarray(self.base.coords)
        shore = float(np.interp(here, points[:, 0], points[:, 1]))
        flat = self.flat(here)
        return here, (shore - flat) * math.exp(-d / self.fade) + flat + self.side * d

    def row(self, d: float, x0: float, x1: float) -> LineString:
        """A line at depth `d` from column `x0` to column `x1` (either way round)."""
        n = max(3, int(abs(x1 - x0) / 45))
        return LineString([self.at(x0 + (x1 - x0) * i / n, d) for i in range(n + 1)])

    def column(self, x: float, d0: float, d1: float) -> LineString:
        """A line down column `x` from depth `d0` to depth `d1`."""
        n = max(3, int(abs(d1 - d0) / 45))
        return LineString([self.at(x, d0 + (d1 - d0) * i / n) for i in range(n + 1)])

    def cell(self, x0: float, x1: float, d0: float, d1: float) -> Polygon:
        """The area between two columns and two rows."""
        around = [
            *self.row(d0, x0, x1).coords,
            *self.column(x1, d0, d1).coords,
            *self.row(d1, x1, x0).coords,
            *self.column(x0, d1, d0).coords,
        ]
        return Polygon(around).buffer(0)


QUAY = curve(
    [
        (-1260, 40), (-1180, 105), (-1020, 35), (-860, 12), (-700, 45), (-560, 115), (-380, 138), (-200, 115),
        (0, 105), (220, 122), (430, 158), (640, 190), (840, 250), (1045, 298),
    ]
)  # fmt: skip
RIVER_ROAD = curve(
    [
        (840, 250), (1045, 298), (1240, 345), (1460, 430), (1700, 520), (1960, 535), (2200, 445), (2460, 345),
        (2760, 300), (2930, 320),
    ]
)  # fmt: skip
NORTH_SHORE_DRIVE = curve(
    [
        (-1310, 805), (-1180, 735), (-1040, 792), (-880, 852), (-700, 932), (-480, 1022),
        (-240, 1062), (20, 1046), (280, 1020), (520, 960), (740, 850), (920, 720), (1075, 640),
    ]
)  # fmt: skip
NORTHBANK = curve(
    [
        (920, 720), (1075, 640), (1240, 640), (1420, 715), (1660, 800), (2000, 812), (2270, 712), (2520, 605),
        (2930, 575),
    ]
)  # fmt: skip

# West of the marina the quay turns inland; the rows behind it run on to the ocean instead.
_ROWS_BASE = LineString([(-1800, 96), (-1400, 100), *(p for p in QUAY.coords if p[0] > -1165)])

SOUTH = Grid(
    _ROWS_BASE, -1, lambda x: 0.05 * x + 60, 430,
    lambda x, d: 8e-5 * x * d + 55 * math.sin(d / 620),
)  # fmt: skip
NORTH = Grid(
    NORTH_SHORE_DRIVE, 1, lambda x: 985 - 0.06 * x, 520,
    lambda _, d: 0.10 * d - 35 * math.sin(d / 400),
)  # fmt: skip
EAST = Grid(NORTHBANK, 1, lambda x: 720 + 0.03 * x, 420, lambda _, d: -0.06 * d)
RIVER = Grid(RIVER_ROAD, -1, lambda x: 330 + 0.03 * x, 460, lambda _, d: 0.05 * d)

ROWS_SOUTH = [
    (85.0, "Mill Lane"), (180.0, "Gull Street"), (285.0, "Market Street"), (390.0, "Chandler Street"),
    (500.0, "Tern Street"), (610.0, "Pearl Street"), (720.0, "Kelp Street"), (830.0, "Driftwood Street"),
    (940.0, "Marlow Street"), (1050.0, "Juniper Street"), (1160.0, "Sandpiper Street"), (1270.0, "Alma Street"),
    (1380.0, "Shoal Street"), (1500.0, "Southgate Road"),
]  # fmt: skip
COLUMNS_SOUTH = [
    (-1170.0, "Seabreeze Street"), (-1010.0, "Spindrift Street"), (-850.0, "Anchor Street"),
    (-690.0, "Compass Street"), (-530.0, "Ropewalk Street"), (-370.0, "Customs Street"),
    (-215.0, "Captain Street"), (-60.0, "1st Avenue"), (110.0, "2nd Avenue"), (280.0, "3rd Avenue"),
    (450.0, "4th Avenue"), (610.0, "5th Avenue"), (770.0, "6th Avenue"), (920.0, "7th Avenue"),
]  # fmt: skip
ROWS_NORTH = [
    (105.0, "Dory Street"), (215.0, "Skipper Street"), (330.0, "Whitlock Street"), (445.0, "Delgado Street"),
    (560.0, "Hannah Street"), (680.0, "Ridge Road"),
]  # fmt: skip
COLUMNS_NORTH = [
    (-1240.0, "Maple Street"), (-1060.0, "Cedar Street"), (-890.0, "Spruce Street"), (-720.0, "Hemlock Street"),
    (-550.0, "Madrone Street"), (-380.0, "Birch Street"), (-205.0, "Landing Street"), (-30.0, "Hawthorn Street"),
    (140.0, "Laurel Street"), (310.0, "Myrtle Street"), (480.0, "Rowan Street"), (650.0, "Aspen Street"),
    (830.0, "Sycamore Street"),
]  # fmt: skip
ROWS_EAST = [
    (105.0, "Otter Street"), (215.0, "Heron Street"), (330.0, "Kingfisher Street"), (450.0, "Upland Road"),
]  # fmt: skip
COLUMNS_EAST = [
    (1260.0, "Sawyer Street"), (1440.0, "Planer Street"), (1830.0, "Timber Street"),
    (2000.0, "Shingle Street"), (2170.0, "Kiln Street"),
]  # fmt: skip
ROWS_RIVER = [
    (100.0, "Willow Street"), (205.0, "Cottonwood Street"), (315.0, "Canal Street"), (430.0, "Meadow Road"),
]  # fmt: skip
COLUMNS_RIVER = [
    (1220.0, "9th Avenue"), (1390.0, "10th Avenue"), (1560.0, "11th Avenue"), (1730.0, "12th Avenue"),
    (1900.0, "13th Avenue"), (2070.0, "14th Avenue"), (2240.0, "15th Avenue"), (2410.0, "16th Avenue"),
    (2580.0, "17th Avenue"),
]  # fmt: skip
