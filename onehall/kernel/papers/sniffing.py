"""What a file is, from its own bytes; names and content types that senders give are not believed."""

import zipfile
from io import BytesIO
from typing import Final, Literal

from onehall.kernel.papers.refusals import PaperRefused
from onehall.kernel.photos.refusals import PhotoRefused
from onehall.kernel.photos.sniffing import sniff

type Kind = Literal["pdf", "photo", "office"]

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RICH_TEXT: Final = b"{\\rtf"
_PARTS: Final = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_OPEN_DOCUMENTS: Final = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}
_MAX_ENTRIES: Final = 5_000
_ACTS: Final = ("vbaproject", "activex", "oleobject", "basic/", "scripts/", "macros")
"""Parts of an office document whose names say that it can do something by itself."""


def kind_of(data: bytes) -> Kind:
    """PDF, photo or office document; PaperRefused for all else."""
    if not data:
        raise PaperRefused("empty")
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if data.startswith((_OLD_OFFICE, _RICH_TEXT)) or _is_office(data):
        return "office"
    try:
        sniff(data[:1100])
    except PhotoRefused as no:
        raise PaperRefused("other") from no
    return "photo"


def office_suffix(data: bytes) -> str:
    """The ending of a modern office document without programs; PaperRefused for old and for active ones."""
    if data.startswith((_OLD_OFFICE, _RICH_TEXT)):
        raise PaperRefused("macros")
    names = _names(data)
    lowered = [name.lower() for name in names]
    if any(part in name for name in lowered for part in _ACTS):
        raise PaperRefused("macros")
    if "[Content_Types].xml" in names:
        for part, suffix in _PARTS.items():
            if any(name.startswith(part) for name in names):
                return suffix
    for mime, suffix in _OPEN_DOCUMENTS.items():
        # An open document begins with its own type, stored plainly, and nothing longer.
        if data[30:200].startswith(b"mimetype" + mime) and data[38 + len(mime) :][:2] == b"PK":
            return suffix
    raise PaperRefused("other")


def _is_office(data: bytes) -> bool:
    if not data.startswith(b"PK\x03\x04"):
        return False
    names = _names(data)
    return "[Content_Types].xml" in names or data[30:200].startswith(
        b"mimetypeapplication/vnd.oasis.opendocument"
    )


def _names(data: bytes) -> frozenset[str]:
    """The entries of an archive, of which nothing is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as broken:
        raise PaperRefused("other") from broken
    if len(entries) > _MAX_ENTRIES or any(e.flag_bits & 1 for e in entries):
        raise PaperRefused("macros")
    return frozenset(e.filename for e in entries)
