"""A drawing sheet of 1200 x 900: flat shapes drawn large, made smooth at the end, with a seeded hand."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw

WIDTH, HEIGHT = 1200, 900
# Everything is drawn this many times larger and scaled down, which is what makes edges smooth.
FINE = 2

type Point = tuple[float, float]
type Color = str | tuple[int, int, int]


def rgb(color: Color) -> tuple[int, int, int]:
    """The three parts of a color, 0 to 255."""
    if isinstance(color, str):
        parts = ImageColor.getrgb(color)
        return parts[0], parts[1], parts[2]
    return color


def mix(a: Color, b: Color, share: float) -> tuple[int, int, int]:
    """A color `share` of the way from `a` to `b`."""
    p, q = rgb(a), rgb(b)
    r, g, u = (round(x + (y - x) * share) for x, y in zip(p, q, strict=True))
    return r, g, u


class Sheet:
    """Draws in units of the finished picture; `dx`, `dy` and `zoom` are how the camera was held."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.image = Image.new("RGB", (WIDTH * FINE, HEIGHT * FINE), "#c9d6da")
        self.pen = ImageDraw.Draw(self.image)
        self.dx = self.dy = 0.0
        self.zoom = 1.0

    def at(self, p: Point) -> Point:
        """A point of the picture on the large sheet."""
        x = (p[0] - WIDTH / 2) * self.zoom + WIDTH / 2 + self.dx
        y = (p[1] - HEIGHT / 2) * self.zoom + HEIGHT / 2 + self.dy
        return x * FINE, y * FINE

    def shape(self, points: Sequence[Point], color: Color) -> None:
        """A filled polygon."""
        self.pen.polygon([self.at(p) for p in points], fill=rgb(color))

    def box(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """A filled rectangle."""
        self.shape([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], color)

    def disc(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        """A filled ellipse."""
        (x0, y0), (x1, y1) = self.at((x - rx, y - ry)), self.at((x + rx, y + ry))
        self.pen.ellipse([x0, y0, x1, y1], fill=rgb(color))

    def line(self, points: Sequence[Point], width: float, color: Color) -> None:
        """A stroke with round ends and joints."""
        wide = max(1, round(width * self.zoom * FINE))
        flat = [self.at(p) for p in points]
        self.pen.line(flat, fill=rgb(color), width=wide, joint="curve")
        r = wide / 2 - 0.5
        for x, y in (flat[0], flat[-1]):
            self.pen.ellipse([x - r, y - r, x + r, y + r], fill=rgb(color))

    def blend(self, points: Sequence[Point], color: Color, share: float) -> None:
        """A polygon that lets what is under it shine through: `share` 1 hides it."""
        self.through([self.at(p) for p in points], color, share)

    def blend_disc(
        self, x: float, y: float, rx: float, ry: float, color: Color, share: float
    ) -> None:
        """An ellipse that lets what is under it shine through."""
        angles = [math.tau * i / 48 for i in range(48)]
        self.blend([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles], color, share)

    def through(self, flat: Sequence[Point], color: Color, share: float) -> None:
        """Blends a polygon given on the large sheet, touching only its own box."""
        xs, ys = [p[0] for p in flat], [p[1] for p in flat]
        w, h = self.image.size
        x0, y0 = max(0, int(min(xs))), max(0, int(min(ys)))
        x1, y1 = min(w, int(max(xs)) + 2), min(h, int(max(ys)) + 2)
        if x0 >= x1 or y0 >= y1:
            return
        mask = Image.new("L", (x1 - x0, y1 - y0), 0)
        ImageDraw.Draw(mask).polygon([(x - x0, y - y0) for x, y in flat], fill=round(255 * share))
        self.image.paste(rgb(color), (x0, y0), mask)

    def blob(
        self, x: float, y: float, rx: float, ry: float, *, rough: float = 0.15, tilt: float = 0.0
    ) -> list[Point]:
        """The outline of a soft irregular patch."""
        waves = [
            (k, self.rng.uniform(-1, 1) * rough / k**0.7, self.rng.uniform(0, math.tau))
            for k in (2, 3, 4, 5, 7)
        ]
        out = []
        for i in range(56):
            a = math.tau * i / 56
            r = 1 + sum(size * math.cos(k * a + phase) for k, size, phase in waves)
            px, py = rx * r * math.cos(a), ry * r * math.sin(a)
            out.append((x + px, y + py + tilt * px))
        return out

    def patch(
        self, x: float, y: float, rx: float, ry: float, color: Color, *, rough: float = 0.15
    ) -> None:
        """A filled soft patch."""
        self.shape(self.blob(x, y, rx, ry, rough=rough), color)

    def soft(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        color: Color,
        share: float,
        *,
        rough: float = 0.08,
    ) -> None:
        """A patch that fades out towards its edge: wet ground, shadow, lamp light."""
        layers = 7
        for i in range(layers):
            size = 1.15 - 0.13 * i
            outline = self.blob(x, y, rx * size, ry * size, rough=rough)
            self.blend(outline, color, 1 - (1 - share) ** (1 / layers))

    def gradient(self, y0: float, y1: float, top: Color, bottom: Color) -> None:
        """Fills a band over the whole width from one color to another."""
        low, high = round(self.at((0, y0))[1]), round(self.at((0, y1))[1])
        for y in range(max(0, low), min(self.image.height, high), 2):
            color = mix(top, bottom, (y - low) / max(1, high - low))
            self.pen.rectangle([0, y, self.image.width, y + 1], fill=color)

    def finished(self, tint: tuple[float, float, float], grain: float, soft: float) -> Image.Image:
        """The picture at its final size: tinted, a little grainy, darker towards the corners."""
        small = self.image.reduce(FINE)
        noise = np.random.default_rng(self.rng.getrandbits(32))
        fog = noise.standard_normal((HEIGHT, WIDTH, 1), dtype=np.float32)
        fog *= grain
        # In place: a new array of this size for each step would cost more than the step.
        pixels = np.array(small, dtype=np.float32)
        pixels *= _light(tint, soft)
        pixels += fog
        np.clip(pixels, 0, 255, out=pixels)
        return Image.fromarray(pixels.astype(np.uint8))

    def glow(
        self, x: float, y: float, r: float, color: Color, strength: float, *, flat: float = 1.0
    ) -> None:
        """Adds light around a point, fading with distance; `flat` below 1 lays it on the ground."""
        cx, cy = self.at((x, y))
        rr = int(r * self.zoom * FINE)
        high = int(rr * flat)
        x0, y0 = max(0, int(cx) - rr), max(0, int(cy) - high)
        x1, y1 = min(self.image.width, int(cx) + rr), min(self.image.height, int(cy) + high)
        if x0 >= x1 or y0 >= y1:
            return
        ys, xs = np.mgrid[y0:y1, x0:x1].astype(np.float32)
        far = np.sqrt((xs - cx) ** 2 + ((ys - cy) / flat) ** 2) / rr
        light = (np.clip(1 - far, 0, 1) ** 2 * strength)[..., None]
        part = np.asarray(self.image.crop((x0, y0, x1, y1)), dtype=np.float32)
        lit = part + (255 - part) * light * (np.asarray(rgb(color), dtype=np.float32) / 255)
        self.image.paste(Image.fromarray(lit.clip(0, 255).astype(np.uint8)), (x0, y0))


# The few skies over the demo's city; one takes 13 MB.
@lru_cache(maxsize=4)
def _light(tint: tuple[float, float, float], soft: float) -> NDArray[np.float32]:
    """What each pixel is multiplied by: the tint in the middle, darker by `soft` in the corners."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    far = ((xs / WIDTH - 0.5) ** 2 + (ys / HEIGHT - 0.5) ** 2) * 2
    light: NDArray[np.float32] = (1 - soft * far)[..., None] * np.asarray(tint, dtype=np.float32)
    return light
