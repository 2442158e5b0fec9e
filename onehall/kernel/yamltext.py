"""The small YAML that packs use: which plain words are numbers or flags, and a writer whose output is always the same."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_NOTHING: Final = {"", "~", "null", "Null", "NULL"}
_FLAGS: Final = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_WHOLE = re.compile(r"[-+]?[0-9]+")
_MAX_DIGITS: Final = 18
_FRACTION = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
# Leading zeros carry meaning in postal codes, phone and house numbers, so 0140 stays text as written.
_PADDED = re.compile(r"[-+]?0[0-9]+")

# Words that other YAML readers take for flags; they are quoted when written so that nobody misreads a file.
_RISKY: Final = {"y", "n", "yes", "no", "on", "off"}
_SIMPLE = re.compile(r"[^\W\d_](?:[\w .,;/()&+'\u2019\u2013\u2014!?%¿¡-]*[\w.)!?%\u2019])?")
_RISKY_CHARS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]"
)


def resolve(text: str) -> str | int | float | bool | None:
    """The value of an unquoted word: YAML 1.2 core without octal, hex, infinity and padded numbers."""
    if text in _NOTHING:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    if _PADDED.fullmatch(text):
        return text
    if _WHOLE.fullmatch(text):
        return int(text) if len(text) <= _MAX_DIGITS else text
    if _FRACTION.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def dump(data: Mapping[str, Any] | Sequence[Any]) -> str:
    """Write plain data as block-style YAML: keys in the order given, unicode as it is, ends in a line feed.

    Takes dicts with text keys, lists, tuples, text, numbers, flags and None; TypeError for anything else.
    `yamlfile.parse` gives back equal data.
    """
    lines: list[str] = []
    _block(data, 0, lines)
    return "\n".join(lines) + "\n"


def lines_of(text: str) -> int:
    """How many lines a text takes when it is written as the value of a field or an item."""
    return 1 + len(text.removesuffix("\n").split("\n")) if _fits_literal(text) else 1


def _block(data: Any, indent: int, lines: list[str]) -> None:
    pad = " " * indent
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            _entry(f"{pad}{_key(key)}:", value, indent + 2, lines)
    elif isinstance(data, (list, tuple)) and data:
        for value in data:
            _item(pad, value, indent, lines)
    else:
        lines.append(pad + _flat(data))


def _entry(head: str, value: Any, indent: int, lines: list[str]) -> None:
    if isinstance(value, (Mapping, list, tuple)) and value:
        lines.append(head)
        _block(value, indent, lines)
    elif isinstance(value, str) and _fits_literal(value):
        _literal(head, value, indent, lines)
    else:
        lines.append(f"{head} {_flat(value)}")


def _item(pad: str, value: Any, indent: int, lines: list[str]) -> None:
    """One list item; a nested mapping or list starts on the line of its dash."""
    if isinstance(value, (Mapping, list, tuple)) and value:
        inner: list[str] = []
        _block(value, indent + 2, inner)
        inner[0] = f"{pad}- {inner[0].removeprefix(pad + '  ')}"
        lines.extend(inner)
    else:
        _entry(f"{pad}-", value, indent + 2, lines)


def _fits_literal(text: str) -> bool:
    """Whether the text can be a literal block: several lines, none of which starts or ends in blank space."""
    lines = text.removesuffix("\n").split("\n")
    return "\n" in text.strip("\n") and all(
        line and line == line.strip() and not _RISKY_CHARS.search(line) and "\t" not in line
        for line in lines
        if line != ""
    ) and lines[0] != "" and lines[-1] != ""  # fmt: skip


def _literal(head: str, text: str, indent: int, lines: list[str]) -> None:
    lines.append(f"{head} {'|' if text.endswith('\n') else '|-'}")
    pad = " " * indent
    lines.extend(pad + line if line else "" for line in text.removesuffix("\n").split("\n"))


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"A field name must be text, not {key!r}.")
    return key if re.fullmatch(r"[A-Za-z_][\w.-]*", key) and not _misread(key) else _quoted(key)


def _flat(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _numeral(value)
    if isinstance(value, str):
        return value if _SIMPLE.fullmatch(value) and not _misread(value) else _quoted(value)
    if isinstance(value, (Mapping, list, tuple)) and not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    raise TypeError(f"Cannot write {type(value).__name__} in a pack file.")


def _numeral(value: float) -> str:
    text = repr(value)
    if type(resolve(text)) is not type(value):
        raise TypeError(f"Cannot write the number {text} in a pack file.")
    return text


def _misread(text: str) -> bool:
    return text.lower() in _RISKY or not isinstance(resolve(text), str)


def _quoted(text: str) -> str:
    """A double-quoted text: JSON's escapes, and \\x or \\u for what YAML may not hold."""
    plain = json.dumps(text, ensure_ascii=False)
    return _RISKY_CHARS.sub(
        lambda found: (
            f"\\x{ord(found[0]):02x}" if ord(found[0]) < 0x100 else f"\\u{ord(found[0]):04x}"
        ),
        plain,
    )
