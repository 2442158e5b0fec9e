"""Problems beside the road: dumped things, a fallen branch, a full bin, a missing sign."""

import math
import random

from onehall.cli.demo_pictures import scenery
from onehall.cli.demo_pictures.canvas import HEIGHT, WIDTH, Sheet, mix
from onehall.cli.demo_pictures.scenery import LEAVES, Air, Place


def _walk(sheet: Sheet, spot: Place, air: Air) -> float:
    """A wide sidewalk seen from close by, with a fence or hedge behind; gives the y of the curb."""
    scenery.sky(sheet, spot, air)
    scenery.houses(sheet, spot, air)
    y = spot.ground
    rng = spot.rng("fence")
    sheet.gradient(y, y + 120, "#8fa07e", "#9aab85")
    if rng.random() < 0.5:
        for i in range(-1, 31):
            x = i * 42 + rng.uniform(-3, 3)
            sheet.shape(
                [
                    (x - 15, y + 66),
                    (x - 15, y - 34),
                    (x, y - 50),
                    (x + 15, y - 34),
                    (x + 15, y + 66),
                ],
                "#ece8dc",
            )
        for rail in (y - 14, y + 36):
            sheet.box(-100, rail, WIDTH + 100, rail + 9, "#dcd7c8")
    else:
        for i in range(48):
            color = LEAVES["summer"][i % 4]
            sheet.patch(
                i * 27 - 40,
                y + 30 + rng.uniform(-8, 8),
                34,
                62,
                mix(color, "#2a4030", 0.12),
                rough=0.12,
            )
        for _ in range(240):
            sheet.disc(
                rng.uniform(-20, WIDTH + 20),
                y + rng.uniform(-26, 84),
                5,
                4,
                mix("#7a9668", "#dfe9c8", rng.random() * 0.4),
            )
    sheet.gradient(y + 66, 690, "#c3bfb2", "#d2cec2")
    for i in range(-3, 9):
        sheet.line([(420 + (i - 2) * 170, y + 68), (420 + (i - 2) * 262, 690)], 3, "#aaa698")
    sheet.line([(-100, 545), (WIDTH + 100, 545)], 3, "#aaa698")
    sheet.box(-200, 690, WIDTH + 200, 726, "#e6e2d6")
    sheet.box(-200, 726, WIDTH + 200, 748, "#b9b4a5")
    sheet.gradient(748, HEIGHT + 100, "#6b7376", "#7d8588")
    for _ in range(140):
        sheet.disc(
            rng.uniform(-40, WIDTH + 40),
            rng.uniform(760, 960),
            3,
            2,
            "#9aa2a4" if rng.random() < 0.5 else "#5d6568",
        )
    return 690.0


def dumping(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A couch, bags and a box on the sidewalk; after: an empty, swept curb."""
    curb = _walk(sheet, spot, air)
    rng = spot.rng("heap")
    x = rng.uniform(430, 560)
    if after:
        sheet.soft(x + 90, curb - 74, 400, 54, "#7f8b8a", 0.42)
        sheet.soft(x - 20, curb - 70, 150, 15, "#eef4f4", 0.4)
        return
    sheet.blend_disc(x + 120, curb - 22, 440, 38, "#2a3438", 0.3)
    if rng.random() < 0.65:
        _couch(sheet, x, curb - 24, rng.choice(["#8f5d55", "#5f7a86", "#8a7a4f", "#7b6485"]))
    else:
        _mattress(sheet, x, curb - 24)
    for i in range(rng.randint(3, 5)):
        _bag(
            sheet,
            rng,
            x + 300 + i * 62 + rng.uniform(-14, 14),
            curb - 14 - (i % 2) * 26,
            rng.uniform(56, 78),
        )
    bx = x - 330
    sheet.shape(
        [(bx, curb - 20), (bx + 126, curb - 20), (bx + 126, curb - 118), (bx, curb - 118)],
        "#b9935f",
    )
    sheet.shape(
        [
            (bx + 126, curb - 20),
            (bx + 158, curb - 44),
            (bx + 158, curb - 136),
            (bx + 126, curb - 118),
        ],
        "#9d7a4c",
    )
    sheet.shape(
        [(bx, curb - 118), (bx - 30, curb - 150), (bx + 92, curb - 152), (bx + 126, curb - 118)],
        "#cba873",
    )
    sheet.box(bx + 52, curb - 118, bx + 70, curb - 84, "#d9c193")


def _couch(sheet: Sheet, x: float, y: float, color: str) -> None:
    dark, light = mix(color, "#1e2428", 0.25), mix(color, "#ffffff", 0.16)
    for leg in (-160, 170):
        sheet.box(x + leg - 8, y - 24, x + leg + 8, y, "#4a3b31")
    sheet.shape(
        [(x - 190, y - 120), (x - 180, y - 226), (x + 182, y - 232), (x + 196, y - 120)], dark
    )
    sheet.shape([(x - 172, y - 130), (x - 164, y - 214), (x + 4, y - 218), (x + 4, y - 130)], color)
    sheet.shape(
        [(x + 10, y - 130), (x + 10, y - 218), (x + 168, y - 220), (x + 178, y - 130)], color
    )
    sheet.shape([(x - 196, y - 22), (x - 196, y - 92), (x + 200, y - 92), (x + 200, y - 22)], dark)
    sheet.shape([(x - 170, y - 86), (x - 164, y - 138), (x + 6, y - 140), (x + 8, y - 84)], light)
    sheet.shape([(x + 14, y - 84), (x + 12, y - 132), (x + 176, y - 144), (x + 178, y - 88)], light)
    for side in (-1.0, 1.0):
        ax = x + side * 196
        sheet.shape(
            [
                (ax - 30, y - 20),
                (ax - 34, y - 150),
                (ax - 18, y - 170),
                (ax + 18, y - 170),
                (ax + 34, y - 150),
                (ax + 30, y - 20),
            ],
            color,
        )
        sheet.disc(ax, y - 152, 32, 22, light)
    sheet.shape(
        [(x + 60, y - 120), (x + 96, y - 128), (x + 106, y - 104), (x + 72, y - 98)], "#e8dfc9"
    )


def _mattress(sheet: Sheet, x: float, y: float) -> None:
    sheet.shape(
        [(x - 210, y), (x - 250, y - 250), (x + 140, y - 282), (x + 190, y - 22)], "#d9d6cf"
    )
    sheet.shape(
        [(x + 190, y - 22), (x + 140, y - 282), (x + 172, y - 286), (x + 226, y - 26)], "#b4b1aa"
    )
    for i in range(1, 6):
        for j in range(1, 4):
            px, py = x - 234 + i * 66 + j * 6, y - 30 - j * 62 - i * 4
            sheet.disc(px, py, 6, 5, "#bdbab2")
    sheet.blend(sheet.blob(x - 40, y - 130, 80, 46), "#b79a63", 0.35)
    sheet.line([(x - 214, y - 20), (x - 246, y - 236)], 4, "#8fa7b8")


def _bag(sheet: Sheet, rng: random.Random, x: float, y: float, r: float) -> None:
    color = rng.choice(["#2b3134", "#353b3f", "#22282b", "#e4e7e6"])
    sheet.shape(sheet.blob(x, y - r * 0.72, r * 0.86, r * 0.74, rough=0.08), color)
    sheet.shape(
        [
            (x - r * 0.2, y - r * 1.32),
            (x - r * 0.36, y - r * 1.72),
            (x, y - r * 1.52),
            (x + r * 0.34, y - r * 1.76),
            (x + r * 0.2, y - r * 1.32),
        ],
        color,
    )
    shine = mix(color, "#ffffff", 0.28) if color != "#e4e7e6" else "#f7f9f8"
    sheet.line([(x - r * 0.42, y - r * 0.95), (x - r * 0.2, y - r * 1.16)], r * 0.1, shine)
    for k in (-0.3, 0.05, 0.34):
        sheet.line(
            [(x + k * r * 0.4, y - r * 1.24), (x + k * r, y - r * 0.7)],
            3,
            mix(color, "#000000", 0.3),
        )


def branch(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A big branch over the sidewalk and the road; after: only sawdust and cut logs on the grass."""
    y = scenery.street(sheet, spot, air, trees=False)
    rng = spot.rng("branch")
    lean = -1 if spot.flip else 1
    tx = 600.0 - lean * 380
    scenery.tree(sheet, spot, tx, spot.ground + 56, 400)
    sheet.disc(tx + lean * 13, spot.ground - 110, 13, 17, "#d8b98a")
    start, end = (tx + lean * 60, spot.ground + 70), (tx + lean * 700, y + 250)
    if after:
        sheet.soft(600 + lean * 30, y + 120, 290, 56, "#e0c798", 0.5, rough=0.2)
        for i in range(5):
            lx = tx + lean * (120 + i * 44) - (i // 3) * lean * 110
            ly = spot.ground + 66 - (i // 3) * 30
            sheet.disc(lx, ly, 24, 19, "#5d4c3d")
            sheet.disc(lx - lean * 4, ly + 1, 19, 15, "#dcbf92")
            sheet.disc(lx - lean * 4, ly + 1, 8, 6, "#c4a472")
        return
    sheet.soft(600 + lean * 80, y + 176, 430, 88, "#1f282b", 0.36, rough=0.14)
    _limb(sheet, start, end, 46)
    for _ in range(11):
        t = rng.uniform(0.3, 1.0)
        bx, by = start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t
        a = rng.uniform(-1.3, 1.1)
        long = rng.uniform(110, 240) * (1.15 - 0.4 * t)
        tip = (bx + lean * long * math.cos(a), by + long * math.sin(a) * 0.62)
        _limb(sheet, (bx, by), tip, 15)
        for _ in range(7):
            s = rng.uniform(0.35, 1.15)
            lx, ly = bx + (tip[0] - bx) * s, by + (tip[1] - by) * s
            color = rng.choice(LEAVES[spot.season])
            sheet.patch(
                lx + rng.uniform(-26, 26),
                ly + rng.uniform(-20, 16),
                rng.uniform(26, 50),
                rng.uniform(17, 32),
                color,
                rough=0.25,
            )
    for _ in range(46):
        lx, ly = rng.uniform(120, 1080), y + rng.uniform(40, 330)
        sheet.patch(lx, ly, 9, 6, rng.choice(LEAVES[spot.season]), rough=0.3)


def _limb(sheet: Sheet, a: tuple[float, float], b: tuple[float, float], width: float) -> None:
    for i in range(16):
        t = i / 15
        bend = math.sin(t * math.pi) * -34
        x, y = a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + bend
        r = width * (1 - 0.72 * t) / 2
        u = (i + 1) / 15
        x1, y1 = a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u + math.sin(u * math.pi) * -34
        if i < 15:
            sheet.line([(x, y), (x1, y1)], 2 * r, "#64533f")
            sheet.line([(x, y - r * 0.4), (x1, y1 - r * 0.4)], max(2, r * 0.5), "#7d6a53")


def bin_full(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A public bin that overflows, with a gull; after: emptied and tidy."""
    curb = _walk(sheet, spot, air)
    rng = spot.rng("bin")
    x, y = rng.uniform(500, 680), curb - 40
    color = rng.choice(["#2f6b5c", "#31586e", "#59616a"])
    sheet.blend_disc(x + 60, y + 4, 190, 26, "#222c30", 0.3)
    if not after:
        for i in range(4):
            sheet.disc(
                x - 96 + i * 62,
                y - 362 - (i % 2) * 26,
                56,
                46,
                ["#e4e7e6", "#343b3f", "#d9c193", "#2b3134"][i],
            )
        sheet.shape(
            [(x + 20, y - 380), (x + 44, y - 452), (x + 92, y - 440), (x + 76, y - 372)], "#f3f3ee"
        )
        sheet.shape(
            [(x + 40, y - 438), (x + 44, y - 452), (x + 92, y - 440), (x + 90, y - 426)], "#c43c07"
        )
    sheet.shape([(x - 124, y - 340), (x + 124, y - 340), (x + 104, y), (x - 104, y)], color)
    sheet.shape(
        [(x + 40, y - 340), (x + 124, y - 340), (x + 104, y), (x + 36, y)],
        mix(color, "#101a1e", 0.18),
    )
    for i in range(-4, 5):
        sheet.line([(x + i * 26, y - 312), (x + i * 22, y - 22)], 5, mix(color, "#ffffff", 0.12))
    sheet.disc(x, y - 340, 126, 26, mix(color, "#101a1e", 0.35))
    sheet.disc(x, y - 340, 104, 19, "#151b1d" if after else "#3a4245")
    sheet.line([(x - 124, y - 338), (x - 124, y - 330)], 8, color)
    sheet.shape(
        [(x - 46, y - 220), (x + 46, y - 220), (x + 44, y - 150), (x - 44, y - 150)], "#f2f5f3"
    )
    sheet.line([(x - 18, y - 170), (x, y - 206), (x + 18, y - 170), (x - 18, y - 170)], 6, color)
    if after:
        sheet.soft(x, y + 22, 200, 18, "#e9f1f1", 0.3)
        return
    for i in range(4):
        sheet.disc(
            x - 78 + i * 54,
            y - 350 - (i % 2) * 14,
            42,
            32,
            ["#cfd6d5", "#2b3134", "#b9935f", "#e9ece9"][i],
        )
    for _ in range(13):
        lx, ly = x + rng.uniform(-330, 330), y + rng.uniform(-26, 34)
        kind = rng.choice(["#f3f3ee", "#d9c193", "#9fb7c2", "#e8e4da"])
        sheet.patch(lx, ly, rng.uniform(13, 24), rng.uniform(8, 13), kind, rough=0.35)
    _gull(sheet, x + (-300 if spot.flip else 300), y + 20, -1 if spot.flip else 1)


def _gull(sheet: Sheet, x: float, y: float, side: int) -> None:
    sheet.line([(x - 8, y), (x - 8, y - 34)], 5, "#d9903a")
    sheet.line([(x + 12, y), (x + 12, y - 34)], 5, "#d9903a")
    sheet.shape(sheet.blob(x, y - 62, 66, 36, rough=0.04), "#f4f6f5")
    sheet.shape(
        [
            (x + side * 90, y - 58),
            (x + side * 20, y - 92),
            (x - side * 26, y - 82),
            (x - side * 14, y - 52),
            (x + side * 50, y - 48),
        ],
        "#a9b4ba",
    )
    sheet.shape(
        [(x + side * 96, y - 60), (x + side * 60, y - 62), (x + side * 54, y - 50)], "#2b3336"
    )
    sheet.disc(x - side * 56, y - 104, 26, 24, "#f4f6f5")
    sheet.shape(
        [
            (x - side * 40, y - 62),
            (x - side * 70, y - 70),
            (x - side * 76, y - 104),
            (x - side * 34, y - 96),
        ],
        "#f4f6f5",
    )
    sheet.shape(
        [(x - side * 78, y - 110), (x - side * 112, y - 98), (x - side * 78, y - 94)], "#e0a03c"
    )
    sheet.disc(x - side * 63, y - 109, 4, 4, "#20282b")


def sign(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A bare, bent pole with the stop sign in the grass; after: a new sign on a straight pole."""
    y = scenery.street(sheet, spot, air, trees=False)
    rng = spot.rng("sign")
    x = rng.uniform(480, 720)
    side = -1 if spot.flip else 1
    scenery.tree(sheet, spot, 600 + side * 440, spot.ground + 50, 300)
    foot = y - 26
    sheet.blend_disc(x + 70, foot + 3, 110, 9, "#222c30", 0.25)
    if after:
        sheet.line([(x, foot), (x, foot - 250)], 15, "#8b959a")
        sheet.line([(x - 4, foot), (x - 4, foot - 250)], 4, "#b4bdc1")
        _octagon(sheet, x, foot - 262, 104, 0.0)
        return
    bend = [
        (x, foot),
        (x + side * 8, foot - 90),
        (x + side * 48, foot - 176),
        (x + side * 124, foot - 246),
    ]
    sheet.line(bend, 15, "#7f888c")
    sheet.line([(px - 4, py) for px, py in bend], 4, "#a9b1b5")
    for px, py in bend[2:]:
        sheet.disc(px, py, 4, 4, "#4b5357")
    _octagon(sheet, x - side * 190, foot + 126, 112, 0.34, squash=0.46)


def _octagon(
    sheet: Sheet, x: float, y: float, r: float, turn: float, *, squash: float = 1.0
) -> None:
    def ring(size: float) -> list[tuple[float, float]]:
        angles = [math.pi / 8 + i * math.pi / 4 + turn for i in range(8)]
        return [(x + size * math.cos(a), y + size * math.sin(a) * squash) for a in angles]

    sheet.shape([(px + 5, py + 6) for px, py in ring(r)], "#59262a")
    sheet.shape(ring(r), "#f4f4f0")
    sheet.shape(ring(r * 0.91), "#b3262c")
    c, s = math.cos(turn), math.sin(turn)
    for letter in ("S", "T", "O", "P"):
        shift = ("STOP".index(letter) - 1.5) * r * 0.4
        for stroke in _LETTERS[letter]:
            flat = [(shift + px * r * 0.15, py * r * 0.24) for px, py in stroke]
            sheet.line(
                [(x + px * c - py * s, y + (px * s + py * c) * squash) for px, py in flat],
                r * 0.075,
                "#f4f4f0",
            )


_LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "S": [[(0.9, -0.8), (0.3, -1), (-0.7, -0.9), (-0.9, -0.45), (-0.4, -0.1), (0.5, 0.1), (0.9, 0.5), (0.6, 0.95), (-0.3, 1), (-0.9, 0.8)]],
    "T": [[(-1, -1), (1, -1)], [(0, -1), (0, 1)]],
    "O": [[(0, -1), (-0.8, -0.7), (-0.95, 0), (-0.8, 0.7), (0, 1), (0.8, 0.7), (0.95, 0), (0.8, -0.7), (0, -1)]],
    "P": [[(-0.7, 1), (-0.7, -1), (0.4, -1), (0.9, -0.5), (0.4, 0), (-0.7, 0)]],
}  # fmt: skip
