"""The letters of a .dbf: which encoding they are in, and what they say."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from onehall.places.pack.gis.layers import Refused

# The mark that the header of a .dbf may have for its encoding.
_MARKS: Final = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252",
    0x64: "cp852", 0x65: "cp866", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253",
}  # fmt: skip
_NUMBERS: Final = {"65001": "utf-8", "88591": "iso8859-1", "885915": "iso8859-15"}
_TO_DO: Final = 'Write the right one under "encoding:", like utf-8 or cp1252.'
_MOST_CUT: Final = 3


def encoding_of(parts: Mapping[str, Path], asked: str) -> str:
    """The encoding that was asked for, else that of the .cpg, else that of the header's mark, else UTF-8."""
    said = parts[".cpg"].read_text("ascii", "replace").strip() if ".cpg" in parts else ""
    name = asked or _plain(said)
    if not name:
        with parts[".dbf"].open("rb") as file:
            head = file.read(32)
        name = _MARKS.get(head[29], "utf-8") if len(head) == 32 else "utf-8"
    try:
        known = b" ".decode(name) == " "
    except (LookupError, UnicodeError, ValueError):
        known = False
    if not known:
        raise Refused(f'The encoding "{(asked or said)[:40]}" is not known.', _TO_DO)
    return name


def _plain(said: str) -> str:
    """ "ANSI 1252", "OEM 437" and "65001" are how some programs write it."""
    word = said.lower().removeprefix("ansi").removeprefix("oem").strip(" -_")
    return _NUMBERS.get(word, f"cp{word}") if word.isdigit() else word


def check_names(columns: Sequence[str], letters: str) -> None:
    """Column names that are not in the encoding."""
    for name in columns:
        if not _is_whole(name):
            raise Refused(f"The name of a column is not {letters}.", _TO_DO)


def told(value: Any, letters: str, column: str, size: int, record: int) -> Any:
    """A value of a column; a text that its column's end cut off in the middle of a letter loses that letter."""
    if not isinstance(value, str) or _is_whole(value):
        return value
    kept = value.rstrip("".join(map(chr, range(0xDC80, 0xDD00))))
    full = len(value.encode(letters, "surrogateescape")) >= size
    if full and len(value) - len(kept) <= _MOST_CUT and _is_whole(kept):
        return kept
    message = f"Record {record}: {column} is not {letters}."
    raise Refused(message, _TO_DO, record=record)


def _is_whole(text: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in text)
