"""Strict reading of city pack files: every mistake is collected with its file and line, and nothing is raised.

A file becomes a tree of `Node`s. A reader asks a mapping for the fields it knows (`node.text("name", required=True)`),
then calls `node.finish()`, which reports the fields nobody asked for. After a mistake the reader gets a harmless default
("" or None or an empty node), so that one run shows every mistake. Problems are in English, as the field names are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, override

from onehall.kernel import yamlparse
from onehall.kernel.localized import Localized
from onehall.kernel.spelling import nearest
from onehall.kernel.yamlparse import PackProblem, Problems, Raw, Scalar
from onehall.kernel.yamltext import dump

__all__ = ["Node", "PackProblem", "Plain", "Problems", "dump", "load", "parse"]

type Plain = Scalar | list["Plain"] | dict[str, "Plain"]


class Node:
    """One value of a pack file, with where it stands. `present` is False for a field that was left out."""

    __slots__ = ("_raw", "_read", "file", "present", "problems", "where")

    def __init__(
        self, raw: Raw, *, file: str, problems: Problems, where: str = "", present: bool = True
    ) -> None:
        self._raw = raw
        self._read: set[str] = set()
        self.file = file
        self.problems = problems
        self.where = where
        self.present = present

    @override
    def __repr__(self) -> str:
        return f"<Node {self.file}:{self.line} {self.where or 'top'}: {self.kind}>"

    # What it is

    @property
    def line(self) -> int:
        """The line of the value, from 1."""
        return self._raw.line

    @property
    def kind(self) -> str:
        """One of: mapping, list, text, flag, number, nothing."""
        value = self._raw.value
        if isinstance(value, bool):
            return "flag"
        for kinds, name in (
            (dict, "mapping"), (list, "list"), (str, "text"), ((int, float), "number"),
        ):  # fmt: skip
            if isinstance(value, kinds):
                return name
        return "nothing"

    @property
    def value(self) -> Scalar:
        """The text, number or flag; None for lists, mappings and nothing."""
        value = self._raw.value
        return None if isinstance(value, (dict, list)) else value

    def keys(self) -> list[str]:
        """Field names in file order; empty when this is not a mapping."""
        return list(self._fields())

    def has(self, key: str) -> bool:
        """Whether the field is written and not empty. Does not count as reading it."""
        found = self._fields().get(key)
        return found is not None and found[1].value is not None

    def line_of(self, key: str) -> int:
        """The line where a field is written, else the line of this mapping."""
        found = self._fields().get(key)
        return found[0] if found else self.line

    def plain(self) -> Plain:
        """The whole value as plain data; marks every field as read. For documents kept as they are (expressions)."""
        self._read.update(self._fields())
        return _plain(self._raw)

    def problem(self, message: str, advice: str = "", *, key: str | None = None) -> None:
        """Report a mistake here, or at the line of one of the fields."""
        line = self.line_of(key) if key else self.line
        self.problems.add(self.file, line, message, advice, self._name(key) if key else self.where)

    def expected(self, what: str, advice: str | None = None) -> None:
        """Report that this value is of the wrong kind; `what` says what to write."""
        name = f'"{self.where}"' if self.where else "The file"
        self.problem(f"{name} is {_KIND_WORDS[self.kind]}.", advice or f"Write {what}.")

    # Fields of a mapping

    def child(self, key: str, *, required: bool = False) -> "Node | None":
        """The field whatever its kind, or None when it is left out or empty (reported when required)."""
        self._read.add(key)
        if self.has(key):
            return self._node(self._fields()[key][1], key)
        if required and self.present:
            state = "is empty" if key in self._fields() else "is missing"
            self.problem(f'"{self._name(key)}" {state}.', "Fill it in.", key=key)
        return None

    def text(
        self, key: str, *, required: bool = False, default: str = "", max_length: int = 10_000,
        pattern: str | None = None, shape: str = "",
    ) -> str:  # fmt: skip
        """A text field. `pattern` must match all of it; `shape` says the pattern in words."""
        node = self.child(key, required=required)
        found = node.as_text(max_length=max_length) if node else ""
        if required and node and node.kind == "text" and not str(node.value).strip():
            self.problem(f'"{self._name(key)}" is empty.', "Fill it in.", key=key)
        if node and found and pattern and not re.fullmatch(pattern, found):
            node.problem(f'"{node.where}" is "{found[:60]}".', f"Write {shape or pattern}.")
            return default
        return found or default

    def key(self, key: str, *, required: bool = True) -> str:
        """A name for machines: small letters, digits, - and _; starts with a letter; at most 60."""
        return self.text(
            key, required=required, pattern=r"[a-z][a-z0-9_-]{0,59}",
            shape="small letters, digits, - and _, starting with a letter",
        )  # fmt: skip

    def localized(
        self, key: str, languages: Sequence[str], *, required: bool = False,
        complete: bool | Sequence[str] = False,
    ) -> Localized:  # fmt: skip
        """Words per language, `languages[0]` being the default; a plain text stands for the default language.

        {} when left out. `complete` also reports each missing translation, or those of the given languages.
        """
        node = self.child(key, required=required)
        return node.as_localized(languages, complete=complete) if node else {}

    def number(
        self, key: str, *, required: bool = False, default: float | None = None,
        minimum: float | None = None, maximum: float | None = None,
    ) -> float | None:  # fmt: skip
        """A number, within the bounds (both included)."""
        node = self.child(key, required=required)
        value = node.value if node else None
        if node is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            node.expected("a number")
            return default
        low = minimum is not None and value < minimum
        if low or (maximum is not None and value > maximum):
            bound = f"at least {minimum}" if low else f"at most {maximum}"
            node.problem(f'"{node.where}" is {value}.', f"It must be {bound}.")
            return default
        return value

    def whole(
        self, key: str, *, required: bool = False, default: int | None = None,
        minimum: int | None = None, maximum: int | None = None,
    ) -> int | None:  # fmt: skip
        """A whole number, within the bounds (both included)."""
        value = self.number(key, required=required, minimum=minimum, maximum=maximum)
        if value is None:
            return default
        if value != int(value):
            self.problem(f'"{self._name(key)}" is {value}.', "Write a whole number.", key=key)
            return default
        return int(value)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """true or false."""
        node = self.child(key)
        if node is None:
            return default
        if isinstance(node.value, bool):
            return node.value
        node.expected("true or false")
        return default

    def date(self, key: str, *, required: bool = False) -> date | None:
        """A day, written 2026-11-27."""
        text = self.text(key, required=required)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.problem(f'"{self._name(key)}" is "{text}".', "Write a day as 2026-11-27.", key=key)
            return None

    def choice(
        self, key: str, options: Iterable[str], *, required: bool = False, default: str = ""
    ) -> str:
        """One of the options."""
        node = self.child(key, required=required)
        found = node.as_text() if node else ""
        known = sorted(options)
        if node is None or not found:
            return default
        if found in known:
            return found
        node.problem(f'"{node.where}" is "{found[:60]}".', _did_you_mean(found, known))
        return default

    def mapping(self, key: str, *, required: bool = False) -> "Node":
        """A nested mapping; an empty node with `present` False when it is left out or something else."""
        node = self.child(key, required=required)
        if node and node.kind == "mapping":
            return node
        if node:
            node.expected("a mapping (key: value)")
        return self._absent(key)

    def listing(self, key: str, *, required: bool = False) -> "list[Node]":
        """The items of a list; [] when left out. An empty list counts as missing when required."""
        node = self.child(key, required=required)
        if node is None:
            return []
        items = node.as_listing()
        if required and not items and node.kind == "list":
            node.problem(f'"{node.where}" has no entries.', "Add at least one.")
        return items

    def texts(
        self, key: str, *, required: bool = False, options: Iterable[str] | None = None
    ) -> list[str]:
        """A list of texts, each from `options` when given."""
        known = None if options is None else sorted(options)
        found: list[str] = []
        for item in self.listing(key, required=required):
            text = item.as_text()
            if text and known is not None and text not in known:
                item.problem(f'"{item.where}" is "{text[:60]}".', _did_you_mean(text, known))
            elif text:
                found.append(text)
        return found

    def items(self) -> Iterator[tuple[str, "Node"]]:
        """Every field as (name, node), for mappings whose names are the author's own; marks them as read."""
        if self.kind != "mapping" and self.present:
            self.expected("a mapping (key: value)")
        for key, (_, raw) in self._fields().items():
            self._read.add(key)
            yield key, self._node(raw, key)

    def finish(self, also: Iterable[str] = ()) -> None:
        """Report the fields that nobody read, with the nearest name among those that were read or are in `also`."""
        if self.kind != "mapping" and self.present:
            self.expected("a mapping (key: value)")
        known = sorted(self._read | set(also))
        for key in self._fields():
            if key not in known:
                self.problem(
                    f'Unknown field "{self._name(key)}".', _did_you_mean(key, known), key=key
                )

    # The value itself, for items of lists and values of mappings

    def as_text(self, *, max_length: int = 10_000) -> str:
        """This value as text, "" (and a problem) when it is something else."""
        value = self._raw.value
        if not isinstance(value, str):
            quoted = self.kind in {"number", "flag"}
            self.expected("text", f'Put it in quotes: "{_shown(value)}".' if quoted else None)
            return ""
        if len(value) > max_length:
            self.problem(
                f'"{self.where}" has {len(value)} characters.', f"Keep it to {max_length}."
            )
            return ""
        return value

    def as_localized(
        self, languages: Sequence[str], *, complete: bool | Sequence[str] = False
    ) -> Localized:
        """This value as words per language; see `localized`."""
        needed = languages if complete is True else complete or ()
        if self.kind != "mapping":
            text = self.as_text()
            if text:
                self._untranslated([code for code in needed if code != languages[0]])
            return {languages[0]: text} if text else {}
        found: Localized = {}
        for language, node in self.items():
            if language not in languages:
                self.problem(
                    f'"{self.where}" has words in "{language}", which is not a language here.',
                    _did_you_mean(language, languages), key=language,
                )  # fmt: skip
            elif text := node.as_text().strip():
                found[language] = text
        if languages[0] not in found:
            self._untranslated(languages[:1])
        self._untranslated([code for code in needed if code not in {languages[0], *found}])
        return found

    def as_listing(self) -> "list[Node]":
        """The items of this list; [] (and a problem) when it is something else."""
        value = self._raw.value
        if isinstance(value, list):
            return [self._node(raw, f"[{number}]") for number, raw in enumerate(value, 1)]
        self.expected("a list (lines that start with -)")
        return []

    # Inside

    def _fields(self) -> Mapping[str, tuple[int, Raw]]:
        value = self._raw.value
        return value if isinstance(value, dict) else {}

    def _name(self, key: str) -> str:
        return f"{self.where}{'' if key.startswith('[') or not self.where else '.'}{key}"

    def _node(self, raw: Raw, key: str) -> "Node":
        return Node(raw, file=self.file, problems=self.problems, where=self._name(key))

    def _absent(self, key: str) -> "Node":
        empty = Raw(self.line_of(key), {})
        return Node(
            empty, file=self.file, problems=self.problems, where=self._name(key), present=False
        )

    def _untranslated(self, languages: Sequence[str]) -> None:
        for code in languages:
            self.problem(f'"{self.where}" has no words in "{code}".', f'Add them under "{code}".')


_KIND_WORDS: Final = {
    "mapping": "a mapping", "list": "a list", "text": "text", "flag": "true or false",
    "number": "a number", "nothing": "empty",
}  # fmt: skip


def load(path: Path, root: Path, problems: Problems | None = None) -> Node:
    """Read one file of the pack at `root`. A file that cannot be read gives a node with `present` False and a problem."""
    problems = Problems() if problems is None else problems
    file = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    if not path.resolve().is_relative_to(root.resolve()):
        problems.add(file, 1, "The file is outside the pack.", "Move it into the pack's folder.")
        return _broken(file, problems)
    try:
        with path.open("rb") as stream:
            data = stream.read(yamlparse.MAX_BYTES + 1)
    except OSError as error:
        problems.add(file, 1, f"The file cannot be read: {error.strerror or error}.")
        return _broken(file, problems)
    return parse(data, file=file, problems=problems)


def parse(data: bytes | str, *, file: str, problems: Problems | None = None) -> Node:
    """Read YAML that is already in memory; `file` is only used in problems."""
    problems = Problems() if problems is None else problems
    raw = yamlparse.parse(data, file=file, problems=problems)
    if raw is None:
        return _broken(file, problems)
    return Node(raw, file=file, problems=problems)


def _broken(file: str, problems: Problems) -> Node:
    return Node(Raw(1, {}), file=file, problems=problems, present=False)


def _plain(raw: Raw) -> Plain:
    if isinstance(raw.value, dict):
        return {key: _plain(value) for key, (_, value) in raw.value.items()}
    if isinstance(raw.value, list):
        return [_plain(value) for value in raw.value]
    return raw.value


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _did_you_mean(found: str, known: Sequence[str]) -> str:
    guess = nearest(found, known)
    if guess:
        return f'Did you mean "{guess}"?'
    return f"Known here: {', '.join(known)}." if known else "Leave it out."
