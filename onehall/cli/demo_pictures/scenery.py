"""What stands around the problem: sky, hills, a row of houses, trees, verge, sidewalk and road."""

import random
from dataclasses import dataclass

from onehall.cli.demo_pictures.canvas import HEIGHT, WIDTH, Color, Sheet, mix

WALLS = [
    "#c7b8a3",
    "#9fb0b3",
    "#b5c2b7",
    "#c9a79a",
    "#a9b7c6",
    "#d8cdb4",
    "#8fa3a8",
    "#c4b1c2",
    "#e0d8c8",
]
ROOFS = ["#6d6a70", "#7c5f55", "#566a73", "#8a6d5c", "#4f5b60"]
LEAVES = {
    "summer": ["#6f8a5f", "#64805a", "#7a9668", "#587350"],
    "fall": ["#b98a3f", "#a8713a", "#8d8a4c", "#c39b52"],
    "spring": ["#8aa66c", "#7d9c66", "#9ab37b", "#74915f"],
}


@dataclass(frozen=True)
class Place:
    """What stays the same between the before and the after picture of one spot."""

    seed: int
    season: str
    ground: float
    flip: bool

    def rng(self, what: str) -> random.Random:
        """A generator that gives the same things at this spot in every picture."""
        return random.Random(f"{self.seed} {what}")  # noqa: S311


@dataclass(frozen=True)
class Air:
    """The light of one picture."""

    top: str
    low: str
    tint: tuple[float, float, float]
    shadow: float


AIRS = [
    Air("#aecbdb", "#dbe6e6", (1.0, 1.0, 1.0), 0.16),
    Air("#c3ced1", "#d5dcdc", (0.96, 0.98, 1.0), 0.07),
    Air("#b9d0dc", "#f0e3cf", (1.04, 1.0, 0.94), 0.18),
    Air("#9fc2d8", "#e3ecec", (1.02, 1.02, 1.0), 0.2),
    Air("#aab9bf", "#c3cccd", (0.92, 0.95, 0.98), 0.04),
]
DUSK = Air("#24395a", "#c98b6a", (0.98, 0.98, 1.04), 0.0)


def place(seed: int) -> Place:
    """The spot that belongs to a seed."""
    rng = random.Random(f"{seed} place")  # noqa: S311
    return Place(seed, rng.choice(sorted(LEAVES)), rng.uniform(290, 350), rng.random() < 0.5)


def sky(sheet: Sheet, spot: Place, air: Air) -> None:
    """Sky with a few clouds, and hills or the bay behind the houses."""
    sheet.gradient(-200, spot.ground, air.top, air.low)
    rng = spot.rng("hills")
    cloud = mix(air.low, "#ffffff", 0.45)
    for _ in range(rng.randint(1, 3)):
        x, y = rng.uniform(0, WIDTH), rng.uniform(20, spot.ground * 0.45)
        for k in range(4):
            sheet.blend_disc(x + k * 46, y + (k % 2) * 9, 60 - k * 5, 15, cloud, 0.55)
    far = mix("#7f9aa0", air.low, 0.45)
    peaks = [(-80.0, spot.ground)]
    x = -80.0
    while x < WIDTH + 80:
        peaks.append((x, spot.ground - rng.uniform(90, 190)))
        x += rng.uniform(130, 260)
    sheet.shape([*peaks, (WIDTH + 80, spot.ground), (-80, spot.ground)], far)


def houses(sheet: Sheet, spot: Place, air: Air, *, dark: bool = False) -> None:
    """A row of houses along the far side, with windows, doors and now and then a chimney."""
    rng = spot.rng("houses")
    x = -60 - rng.uniform(0, 90)
    while x < WIDTH + 60:
        wide, high = rng.uniform(120, 220), rng.uniform(95, 175)
        gap = rng.choice([4, 6, 26, 40])
        _house(sheet, rng, air, (x, spot.ground, wide, high), dark=dark)
        x += wide + gap


def _house(
    sheet: Sheet,
    rng: random.Random,
    air: Air,
    frame: tuple[float, float, float, float],
    *,
    dark: bool,
) -> None:
    x, y, wide, high = frame
    haze = 0.22 if not dark else 0.0
    wall = mix(rng.choice(WALLS), air.low, haze)
    roof = mix(rng.choice(ROOFS), air.low, haze)
    if dark:
        wall, roof = mix(wall, "#1c2b40", 0.72), mix(roof, "#18243a", 0.8)
    top = y - high
    style = rng.choice(["gable", "gable", "flat", "hip"])
    if rng.random() < 0.4 and style != "flat":
        cx = x + wide * rng.uniform(0.2, 0.75)
        sheet.box(cx, top - 44, cx + 16, top, mix(roof, "#000000", 0.15))
    if style == "gable":
        sheet.shape([(x - 7, top + 3), (x + wide / 2, top - 52), (x + wide + 7, top + 3)], roof)
    elif style == "hip":
        sheet.shape(
            [
                (x - 7, top + 3),
                (x + 30, top - 36),
                (x + wide - 30, top - 36),
                (x + wide + 7, top + 3),
            ],
            roof,
        )
    else:
        sheet.box(x - 3, top - 10, x + wide + 3, top + 2, roof)
    sheet.box(x, top, x + wide, y, wall)
    sheet.box(x + wide * 0.82, top, x + wide, y, mix(wall, "#20303a", 0.07))
    _openings(sheet, rng, frame, wall, dark=dark)


def _openings(
    sheet: Sheet,
    rng: random.Random,
    frame: tuple[float, float, float, float],
    wall: Color,
    *,
    dark: bool,
) -> None:
    x, y, wide, high = frame
    columns = max(2, int(wide / 58))
    rows = 2 if high > 120 else 1
    door = rng.randrange(columns)
    step = wide / columns
    for column in range(columns):
        for row in range(rows):
            wx = x + step * (column + 0.5)
            wy = y - high + 22 + row * (high - 40) / rows
            if row == rows - 1 and column == door:
                sheet.box(
                    wx - 13,
                    y - 52,
                    wx + 13,
                    y,
                    mix(rng.choice(ROOFS), "#2b3a44", 0.3 if dark else 0.0),
                )
                continue
            lit = dark and rng.random() < 0.42
            pane = "#f3cf85" if lit else mix("#dfe9ea", "#1b2a40", 0.75) if dark else "#dfe9ea"
            sheet.box(wx - 14, wy - 2, wx + 14, wy + 32, mix(wall, "#ffffff", 0.0 if dark else 0.4))
            sheet.box(wx - 11, wy, wx + 11, wy + 29, pane)
            sheet.box(wx - 1, wy, wx + 1, wy + 29, mix(wall, "#ffffff", 0.0 if dark else 0.4))


def tree(sheet: Sheet, spot: Place, x: float, y: float, size: float, *, dark: bool = False) -> None:
    """A street tree whose trunk stands at (x, y); `size` is its height."""
    rng = spot.rng(f"tree {x:.0f}")
    trunk = "#6a5a4c" if not dark else "#1a2230"
    sheet.shape(
        [
            (x - size * 0.035, y),
            (x - size * 0.02, y - size * 0.6),
            (x + size * 0.02, y - size * 0.6),
            (x + size * 0.035, y),
        ],
        trunk,
    )
    colors = LEAVES[spot.season]
    for layer in range(3):
        for _ in range(6):
            px = x + rng.uniform(-0.26, 0.26) * size
            py = y - size * (0.68 + rng.uniform(-0.16, 0.2)) - layer * size * 0.03
            color = mix(
                colors[(layer + 1) % len(colors)],
                "#ffffff" if layer == 2 else "#26402f",
                0.08 * layer,
            )
            sheet.patch(
                px,
                py,
                size * 0.16,
                size * 0.14,
                mix(color, "#141e2c", 0.75) if dark else color,
                rough=0.1,
            )


def verge_and_walk(sheet: Sheet, spot: Place, *, dark: bool = False) -> float:
    """Grass, sidewalk and curb under the houses; gives the y where the road begins."""
    y = spot.ground
    shade = 0.68 if dark else 0.0
    night = "#16202f"
    grass = mix("#8fa07e" if spot.season != "fall" else "#a09a72", night, shade)
    sheet.box(-200, y, WIDTH + 200, y + 46, grass)
    rng = spot.rng("tufts")
    for _ in range(90):
        x, gy = rng.uniform(-40, WIDTH + 40), rng.uniform(y + 4, y + 44)
        sheet.line([(x, gy), (x + rng.uniform(-4, 4), gy - 8)], 2, mix(grass, "#2c3d28", 0.2))
    sheet.box(-200, y + 44, WIDTH + 200, y + 98, mix("#c8c4b8", night, shade))
    for i in range(-2, 14):
        x = i * 104 + 20
        sheet.line([(x, y + 46), (x - 20, y + 97)], 2, mix("#aaa698", night, shade))
    sheet.box(-200, y + 96, WIDTH + 200, y + 114, mix("#e6e2d6", night, shade))
    sheet.box(-200, y + 112, WIDTH + 200, y + 120, mix("#b9b4a5", night, shade))
    return y + 118


def road(sheet: Sheet, spot: Place, y: float, *, dark: bool = False) -> None:
    """Asphalt from `y` down, with a lane line, grit, old cracks and a tar seam."""
    shade = 0.66 if dark else 0.0
    night = "#141c29"
    sheet.gradient(y, HEIGHT + 200, mix("#757d80", night, shade), mix("#838b8e", night, shade))
    sheet.box(-200, y, WIDTH + 200, y + 26, mix("#666e71", night, shade))
    rng = spot.rng("road")
    lean = -1 if spot.flip else 1
    x0 = 330 if spot.flip else 870
    white = mix("#e9ecea", night, shade)
    for a, b in ((0.0, 0.28), (0.4, 0.68), (0.82, 1.25)):
        _stripe(sheet, (x0, y + 30), lean, a, b, white)
    for _ in range(420):
        t = rng.random() ** 0.7
        gx, gy = rng.uniform(-60, WIDTH + 60), y + 30 + t * (HEIGHT - y)
        r = 0.8 + 2.2 * t
        sheet.disc(
            gx, gy, r * 1.4, r, mix("#9aa2a4" if rng.random() < 0.6 else "#646c6f", night, shade)
        )
    points = [(-60.0, y + rng.uniform(90, 330))]
    while points[-1][0] < WIDTH + 80:
        px, py = points[-1]
        points.append((px + rng.uniform(50, 120), py + rng.uniform(-16, 18)))
    sheet.line(points, 2.5, mix("#5a6265", night, shade))


def _stripe(
    sheet: Sheet, top: tuple[float, float], lean: int, a: float, b: float, color: Color
) -> None:
    x, y = top
    deep = HEIGHT - y

    def at(t: float, side: float) -> tuple[float, float]:
        return x - lean * 620 * t + side * (4 + 22 * t), y + deep * t

    sheet.shape([at(a, -1), at(a, 1), at(b, 1), at(b, -1)], color)


def street(sheet: Sheet, spot: Place, air: Air, *, trees: bool = True) -> float:
    """The whole street by day; gives the y where the road begins."""
    sky(sheet, spot, air)
    houses(sheet, spot, air)
    y = verge_and_walk(sheet, spot)
    road(sheet, spot, y)
    if trees:
        rng = spot.rng("where trees stand")
        for x in (rng.uniform(60, 300), rng.uniform(880, 1130)):
            shadow = (x + 50, spot.ground + 56, 92, 12)
            sheet.blend_disc(*shadow, "#24333a", air.shadow)
            tree(sheet, spot, x, spot.ground + 50, rng.uniform(230, 320))
    return y


def cone(sheet: Sheet, x: float, y: float, size: float) -> None:
    """A traffic cone whose foot is at (x, y)."""
    s = size
    sheet.blend_disc(x + s * 0.25, y, s * 0.7, s * 0.13, "#1d2528", 0.25)
    sheet.shape(
        [
            (x - s * 0.42, y),
            (x - s * 0.38, y - s * 0.12),
            (x + s * 0.38, y - s * 0.12),
            (x + s * 0.42, y),
        ],
        "#b94a1c",
    )
    sheet.shape(
        [
            (x - s * 0.3, y - s * 0.1),
            (x - s * 0.05, y - s),
            (x + s * 0.05, y - s),
            (x + s * 0.3, y - s * 0.1),
        ],
        "#e2622a",
    )
    for low, high in ((0.34, 0.52), (0.66, 0.8)):
        w0, w1 = 0.3 - 0.27 * low, 0.3 - 0.27 * high
        sheet.shape(
            [
                (x - s * w0, y - s * low),
                (x - s * w1, y - s * high),
                (x + s * w1, y - s * high),
                (x + s * w0, y - s * low),
            ],
            "#f6f6f2",
        )
