"""What `yamltext.dump` writes, as if it had been read again: plain data with the lines it will stand on."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehall.kernel import yamlparse, yamltext
from onehall.kernel.yamlparse import Raw


def write(data: Mapping[str, Any] | Sequence[Any]) -> str:
    """The data as a pack file, remembered: whoever reads this text next need not parse it."""
    text = yamltext.dump(data)
    yamlparse.keep(text, lined(data))
    return text


def lined(data: Mapping[str, Any] | Sequence[Any]) -> Raw:
    """The data with the line of every part, as `yamlparse.parse` would find it in the written text."""
    return _block(data, 1)[0]


def _block(data: Any, line: int) -> tuple[Raw, int]:
    """A value that starts on a line, and the first line after it."""
    following = line
    if isinstance(data, Mapping) and data:
        fields: dict[str, tuple[int, Raw]] = {}
        for key, value in data.items():
            at = following
            raw, following = _value(value, at, at + 1)
            fields[key] = (at, raw)
        return Raw(line, fields), following
    if isinstance(data, (list, tuple)) and data:
        items = []
        for value in data:
            raw, following = _value(value, following, following)
            items.append(raw)
        return Raw(line, items), following
    return Raw(line, _flat(data)), line + 1


def _value(value: Any, line: int, below: int) -> tuple[Raw, int]:
    """A value whose head is on a line; nested ones begin on `below`."""
    if isinstance(value, (Mapping, list, tuple)) and value:
        return _block(value, below)
    return Raw(line, _flat(value)), line + (
        yamltext.lines_of(value) if isinstance(value, str) else 1
    )


def _flat(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {}
    return [] if isinstance(value, (list, tuple)) else value
