"""Sheets as a PDF. The font is embedded, so that accents are right everywhere.

The library makes no tags, so the page to print is the form for people who listen. Signs that the
font has no letter for are left out and named at the end, never shown as empty boxes in silence.
"""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import reportlab
import segno
from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _
from PIL import Image as Picture
from reportlab.lib import colors, pagesizes
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Image,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)
from reportlab.platypus import Table as Grid

from onehall.kernel import storage
from onehall.look.papers import blocks
from onehall.places import tiles
from onehall.places.models import City

PAPERS: Final = {"letter": pagesizes.LETTER, "a4": pagesizes.A4}
MARGIN: Final = 16 * mm
MOST_PICTURES: Final = 60
"""Photos in one PDF; the page to print has them all."""

PLAIN, BOLD = "Onehall", "OnehallBold"
INK, QUIET, EDGE = (
    colors.HexColor("#12262c"),
    colors.HexColor("#4a5c62"),
    colors.HexColor("#9fb0b5"),
)


@lru_cache(maxsize=1)
def _font() -> frozenset[int]:
    """Register the font once; returns the signs it has."""
    folder = Path(reportlab.__file__).parent / "fonts"
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "VeraBd.ttf")))
    own = getattr(settings, "ONEHALL_MAP_FONT", "") or ""
    try:
        font = TTFont(PLAIN, str(own or folder / "Vera.ttf"))
    except (TTFError, OSError):
        # A font in a form that PDFs can not hold.
        font = TTFont(PLAIN, str(folder / "Vera.ttf"))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


class _Writer:
    """Turns blocks into what the library lays out."""

    def __init__(self, city: City, width: float, language: str) -> None:
        self.city, self.width, self.language = city, width, language
        self.signs = _font()
        self.missing: set[str] = set()
        self.pictures = 0
        base = ParagraphStyle("p", fontName=PLAIN, fontSize=9.5, leading=13, textColor=INK)
        self.p = base
        self.small = ParagraphStyle("s", parent=base, fontSize=8, leading=10.5, textColor=QUIET)
        self.end = ParagraphStyle("e", parent=base, alignment=TA_RIGHT)
        self.small_end = ParagraphStyle("se", parent=self.small, alignment=TA_RIGHT)
        self.h1 = ParagraphStyle("h1", parent=base, fontName=BOLD, fontSize=15, leading=19)
        self.h2 = ParagraphStyle(
            "h2", parent=base, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=7, spaceAfter=2
        )

    def say(self, text: str, style: ParagraphStyle | None = None) -> Paragraph:
        """Words as a paragraph; signs without a letter in the font are noted."""
        kept = []
        for sign in text:
            if sign == "\n" or ord(sign) in self.signs or ord(sign) < 32:
                kept.append(sign)
            else:
                self.missing.add(sign)
        safe = escape("".join(kept)).replace("\n", "<br/>")
        return Paragraph(str(safe), style or self.p)

    def draw(self, block: blocks.Block) -> list[Flowable]:
        """One block as flowables."""
        found: list[Flowable] = getattr(self, f"_{block.kind}")(block)
        return found

    def _title(self, block: blocks.Title) -> list[Flowable]:
        words = [self.say(block.number, self.small), self.say(block.text, self.h1)]
        if block.note:
            words.append(self.say(block.note, self.p))
        words.append(self.say(block.url, self.small))
        code = BytesIO()
        square = segno.make(block.url, error="m")
        square.save(code, kind="png", scale=6, border=1)
        side = 26 * mm
        grid = Grid(
            [[words, Image(BytesIO(code.getvalue()), side, side)]],
            colWidths=[self.width - side - 4 * mm, side + 4 * mm],
        )
        grid.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
        return [grid, HRFlowable(width="100%", color=EDGE, thickness=0.8, spaceAfter=4)]

    def _heading(self, block: blocks.Heading) -> list[Flowable]:
        return [self.say(block.text, self.h2)]

    def _text(self, block: blocks.Text) -> list[Flowable]:
        words = f"“{block.text}”" if block.quoted else block.text
        found: list[Flowable] = [self.say(words)]
        if block.note:
            found.append(self.say(block.note, self.small))
        return [*found, Spacer(0, 3)]

    def _facts(self, block: blocks.Facts) -> list[Flowable]:
        rows = [[self.say(k, self.small), self.say(v)] for k, v in block.rows]
        return self._grid(rows, [0.27, 0.73]) if rows else []

    def _checks(self, block: blocks.Checks) -> list[Flowable]:
        rows = [[_Box(ticked=done), self.say(words)] for words, done in block.items]
        return self._grid(rows, [0.04, 0.96]) if rows else []

    def _table(self, block: blocks.Table) -> list[Flowable]:
        rows: list[Any] = [
            [
                self.say(h, self.small_end if n in block.ends else self.small)
                for n, h in enumerate(block.head)
            ]
        ]
        rows += [
            [self.say(c, self.end if n in block.ends else self.p) for n, c in enumerate(row)]
            for row in block.rows
        ]
        rows += [[""] * len(block.head) for _ in block.empty]
        share = list(block.shares) or [1 / len(block.head)] * len(block.head)
        (grid,) = self._grid(rows, share)
        grid.setStyle([("GRID", (0, 0), (-1, -1), 0.4, EDGE)])
        return [grid]

    def _grid(self, rows: list[Any], shares: list[float]) -> list[Any]:
        grid = Grid(rows, colWidths=[self.width * s for s in shares], hAlign="LEFT")
        grid.setStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("LEFTPADDING", (0, 0), (0, -1), 2),
            ]
        )
        return [grid]

    def _pictures(self, block: blocks.Pictures) -> list[Flowable]:
        cells: list[Any] = []
        for shot in block.shots:
            if self.pictures >= MOST_PICTURES or not storage.exists(shot.name):
                continue
            self.pictures += 1
            image = _fitted(storage.read(shot.name), self.width / 2 - 4 * mm, 62 * mm)
            cells.append([image, self.say(shot.words, self.small)])
        rows = [cells[i : i + 2] for i in range(0, len(cells), 2)]
        if rows and len(rows[-1]) == 1:
            rows[-1].append("")
        return self._grid(rows, [0.5, 0.5]) if rows else []

    def _map(self, block: blocks.Map) -> list[Flowable]:
        drawn = tiles.draw_still(
            self.city,
            block.lon,
            block.lat,
            width=640,
            height=240,
            zoom=17,
            dark=False,
            pins=[tiles.Pin(block.lon, block.lat)],
            language=self.language,
        )
        words = [block.words, self.city.credit] if self.city.credit else [block.words]
        return [_fitted(drawn, self.width, 62 * mm), *(self.say(w, self.small) for w in words)]

    def _sign(self, block: blocks.Sign) -> list[Flowable]:
        rows = [[""] * len(block.labels), [self.say(label, self.small) for label in block.labels]]
        (grid,) = self._grid(rows, [1 / len(block.labels)] * len(block.labels))
        grid.setStyle(
            [("LINEBELOW", (0, 0), (-1, 0), 0.6, INK), ("TOPPADDING", (0, 0), (-1, 0), 22)]
        )
        return [grid]


class _Box(Flowable):  # type: ignore[misc]  # the library has no types
    """A box to tick."""

    def __init__(self, *, ticked: bool) -> None:
        super().__init__()
        self.width = self.height = 9
        self.ticked = ticked

    def draw(self) -> None:
        """The box, and a cross in it where it is done."""
        self.canv.setStrokeColor(INK)
        self.canv.rect(0, 0, 9, 9)
        if self.ticked:
            self.canv.line(1.5, 4.5, 4, 2)
            self.canv.line(4, 2, 7.5, 7.5)


def _fitted(data: bytes, width: float, height: float) -> Image:
    """A picture as large as the room allows, as JPEG: what PDFs hold best."""
    with Picture.open(BytesIO(data)) as drawn:
        kept = drawn.convert("RGB")
        kept.thumbnail((1200, 1200))
        out = BytesIO()
        kept.save(out, "JPEG", quality=80)
        share = min(width / kept.width, height / kept.height)
        return Image(
            BytesIO(out.getvalue()), kept.width * share, kept.height * share, hAlign="LEFT"
        )


def make(
    city: City, sheets: list[blocks.Sheet], *, title: str, language: str, paper: str, foot: str
) -> bytes:
    """The sheets as one PDF, each beginning on a new page."""
    size = PAPERS.get(paper, PAPERS["letter"])
    writer = _Writer(city, size[0] - 2 * MARGIN, language)
    story: list[Flowable] = []
    for number, sheet in enumerate(sheets):
        if number:
            story.append(PageBreak())
        for block in sheet:
            story += writer.draw(block)
    if writer.missing:
        story.append(
            writer.say(
                _("Some letters are not in this PDF's font. The page to print has them all.")
            )
        )
    out = BytesIO()
    made = SimpleDocTemplate(
        out,
        pagesize=size,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 4 * mm,
        title=title,
        author=city.name,
        lang=language,
        # The same sheets give the same bytes.
        invariant=1,
    )

    def footer(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(PLAIN, 7.5)
        canvas.setFillColor(QUIET)
        canvas.drawString(MARGIN, MARGIN - 2 * mm, foot)
        canvas.drawRightString(size[0] - MARGIN, MARGIN - 2 * mm, str(document.page))
        canvas.restoreState()

    made.build(story or [Spacer(0, 1)], onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()
