"""Problems of the road and the gutter: pothole, crosswalk, drain, sidewalk."""

import math

from onehall.cli.demo_pictures import scenery
from onehall.cli.demo_pictures.canvas import HEIGHT, WIDTH, Sheet, mix
from onehall.cli.demo_pictures.scenery import Air, Place

FALL = ["#b9822f", "#a4642b", "#8c5a33", "#c79a45", "#7d6a3a", "#9c4a2c"]


def pothole(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A hole with water in it; after: a square dark patch and a cone."""
    y = scenery.street(sheet, spot, air)
    rng = spot.rng("hole")
    x, cy = rng.uniform(470, 730), y + rng.uniform(185, 250)
    rx = rng.uniform(165, 265)
    ry = rx * 0.40
    if after:
        _filled(sheet, spot, x, cy, rx, ry)
        return
    sheet.patch(x, cy, rx * 1.22, ry * 1.25, "#979ea0", rough=0.12)
    sheet.patch(x, cy, rx, ry, "#3a4043", rough=0.14)
    sheet.patch(x + 6, cy + 8, rx * 0.84, ry * 0.8, "#272c2e", rough=0.12)
    if rng.random() < 0.7:
        sheet.patch(x + 10, cy + ry * 0.2, rx * 0.6, ry * 0.42, "#6d8f9d", rough=0.12)
        sheet.line([(x - rx * 0.2, cy + ry * 0.06), (x + rx * 0.22, cy + ry * 0.02)], 5, "#b8d0d8")
    else:
        for _ in range(26):
            a, t = rng.uniform(0, math.tau), rng.random() ** 0.5 * 0.7
            sheet.disc(
                x + rx * t * math.cos(a),
                cy + ry * t * math.sin(a),
                9,
                6,
                rng.choice(["#5b6265", "#6c7376", "#474d50"]),
            )
    for a in (0.1, 0.5, 2.7, 3.3, 4.2, 5.4):
        a += rng.uniform(-0.2, 0.2)
        px, py = x + rx * 1.02 * math.cos(a), cy + ry * 1.02 * math.sin(a)
        points = [(px, py)]
        for _ in range(3):
            px, py = (
                px + rng.uniform(18, 44) * math.cos(a),
                py + rng.uniform(8, 24) * math.sin(a) + rng.uniform(-9, 9),
            )
            points.append((px, py))
        sheet.line(points, 4, "#4a5154")
    for _ in range(16):
        a, t = rng.uniform(0, math.tau), rng.uniform(1.15, 1.6)
        sheet.patch(
            x + rx * t * math.cos(a), cy + ry * t * math.sin(a), 9, 6, "#4a5154", rough=0.25
        )


def _filled(sheet: Sheet, spot: Place, x: float, y: float, rx: float, ry: float) -> None:
    rng = spot.rng("patch")
    w, h = rx * 1.2, ry * 1.25
    edge = [
        (x - w * 0.92, y - h),
        (x + w * 0.92, y - h),
        (x + w * 1.1, y + h),
        (x - w * 1.1, y + h),
    ]
    sheet.shape(edge, "#33393c")
    inner = [
        (x - w * 0.88, y - h * 0.93),
        (x + w * 0.88, y - h * 0.93),
        (x + w * 1.05, y + h * 0.93),
        (x - w * 1.05, y + h * 0.93),
    ]
    sheet.shape(inner, "#484f53")
    for _ in range(130):
        px, py = x + rng.uniform(-0.92, 0.92) * w, y + rng.uniform(-0.85, 0.85) * h
        sheet.disc(px, py, 3.4, 2.4, rng.choice(["#565d61", "#5d6468", "#3d4447"]))
    sheet.blend(
        [
            (x - w * 0.5, y - h * 0.9),
            (x - w * 0.2, y - h * 0.9),
            (x - w * 0.35, y + h * 0.9),
            (x - w * 0.75, y + h * 0.9),
        ],
        "#ffffff",
        0.05,
    )
    side = -1 if spot.flip else 1
    scenery.cone(sheet, x + side * w * 1.28, y + h * 0.75, 150)


def crosswalk(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """Stripes across the road: worn away; after: fresh and white."""
    scenery.sky(sheet, spot, air)
    scenery.houses(sheet, spot, air)
    y = scenery.verge_and_walk(sheet, spot)
    sheet.gradient(y, HEIGHT + 200, "#757d80", "#838b8e")
    sheet.box(-200, y, WIDTH + 200, y + 24, "#666e71")
    rng = spot.rng("stripes")
    for _ in range(360):
        t = rng.random() ** 0.7
        gx, gy = rng.uniform(-60, WIDTH + 60), y + 26 + t * (HEIGHT - y)
        sheet.disc(gx, gy, 1.2 + 2.6 * t, 0.9 + 1.8 * t, rng.choice(["#9aa2a4", "#646c6f"]))
    middle = 600 + rng.uniform(-70, 70)
    for i in range(-5, 6):
        top, low = middle + i * 74, middle + i * 164
        band = [
            (top - 17, y + 34),
            (top + 17, y + 34),
            (low + 44, HEIGHT + 60),
            (low - 44, HEIGHT + 60),
        ]
        if after:
            sheet.shape(band, "#f4f6f2")
            continue
        sheet.blend(band, "#e4e6e0", 0.3)
        for _ in range(26):
            t = rng.random()
            px = top + (low - top) * t + rng.uniform(-1, 1) * (20 + 26 * t)
            sheet.patch(
                px,
                y + 34 + (HEIGHT - y) * t,
                8 + 22 * t,
                5 + 13 * t,
                mix("#757d80", "#838b8e", t),
                rough=0.3,
            )
    _crossing_sign(sheet, spot, y)
    if after:
        scenery.cone(sheet, middle + 520, y + 120, 96)


def _crossing_sign(sheet: Sheet, spot: Place, y: float) -> None:
    x = 150 if spot.flip else 1050
    top = spot.ground - 150
    sheet.line([(x, y - 14), (x, top)], 9, "#6a757a")
    sheet.shape([(x, top - 60), (x + 52, top - 8), (x, top + 44), (x - 52, top - 8)], "#2c3335")
    sheet.shape([(x, top - 53), (x + 45, top - 8), (x, top + 37), (x - 45, top - 8)], "#e3b93c")
    sheet.disc(x, top - 27, 7, 7, "#2c3335")
    sheet.line([(x, top - 18), (x, top + 2)], 7, "#2c3335")
    sheet.line([(x - 11, top + 20), (x, top + 2), (x + 12, top + 19)], 6, "#2c3335")


def drain(sheet: Sheet, spot: Place, _air: Air, *, after: bool) -> None:
    """A grate in the gutter under leaves and water; after: swept and clear."""
    rng = spot.rng("grate")
    walk, curb, gutter = 200.0, 330.0, 430.0
    sheet.gradient(-100, walk, "#8fa07e", "#98a884")
    sheet.box(-200, walk - 40, WIDTH + 200, curb, "#c8c4b8")
    for i in range(-1, 6):
        sheet.line([(i * 260 + 60, walk - 40), (i * 290 - 20, curb)], 3, "#aaa698")
    sheet.box(-200, curb, WIDTH + 200, curb + 34, "#e6e2d6")
    sheet.gradient(curb + 34, gutter, "#a9a597", "#98958a")
    sheet.gradient(gutter, HEIGHT + 100, "#6b7376", "#838b8e")
    for _ in range(300):
        t = rng.random()
        sheet.disc(
            rng.uniform(-40, WIDTH + 40),
            gutter + t * 480,
            2 + 3 * t,
            1.4 + 2 * t,
            rng.choice(["#9aa2a4", "#5d6568"]),
        )
    x = rng.uniform(520, 690)
    if not after:
        sheet.shape(sheet.blob(x, gutter + 120, 560, 165, rough=0.1), "#5b7480")
        sheet.shape(sheet.blob(x - 20, gutter + 128, 500, 132, rough=0.1), "#6b8794")
        sheet.blend_disc(x + 150, gutter + 96, 170, 22, "#c6dae0", 0.5)
    else:
        sheet.soft(x, gutter + 96, 420, 116, "#454d50", 0.45)
    _grate(sheet, x, gutter - 34)
    amount = 26 if after else 620
    for _ in range(amount):
        a, t = rng.uniform(0, math.tau), rng.gauss(0, 0.5)
        wide = 520.0 if after else 330.0
        _leaf(
            sheet,
            x + wide * t * math.cos(a),
            gutter + 44 + (150 if after else 96) * t * math.sin(a),
            rng.random(),
        )


def _grate(sheet: Sheet, x: float, y: float) -> None:
    frame = [(x - 190, y), (x + 190, y), (x + 225, y + 168), (x - 225, y + 168)]
    sheet.shape(frame, "#4a4f50")
    sheet.shape(
        [(x - 176, y + 10), (x + 176, y + 10), (x + 208, y + 156), (x - 208, y + 156)], "#15191a"
    )
    for i in range(-6, 7):
        top, low = x + i * 27, x + i * 32
        sheet.shape(
            [(top - 6, y + 8), (top + 6, y + 8), (low + 8, y + 158), (low - 8, y + 158)], "#6a7071"
        )
        sheet.line([(top - 4, y + 10), (low - 5, y + 156)], 2, "#8b9192")
    sheet.shape(
        [(x - 196, y + 76), (x + 196, y + 76), (x + 200, y + 92), (x - 200, y + 92)], "#5f6566"
    )


def _leaf(sheet: Sheet, x: float, y: float, turn: float) -> None:
    a = turn * math.tau
    long, wide = 17 + 9 * turn, 7 + 4 * ((turn * 7) % 1)
    c, s = math.cos(a), math.sin(a) * 0.7
    color = FALL[int(turn * 997) % len(FALL)]
    points = [
        (long, 0.0),
        (long * 0.2, wide),
        (-long * 0.8, wide * 0.5),
        (-long, 0.0),
        (-long * 0.8, -wide * 0.5),
        (long * 0.2, -wide),
    ]
    sheet.shape([(x + p * c - q * s, y + p * s + q * c * 0.7) for p, q in points], color)
    sheet.line(
        [(x - long * c, y - long * s), (x + long * 0.9 * c, y + long * 0.9 * s)],
        1.4,
        mix(color, "#3a2a18", 0.4),
    )


def sidewalk(sheet: Sheet, spot: Place, air: Air, *, after: bool) -> None:
    """A slab lifted by a root; after: a new even slab."""
    scenery.sky(sheet, spot, air)
    scenery.houses(sheet, spot, air)
    y = spot.ground
    sheet.gradient(y, y + 150, "#8fa07e", "#9aab85")
    sheet.gradient(y + 150, 780, "#c3bfb2", "#d0ccc0")
    sheet.box(-200, 780, WIDTH + 200, 812, "#e6e2d6")
    sheet.gradient(812, HEIGHT + 100, "#6b7376", "#7b8386")
    rng = spot.rng("slabs")
    middle = 600 + rng.uniform(-60, 60)
    for i in range(-4, 5):
        sheet.line([(middle + i * 210, y + 150), (middle + i * 300, 780)], 5, "#a39f92")
    left = [(middle, y + 150), (middle + 210, y + 150), (middle + 300, 780), (middle, 780)]
    scenery.tree(sheet, spot, middle + 120, y + 140, 460)
    if after:
        sheet.shape(left, "#dedbd1")
        for _ in range(160):
            t = rng.random()
            px = middle + rng.random() * (210 + 90 * t)
            sheet.disc(px, y + 152 + t * (626 - y), 2.4, 1.8, "#cfcbc0")
        sheet.line([left[0], left[3]], 5, "#b5b1a5")
        sheet.line([left[1], left[2]], 5, "#b5b1a5")
        scenery.cone(sheet, middle + 390, 770, 130)
        return
    lift = rng.uniform(46, 66)
    raised = [
        (left[0][0] + 4, left[0][1] - lift * 0.7),
        left[1],
        left[2],
        (left[3][0] - 6, left[3][1] - lift),
    ]
    sheet.blend(
        [left[0], left[3], (left[3][0] - 96, 780), (left[0][0] - 50, y + 150)], "#2f3637", 0.32
    )
    sheet.shape([raised[0], raised[3], left[3], left[0]], "#6b665c")
    sheet.shape([raised[3], left[2], left[3]], "#837e73")
    sheet.shape(raised, "#d4d0c5")
    sheet.line([raised[0], raised[3]], 5, "#eae6da")
    crack = [
        (middle + 96, y + 148 - lift * 0.3),
        (middle + 84, y + 250),
        (middle + 158, 560),
        (middle + 140, 740),
    ]
    sheet.line(crack, 5, "#8b877b")
    sheet.line([crack[2], (middle + 262, 600)], 4, "#8b877b")
    for side, far in ((-1, 190.0), (-1, 96.0), (1, 130.0)):
        root = [
            (middle + 120, y + 136),
            (middle + 120 + side * far * 0.5, y + 158),
            (middle + 120 + side * far, y + 186 + far * 0.16),
        ]
        sheet.line(root, 22, "#5f5044")
        sheet.line([(px, py - 5) for px, py in root], 6, "#7a6858")
