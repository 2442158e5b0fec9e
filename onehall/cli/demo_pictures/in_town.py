"""Problems of walls, lamps, parks and beaches: graffiti, a dark light, a broken bench, a littered beach."""

import math

from onehall.cli.demo_pictures import scenery
from onehall.cli.demo_pictures.canvas import HEIGHT, WIDTH, Sheet, mix
from onehall.cli.demo_pictures.scenery import DUSK, LEAVES, Air, Place


def light(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """Dusk, and one lamp is dark; after: it shines on the street."""
    rng = spot.rng("lamp")
    scenery.sky(sheet, spot, air)
    for _ in range(26):
        sheet.disc(rng.uniform(0, WIDTH), rng.uniform(0, 170), 1.6, 1.6, "#cdd6e4")
    scenery.houses(sheet, spot, air, dark=True)
    y = scenery.verge_and_walk(sheet, spot, dark=True)
    scenery.road(sheet, spot, y, dark=True)
    side = -1 if spot.flip else 1
    scenery.tree(sheet, spot, 600 + side * 400, spot.ground + 50, 310, dark=True)
    x = 600 - side * rng.uniform(30, 130)
    foot, head = y - 14, 92.0
    hx = x + side * 150
    far = 600 - side * 480
    _lamp(sheet, far, foot - 10, 190, side * 70, lit=True, size=0.6)
    if after:
        for spread in (1.0, 0.8, 0.6, 0.4):
            low = 330 * spread
            beam = [
                (hx - 30, head + 26),
                (hx + 30, head + 26),
                (hx + low, y + 170),
                (hx - low, y + 170),
            ]
            sheet.blend(beam, "#ffe2a3", 0.035)
        sheet.glow(hx, y + 150, 560, "#ffdf9e", 0.62, flat=0.36)
        sheet.glow(hx, y - 46, 360, "#ffe2a3", 0.4, flat=0.16)
    _lamp(sheet, x, foot, head, side * 150, lit=after, size=1.0)
    if after:
        sheet.glow(hx, head + 20, 430, "#ffd98f", 0.55)
        sheet.glow(hx, head + 20, 120, "#fff2d2", 0.9)


def _lamp(
    sheet: Sheet, x: float, foot: float, head: float, arm: float, *, lit: bool, size: float
) -> None:
    metal = "#10161f" if not lit else "#1d2530"
    w = 15 * size
    sheet.shape(
        [(x - w, foot), (x - w * 0.55, head + 30), (x + w * 0.55, head + 30), (x + w, foot)], metal
    )
    sheet.box(x - w * 1.6, foot - 46 * size, x + w * 1.6, foot, metal)
    points = [
        (x + arm * t, head + 34 - 44 * size * math.sin(t * math.pi * 0.62))
        for t in (0, 0.25, 0.5, 0.75, 1.0)
    ]
    sheet.line(points, 10 * size, metal)
    hx, hy = points[-1]
    s = 1 if arm > 0 else -1
    sheet.shape(
        [
            (hx - s * 44 * size, hy - 9 * size),
            (hx + s * 40 * size, hy - 5 * size),
            (hx + s * 34 * size, hy + 15 * size),
            (hx - s * 38 * size, hy + 15 * size),
        ],
        metal,
    )
    sheet.disc(hx, hy + 15 * size, 32 * size, 9 * size, "#fff0cb" if lit else "#2c3644")
    sheet.box(
        x - 13 * size,
        foot - 190 * size,
        x + 13 * size,
        foot - 120 * size,
        "#8f979d" if lit else "#3b444f",
    )
    if lit:
        sheet.glow(hx, hy + 15 * size, 120 * size, "#ffe2a3", 0.6)


def graffiti(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A wall covered in loops of paint; after: clean, a shade lighter where it was washed."""
    rng = spot.rng("wall")
    scenery.sky(sheet, spot, air)
    top, low = 120.0, 640.0
    base = rng.choice(["#b58368", "#c2b39a", "#a8a49a", "#9d8f86"])
    sheet.box(-200, top, WIDTH + 200, low, base)
    if rng.random() < 0.6:
        _bricks(sheet, spot, top, low, base)
    else:
        for _ in range(90):
            sheet.blend(
                sheet.blob(rng.uniform(0, WIDTH), rng.uniform(top, low), 60, 30, rough=0.3),
                mix(base, "#ffffff", 0.3),
                0.18,
            )
    sheet.box(-200, top - 26, WIDTH + 200, top, mix(base, "#2a2f33", 0.45))
    sheet.box(-200, low - 46, WIDTH + 200, low, mix(base, "#2a2f33", 0.25))
    wx = 130 if spot.flip else 1070
    sheet.box(wx - 86, 210, wx + 86, 420, mix(base, "#ffffff", 0.45))
    sheet.box(wx - 72, 224, wx + 72, 406, "#8aa5b0")
    sheet.box(wx - 5, 224, wx + 5, 406, mix(base, "#ffffff", 0.45))
    sheet.shape([(wx - 72, 300), (wx - 10, 224), (wx - 72, 224)], "#b4c8d0")
    sheet.gradient(low, 780, "#bdb9ac", "#cfcbbf")
    for i in range(-3, 9):
        sheet.line([(420 + (i - 2) * 190, low), (420 + (i - 2) * 250, 780)], 3, "#a5a193")
    sheet.box(-200, 780, WIDTH + 200, 812, "#e6e2d6")
    sheet.gradient(812, HEIGHT + 100, "#6b7376", "#7b8386")
    middle = 660 if spot.flip else 540
    if after:
        sheet.soft(middle, 390, 390, 165, mix(base, "#ffffff", 0.5), 0.42, rough=0.06)
        sheet.soft(middle, 700, 330, 26, "#7f8a88", 0.4)
        return
    colors = rng.sample(["#1f5fa8", "#c4307a", "#1c8a63", "#e0a21c", "#6a3fa0", "#d8452e"], 2)
    _tag(sheet, spot, middle, 390, colors)


def _bricks(sheet: Sheet, spot: Place, top: float, low: float, base: str) -> None:
    rng = spot.rng("bricks")
    row, y = 0, top
    while y < low:
        x = -60 - (row % 2) * 44
        while x < WIDTH + 60:
            color = mix(base, "#6a3f30" if rng.random() < 0.5 else "#ffffff", rng.random() * 0.16)
            sheet.box(x + 2, y + 2, x + 84, y + 30, color)
            x += 88
        y += 33
        row += 1


def _tag(sheet: Sheet, spot: Place, x: float, y: float, colors: list[str]) -> None:
    rng = spot.rng("tag")
    loops: list[list[tuple[float, float]]] = []
    for part in range(3):
        cx = x + (part - 1) * 225
        turn, a, b = rng.uniform(0, 6), rng.uniform(105, 145), rng.uniform(110, 160)
        k = rng.choice([2, 3])
        loops.append(
            [
                (cx + a * math.sin(t / 30 * math.tau + turn) + 0.12 * a * math.sin(k * 2 * t / 30 * math.tau),
                 y + b * 0.75 * math.sin(k * t / 30 * math.tau + turn * 0.7))
                for t in range(34)
            ]
        )  # fmt: skip
    for width, color in ((58, "#20262a"), (42, colors[0]), (14, mix(colors[0], "#ffffff", 0.55))):
        for loop in loops:
            shift = -7 if width == 14 else 0
            sheet.line([(px + shift, py + shift) for px, py in loop], width, color)
    for _ in range(16):
        px = x + rng.uniform(-330, 330)
        py = y + rng.uniform(20, 90)
        sheet.line([(px, py), (px, py + rng.uniform(40, 110))], 5, colors[0])
    swoosh = [
        (x - 380 + i * 38, y + 176 - 42 * math.sin(i / 20 * math.pi) + (i % 2) * 5)
        for i in range(21)
    ]
    sheet.line(swoosh, 24, colors[1])
    for sx, sy in ((x - 350, y - 130), (x + 350, y - 110), (x + 20, y - 190)):
        for i in range(4):
            a = i * math.pi / 4
            sheet.line(
                [
                    (sx - 34 * math.cos(a), sy - 34 * math.sin(a)),
                    (sx + 34 * math.cos(a), sy + 34 * math.sin(a)),
                ],
                9,
                colors[1],
            )


def bench(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A park bench with a broken seat; after: new boards."""
    rng = spot.rng("bench")
    scenery.sky(sheet, spot, air)
    y = spot.ground + 20
    sheet.gradient(y, HEIGHT + 100, "#93a981", "#7f9a6c")
    sheet.shape(
        sheet.blob(600 + (260 if spot.flip else -260), y + 34, 330, 26, rough=0.1), "#9dbcc6"
    )
    for i in range(9):
        scenery.tree(
            sheet,
            spot,
            -20 + i * 155 + rng.uniform(-40, 40),
            y + 14 + (i % 2) * 16,
            rng.uniform(180, 320),
        )
    sheet.shape(
        [(-200, 720), (300, 640), (900, 655), (1400, 700), (1400, 990), (-200, 990)], "#d8cfb8"
    )
    sheet.shape(
        [
            (-200, 730),
            (300, 652),
            (900, 666),
            (1400, 712),
            (1400, 716),
            (900, 676),
            (300, 664),
            (-200, 742),
        ],
        "#c5bb9f",
    )
    for _ in range(150):
        sheet.line(
            [
                (gx := rng.uniform(-20, 1220), gy := rng.uniform(y + 60, 640)),
                (gx + rng.uniform(-4, 4), gy - 12),
            ],
            3,
            "#6f8a5c",
        )
    for _ in range(40):
        sheet.patch(
            rng.uniform(0, 1200),
            rng.uniform(y + 70, 870),
            9,
            6,
            rng.choice(LEAVES[spot.season]),
            rough=0.3,
        )
    x, foot = rng.uniform(560, 650), 770.0
    sheet.blend_disc(x + 20, foot + 6, 390, 34, "#26332c", 0.3)
    _bench(sheet, x, foot, broken=not after)


def _bench(sheet: Sheet, x: float, foot: float, *, broken: bool) -> None:
    iron, wood, new = "#2d3639", "#9a6b41", "#c99a63"
    for side in (-270, 270):
        sx = x + side
        sheet.line([(sx, foot), (sx, foot - 150), (sx - 26, foot - 330)], 18, iron)
        sheet.line([(sx + 56, foot), (sx + 46, foot - 140), (sx - 4, foot - 150)], 16, iron)
        sheet.line([(sx - 12, foot - 226), (sx + 60, foot - 220), (sx + 48, foot - 146)], 13, iron)
    for i, top in enumerate((332, 286, 240)):
        color = new if not broken and i == 1 else wood
        if broken and i == 1:
            _board(sheet, (x - 330, foot - top), (x - 80, foot - top + 6), 34, wood, ragged=True)
            _board(sheet, (x + 322, foot - top), (x + 150, foot - top + 4), 34, wood, ragged=True)
            continue
        _board(sheet, (x - 330, foot - top), (x + 322, foot - top), 34, color)
    for i, low in enumerate((168, 144, 118)):
        color = new if not broken and i in (0, 2) else wood
        if broken and i == 2:
            continue
        if broken and i == 0:
            _board(sheet, (x - 312, foot - low), (x + 120, foot - low + 96), 26, wood, ragged=True)
            continue
        _board(sheet, (x - 318 + i * 12, foot - low), (x + 330 + i * 12, foot - low), 26, color)
    if broken:
        _board(sheet, (x - 60, foot + 34), (x + 250, foot + 62), 26, wood, ragged=True)


def _board(
    sheet: Sheet,
    a: tuple[float, float],
    b: tuple[float, float],
    high: float,
    color: str,
    *,
    ragged: bool = False,
) -> None:
    end = [(b[0], b[1])]
    if ragged:
        s = 1 if b[0] > a[0] else -1
        end = [
            (b[0], b[1]),
            (b[0] - s * 22, b[1] + high * 0.3),
            (b[0] + s * 20, b[1] + high * 0.5),
            (b[0] - s * 14, b[1] + high * 0.75),
        ]
    sheet.shape([a, *end, (b[0], b[1] + high), (a[0], a[1] + high)], color)
    sheet.shape(
        [
            (a[0], a[1] + high * 0.8),
            (b[0], b[1] + high * 0.8),
            (b[0], b[1] + high),
            (a[0], a[1] + high),
        ],
        mix(color, "#1f1710", 0.28),
    )
    sheet.line(
        [(a[0] + 12, a[1] + high * 0.36), ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 + high * 0.36)],
        2,
        mix(color, "#1f1710", 0.18),
    )


def beach(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """Trash and a net at the tide line; after: only sand and shells."""
    rng = spot.rng("beach")
    sheet.gradient(-100, 270, air.top, air.low)
    sheet.gradient(270, 470, "#5f93a6", "#8fb7c1")
    side = -1 if spot.flip else 1
    px = 600 + side * 430
    sheet.shape(
        [
            (px - side * 330, 276),
            (px - side * 150, 232),
            (px + side * 60, 196),
            (px + side * 300, 190),
            (px + side * 300, 276),
        ],
        "#7c8f86",
    )
    sheet.shape([(px - 15, 198), (px - 10, 96), (px + 10, 96), (px + 15, 198)], "#f2f5f3")
    sheet.box(px - 13, 128, px + 13, 152, "#c43c07")
    sheet.shape([(px - 16, 96), (px, 68), (px + 16, 96)], "#c43c07")
    for i in range(5):
        wy = 300 + i * 36
        points = [
            (x, wy + 7 * math.sin(x / 55 + i * 1.7 + spot.seed)) for x in range(-40, 1260, 30)
        ]
        sheet.line(points, 3 + i, mix("#a9cdd6", "#ffffff", 0.15 * i))
    tide = [(x, 468 + 16 * math.sin(x / 170 + spot.seed)) for x in range(-60, 1290, 30)]
    sheet.shape([*tide, (1290, 1000), (-60, 1000)], "#cbb994")
    sheet.shape(
        [*((x, y + 66 + 10 * math.sin(x / 90)) for x, y in tide), (1290, 1000), (-60, 1000)],
        "#dccba6",
    )
    sheet.line(tide, 9, "#f4f8f7")
    for _ in range(240):
        sheet.disc(
            rng.uniform(-20, 1220), rng.uniform(560, 920), 3, 2, rng.choice(["#c9b68d", "#eadfc4"])
        )
    for _ in range(16):
        sheet.patch(rng.uniform(0, 1200), rng.uniform(540, 600), 26, 6, "#6d7050", rough=0.4)
    x = rng.uniform(470, 690)
    if after:
        _raked(sheet, x, 700.0)
    else:
        _net(sheet, spot, x, 700.0)


def _raked(sheet: Sheet, x: float, y: float) -> None:
    for i in range(6):
        sheet.disc(x - 240 + i * 96, y + 40 * math.sin(i * 2.1), 13, 9, "#f2e9dc")
    for i in range(7):
        sheet.line(
            [(x - 360, y - 40 + i * 30), (x, y - 54 + i * 31), (x + 380, y - 36 + i * 30)],
            3,
            "#cdbb93",
        )


def _net(sheet: Sheet, spot: Place, x: float, y: float) -> None:
    rng = spot.rng("net")
    sheet.blend_disc(x, y + 40, 290, 60, "#5f5238", 0.28)
    sheet.shape(sheet.blob(x, y, 270, 92, rough=0.14), "#3f7d77")
    for i in range(-8, 9):
        sheet.line([(x + i * 30 - 50, y - 62), (x + i * 28 + 44, y + 66)], 4, "#79b3a8")
        sheet.line([(x + i * 30 + 44, y - 62), (x + i * 28 - 50, y + 66)], 4, "#2f635e")
    for i in range(5):
        sheet.disc(
            x - 200 + i * 92, y - 56 + (i % 2) * 36, 26, 22, "#d8743a" if i % 2 else "#e8e3d4"
        )
    for _ in range(9):
        bx, by = x + rng.uniform(-480, 480), y + rng.uniform(-90, 140)
        sheet.shape(
            [
                (bx - 38, by - 9),
                (bx + 20, by - 12),
                (bx + 38, by - 5),
                (bx + 38, by + 6),
                (bx + 20, by + 12),
                (bx - 38, by + 9),
            ],
            rng.choice(["#a9c6cf", "#bcd3b8", "#e3e8e8"]),
        )
        sheet.box(bx + 36, by - 6, bx + 46, by + 6, "#2f6fa0")


AIR_OF = {"light": DUSK}
