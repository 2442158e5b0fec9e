"""Files from outside: what they are, what is taken, what a PDF has lost when it comes back."""

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    TextStringObject,
)

from onehall.kernel.papers import MAX_BYTES, PaperRefused, accept, first_page, intake, kind_of


def pdf(pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def action(kind: str, **more: str) -> DictionaryObject:
    found = DictionaryObject({NameObject("/S"): NameObject(f"/{kind}")})
    for name, text in more.items():
        found[NameObject(f"/{name}")] = TextStringObject(text)
    return found


def mark(kind: str, **parts: object) -> DictionaryObject:
    found = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(f"/{kind}"),
            NameObject("/Rect"): ArrayObject([FloatObject(n) for n in (0, 0, 9, 9)]),
        }
    )
    for name, part in parts.items():
        found[NameObject(f"/{name}")] = part
    return found


def hostile() -> bytes:
    """Scripts in every place they may hang, a file inside, and a link to keep."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    script = action("JavaScript", JS="app.alert('evilscript')")
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(script)
    writer.add_attachment("inside.txt", b"evilfile")
    stream = DecodedStreamObject()
    stream.set_data(b"evilstream")
    stream[NameObject("/Type")] = NameObject("/EmbeddedFile")
    spec = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Filespec"),
            NameObject("/F"): TextStringObject("x.exe"),
            NameObject("/EF"): DictionaryObject({NameObject("/F"): writer._add_object(stream)}),
        }
    )
    page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    page[NameObject("/AF")] = ArrayObject([writer._add_object(spec)])
    chained = action("URI", URI="https://example.com/after")
    chained[NameObject("/Next")] = ArrayObject([action("Launch", F="evillaunch")])
    page[NameObject("/Annots")] = ArrayObject(
        [
            writer._add_object(mark("FileAttachment", FS=writer._add_object(spec))),
            writer._add_object(mark("Link", A=action("URI", URI="https://example.com/kept"))),
            writer._add_object(mark("Link", A=action("URI", URI="javascript:evillink"))),
            writer._add_object(mark("Link", A=action("Launch", F="evillaunch"))),
            writer._add_object(mark("Link", A=chained)),
            writer._add_object(mark("Widget", AA=DictionaryObject({NameObject("/K"): script}))),
        ]
    )
    return written(writer)


def test_a_plain_pdf_keeps_its_pages() -> None:
    taken = accept(pdf(3), office=False)
    assert (taken.kind, taken.suffix, taken.pages) == ("pdf", "pdf", 3)
    assert len(PdfReader(BytesIO(taken.data)).pages) == 3


def test_nothing_that_acts_comes_back() -> None:
    bad = hostile()
    assert b"evilscript" in bad
    data = accept(bad, office=False).data
    for words in (b"evil", b"JavaScript", b"EmbeddedFile", b"Launch", b"inside", b".exe"):
        assert words not in data, words
    marks = [m.get_object() for m in PdfReader(BytesIO(data)).pages[0]["/Annots"]]
    assert [m["/A"]["/URI"] for m in marks if "/A" in m] == [
        "https://example.com/kept",
        "https://example.com/after",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just text", "other"),
        (b"<svg onload=x>", "other"),
        (b"MZ\x90\x00", "other"),
        (b"GIF89a" + b"x" * 40, "other"),
        (b"%PDF-1.7\nnothing more", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 900, "office"),
        (b"%PDF-" + b"x" * MAX_BYTES, "too_big"),
    ],
)
def test_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(PaperRefused) as no:
        accept(data, office=False)
    assert no.value.reason_key == reason
    assert str(no.value).endswith((".", ").", "else."))


def test_a_locked_pdf_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    with pytest.raises(PaperRefused) as no:
        accept(written(writer), office=False)
    assert no.value.reason_key == "locked"


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(PaperRefused) as no:
        accept(pdf(301), office=False)
    assert no.value.reason_key == "too_many_pages"


def archive(*names: str, mimetype: str = "") -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        if mimetype:
            made.writestr("mimetype", mimetype)
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def test_office_documents_only_where_they_are_taken() -> None:
    docx = archive("[Content_Types].xml", "word/document.xml")
    odt = archive("content.xml", mimetype="application/vnd.oasis.opendocument.text")
    for data, suffix in ((docx, "docx"), (odt, "odt")):
        assert kind_of(data) == "office"
        with pytest.raises(PaperRefused) as no:
            accept(data, office=False)
        assert no.value.reason_key == "office"
        assert accept(data, office=True).suffix == suffix


@pytest.mark.parametrize(
    "data",
    [
        archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        archive("[Content_Types].xml", "xl/workbook.xml", "xl/embeddings/oleObject1.bin"),
        archive("Basic/Standard/x.xml", mimetype="application/vnd.oasis.opendocument.text"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 900,
    ],
)
def test_office_documents_that_act_or_are_old_are_never_taken(data: bytes) -> None:
    with pytest.raises(PaperRefused) as no:
        accept(data, office=True)
    assert no.value.reason_key == "macros"


def test_an_archive_is_no_document() -> None:
    with pytest.raises(PaperRefused) as no:
        accept(archive("a.txt"), office=True)
    assert no.value.reason_key == "other"


class TestFirstPage:
    """The small picture of a PDF, drawn by a program with a bounded share of the machine."""

    def sized(self, width: float, height: float) -> bytes:
        writer = PdfWriter()
        writer.add_blank_page(width, height)
        return accept(written(writer), office=False).data

    def test_is_a_small_jpeg_of_the_page(self) -> None:
        drawn = first_page(accept(pdf(3), office=False).data)
        assert drawn is not None
        with Image.open(BytesIO(drawn)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (360, 360))

    @pytest.mark.parametrize(
        "size", [(1, 14_400), (14_400, 1), (14_400, 14_400), (0.01, 0.01), (1e9, 1e9)]
    )
    def test_never_has_more_pixels_than_it_may(self, size: tuple[float, float]) -> None:
        drawn = first_page(self.sized(*size))
        if drawn is not None:
            with Image.open(BytesIO(drawn)) as picture:
                assert picture.width <= 360
                assert picture.height <= 480

    @pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nothing", b"\xff\xd8\xff"])
    def test_what_can_not_be_drawn_has_none(self, data: bytes) -> None:
        assert first_page(data) is None

    def test_what_takes_too_long_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clean = accept(pdf(), office=False).data
        monkeypatch.setattr(intake, "_DRAW_SECONDS", 0.001)
        assert first_page(clean) is None

    def test_neither_has_what_would_be_a_large_picture_or_none_at_all(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clean = accept(pdf(), office=False).data
        monkeypatch.setattr(intake, "MAX_DRAWN", 10)
        assert first_page(clean) is None

    def test_memory_and_time_of_the_program_are_bounded(self) -> None:
        text = (Path(intake.__file__).with_name("drawer.py")).read_text()
        assert "RLIMIT_AS" in text
        assert "RLIMIT_CPU" in text
