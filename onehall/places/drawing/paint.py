"""Painting a view of the scene with Pillow: ground, water, parks, blocks, streets, names, pins."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from onehall.places.drawing import letters
from onehall.places.drawing.colors import Color, Palette
from onehall.places.drawing.labels import Label
from onehall.places.drawing.scene import Layer, Plane, Shapes, clipped
from onehall.places.drawing.view import BUILDINGS_FROM, FINE, View, street_width

# Drawn from the widest to the narrowest so that a main street lies on top.
_ORDER: Final = ("path", "lane", "street", "main")
# Blocks are told apart from this zoom on; before that they are noise.
_BLOCKS_FROM: Final = 13.5
_MARGIN: Final = 64.0

type Points = NDArray[np.float64]


@dataclass(frozen=True)
class Pin:
    """A mark on a still map: `here` is the orange pin, `other` a blue dot with a number or letter."""

    lon: float
    lat: float
    kind: Literal["here", "other"] = "here"
    text: str = ""


class Canvas:
    """A picture in the making, at double size."""

    def __init__(self, view: View, palette: Palette) -> None:
        self.view = view
        self.palette = palette
        self.picture = Image.new("RGB", (view.width * FINE, view.height * FINE), palette.beyond)
        self.draw = ImageDraw.Draw(self.picture)

    # Shapes

    def polygons(self, layer: Layer | None, color: Color) -> None:
        """Fill every polygon of a layer."""
        if layer is None:
            return
        cut = layer.within(self.view.box(_MARGIN))
        for polygon in shapely.get_parts(cut):
            if polygon.geom_type == "Polygon":
                self._polygon(polygon, color)

    def _polygon(self, polygon: Any, color: Color) -> None:
        shell = self._flat(polygon.exterior)
        if not len(polygon.interiors):
            self.draw.polygon(shell, fill=color)
            return
        mask = Image.new("1", self.picture.size)
        stencil = ImageDraw.Draw(mask)
        stencil.polygon(shell, fill=1)
        for hole in polygon.interiors:
            stencil.polygon(self._flat(hole), fill=0)
        self.picture.paste(color, (0, 0), mask)

    def _flat(self, ring: Any) -> list[float]:
        flat: list[float] = self.view.fine(shapely.get_coordinates(ring)).ravel().tolist()
        return flat

    # Lines

    def lines(self, shapes: Sequence[Points], color: Color, width: float, rim: float = 0.0) -> None:
        """Lines with round ends and joints, `width` in layout pixels, `rim` more on each side."""
        fine = self.view.ratio * FINE
        # The rim is added in whole pixels on both sides, or it would show on one side only.
        wide = max(1, round(width * fine)) + 2 * round(rim * fine)
        r = wide / 2
        for points in shapes:
            flat = points.ravel().tolist()
            self.draw.line(flat, fill=color, width=wide)
            if wide >= 6:
                for x, y in points.tolist():
                    self.draw.ellipse((x - r, y - r, x + r - 1, y + r - 1), fill=color)

    def dashes(self, shapes: Sequence[Points], color: Color, width: float, dash: float) -> None:
        """Broken lines, `dash` on and `dash` off, in layout pixels."""
        self.lines(list(_dashed(shapes, dash * self.view.ratio * FINE)), color, width)

    def cut_lines(self, layer: Layer | None, margin: float = _MARGIN) -> list[Points]:
        """The lines of a layer inside the view, in pixels."""
        if layer is None:
            return []
        return self.pixel_lines(layer.within(self.view.box(margin)))

    def pixel_lines(self, shapes: Shapes) -> list[Points]:
        """The lines among shapes, in pixels of the double size."""
        parts = shapely.get_parts(shapes)
        lines = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
        pixels = self.view.fine(shapely.get_coordinates(lines))
        return (
            np.split(pixels, np.cumsum(shapely.get_num_coordinates(lines))[:-1])
            if len(lines)
            else []
        )

    # Names

    def label(self, label: Label) -> None:
        """One line of text with its halo."""
        x, y = label.x * FINE, label.y * FINE
        color = self._word_color(label.kind)
        if label.dot:
            r = label.size * FINE * 0.17
            rim = r + 1.4 * FINE * self.view.ratio
            self.draw.ellipse((x - rim, y - rim, x + rim, y + rim), fill=self.palette.land)
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=color)
            return
        drawn = letters.lettering(label.text, label.size * FINE, halo=1.6 * FINE * self.view.ratio)
        if drawn is None:
            return
        halo, ink = drawn.halo, drawn.ink
        if abs(label.angle) > 0.5:
            halo, ink = _turned(halo, label.angle), _turned(ink, label.angle)
        spot = (round(x - ink.width / 2), round(y - ink.height / 2))
        self.picture.paste(self._halo_color(label.kind), spot, halo)
        self.picture.paste(color, spot, ink)

    def _word_color(self, kind: str) -> Color:
        return {"park": self.palette.park_word, "water": self.palette.water_word}.get(
            kind, self.palette.word
        )

    def _halo_color(self, kind: str) -> Color:
        return {"park": self.palette.park, "water": self.palette.water}.get(kind, self.palette.land)

    # Pins, in the measures of the drawn look

    def pin(self, x: float, y: float) -> None:
        """The orange pin with its tip at a pixel of the view, and the ring around it."""
        unit = 1.5 * self.view.ratio * FINE
        x, y = x * FINE, y * FINE
        outer = _drop(x, y, unit, 1.0)
        self._shadow(x, y, 26 * unit)
        self.draw.polygon(outer, fill=self.palette.paper)
        self.draw.polygon(_drop(x, y, unit, -1.0), fill=self.palette.buoy)
        cy, r = y - 22 * unit, 4.5 * unit
        self.draw.ellipse((x - r, cy - r, x + r, cy + r), fill=self.palette.paper)

    def _shadow(self, x: float, y: float, r: float) -> None:
        mask = Image.new("L", self.picture.size)
        ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=41)
        self.picture.paste(self.palette.buoy, (0, 0), mask)

    def dot(self, x: float, y: float, text: str) -> None:
        """A blue dot with a number."""
        unit = 1.3 * self.view.ratio * FINE
        x, y = x * FINE, y * FINE
        for r, color in ((10.0 * unit, self.palette.paper), (8.2 * unit, self.palette.brand)):
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=color)
        size = (10.0 if len(text) < 3 else 7.5) * unit
        drawn = letters.lettering(text, size, halo=0.0, weight=0.045) if text else None
        if drawn:
            # Figures are as tall as capitals, which stand higher than the middle of small letters.
            spot = (round(x - drawn.ink.width / 2), round(y - drawn.ink.height / 2 + size * 0.09))
            self.picture.paste(self.palette.brand_ink, spot, drawn.ink)

    def finished(self) -> Image.Image:
        """The picture at its real size."""
        return self.picture.reduce(FINE)


def _turned(mask: Image.Image, angle: float) -> Image.Image:
    return mask.rotate(angle, resample=Image.Resampling.BILINEAR, expand=True)


def _drop(x: float, y: float, unit: float, grow: float) -> list[tuple[float, float]]:
    """The outline of a pin: a circle that runs into its tip by two curves. `grow` widens it, in units."""
    cx, cy, r = x, y - 22 * unit, (13 + grow) * unit
    tip = y + grow * 1.3 * unit
    arc = [
        (cx + r * math.cos(a), cy + r * math.sin(a)) for a in np.linspace(math.pi, 2 * math.pi, 40)
    ]
    right = _curve(
        (cx + r, cy), (cx + r, cy + 6 * unit), (cx + (9 + grow) * unit, tip - 10 * unit), (x, tip)
    )
    left = _curve(
        (x, tip), (cx - (9 + grow) * unit, tip - 10 * unit), (cx - r, cy + 6 * unit), (cx - r, cy)
    )
    return [*arc, *right, *left]


type Point = tuple[float, float]


def _curve(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """A cubic Bezier curve as points."""
    points = []
    for t in np.linspace(0, 1, 24).tolist():
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        x = sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True))
        y = sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True))
        points.append((x, y))
    return points


def _dashed(lines: Sequence[Points], step: float) -> Iterator[Points]:
    """Every other stretch of `step` pixels of each line; all at once, as a dense map has thousands."""
    if not lines:
        return
    points = np.concatenate(lines)
    ends = np.cumsum([len(line) for line in lines]) - 1
    steps = np.hypot(*np.diff(points, axis=0).T)
    # A gap between two lines tells the end of one from the start of the next.
    steps[ends[:-1]] = 1.0
    along = np.concatenate(([0.0], np.cumsum(steps)))
    last = along[ends]
    first = along[np.concatenate(([0], ends[:-1] + 1))]
    counts = np.ceil((last - first) / (2 * step)).astype(np.int64)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    start = np.repeat(first, counts) + place * 2 * step
    end = np.minimum(start + step, np.repeat(last, counts))
    cuts = np.stack([np.interp((start, end), along, points[:, axis]) for axis in (0, 1)], axis=-1)
    lows, highs = np.searchsorted(along, start, "right"), np.searchsorted(along, end, "left")
    for number, (low, high) in enumerate(zip(lows.tolist(), highs.tolist(), strict=True)):
        if low == high:
            yield cuts[:, number]
        else:
            yield np.concatenate((cuts[:1, number], points[low:high], cuts[1:, number]))


def paint(
    scene: Plane, view: View, palette: Palette, labels: Sequence[Label], pins: Sequence[Pin] = ()
) -> Image.Image:
    """The finished picture of a view."""
    canvas = Canvas(view, palette)
    _ground(canvas, scene)
    _streets(canvas, scene)
    _limit(canvas, scene)
    for label in labels:
        canvas.label(label)
    for pin in sorted(pins, key=lambda pin: (pin.kind == "here", pin.lat)):
        x, y = view.pixel(*scene.project_point(pin.lon, pin.lat))
        if pin.kind == "here":
            canvas.pin(x, y)
        else:
            canvas.dot(x, y, pin.text)
    return canvas.finished()


def _ground(canvas: Canvas, scene: Plane) -> None:
    palette, zoom = canvas.palette, canvas.view.zoom
    if len(scene.limit.shapes):
        canvas.polygons(scene.limit, palette.land)
    else:
        canvas.picture.paste(palette.land, (0, 0, *canvas.picture.size))
    canvas.polygons(scene.shapes.get("beach"), palette.beach)
    canvas.polygons(scene.shapes.get("water"), palette.water)
    if zoom >= _BLOCKS_FROM:
        canvas.polygons(scene.shapes.get("block"), palette.block)
    canvas.polygons(scene.shapes.get("park"), palette.park)
    canvas.polygons(scene.shapes.get("pier"), palette.pier)
    if zoom >= BUILDINGS_FROM:
        canvas.polygons(scene.shapes.get("building"), palette.building)


def _streets(canvas: Canvas, scene: Plane) -> None:
    """All casings first, then all fills, so that crossings are open."""
    zoom, palette = canvas.view.zoom, canvas.palette
    drawn = []
    for kind in _ORDER:
        width = street_width(kind, zoom)
        if width > 0:
            margin = width * canvas.view.ratio + 4
            drawn.append((kind, width, canvas.cut_lines(scene.streets.get(kind), margin)))
    for kind, width, lines in drawn:
        if kind != "path" and width >= 2:
            canvas.lines(lines, palette.casing, width, rim=0.75)
    for kind, width, lines in drawn:
        if kind == "path":
            canvas.dashes(lines, palette.street, width, 4 + width)
        else:
            canvas.lines(lines, palette.street, width)


def _limit(canvas: Canvas, scene: Plane) -> None:
    if not len(scene.limit.shapes):
        return
    box = canvas.view.box(_MARGIN)
    edges = shapely.get_parts(clipped(shapely.boundary(scene.limit.shapes), box))
    canvas.dashes(canvas.pixel_lines(edges), canvas.palette.limit, 1.3, 6)
