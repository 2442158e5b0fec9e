"""From the bytes of a pack file to values with line numbers, with every refusal collected as a problem.

YAML 1.2 core: only `true` and `false` are flags, dates stay text. Aliases, tags, tabs for indenting and second documents
are refused; size and depth are bounded. Only the event parser is used, so no object is ever built from a tag.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, override

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from onehall.kernel import yamltext

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 30

type Scalar = str | int | float | bool | None


@dataclass(frozen=True, order=True)
class PackProblem:
    """One mistake in a pack file. `line` counts from 1; `advice` says what to do and may be empty.

    `where` is the path of the field, as in "questions[2].label"; "" where it is no field.
    """

    file: str
    line: int
    message: str
    advice: str = ""
    where: str = field(default="", compare=False)

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.advice}".rstrip()


def shorten(words: str, limit: int = 300) -> str:
    """At most `limit` characters, with an ellipsis where more was cut away."""
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


class Problems(list[PackProblem]):
    """The mistakes found so far, shared by all nodes of one check."""

    def add(self, file: str, line: int, message: str, advice: str = "", where: str = "") -> None:
        """Note one mistake; words taken over from a broken file are cut to a readable length."""
        self.append(PackProblem(file, line, shorten(message), shorten(advice), where))


@dataclass(frozen=True)
class Raw:
    """One parsed YAML value: a scalar, a list of `Raw`, or a dict of key to (line of the key, `Raw`)."""

    line: int
    value: "Scalar | list[Raw] | dict[str, tuple[int, Raw]]"


def parse(data: bytes | str, *, file: str, problems: Problems) -> Raw | None:
    """The top value of a YAML text, or None after a problem that stops the reading; `file` is used in problems."""
    text = _decode(data, file, problems)
    if text is None:
        return None
    raw, noted = _held.read(text)
    problems.extend(PackProblem(file, p.line, p.message, p.advice, p.where) for p in noted)
    return raw


def keep(text: str, raw: Raw) -> None:
    """Remember what a text says, for one that was just written from data: reading it is slow."""
    _held.put(text, (raw, ()))


type _Read = tuple[Raw | None, tuple[PackProblem, ...]]


class _Held:
    """The texts read last, with what they say. Readers only look at `Raw`, so it is shared."""

    most: Final = 600
    largest: Final = 64_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[str, _Read] = OrderedDict()

    def read(self, text: str) -> _Read:
        """What a text says, and what is wrong with it."""
        with self._lock:
            found = self._read.get(text)
            if found is not None:
                self._read.move_to_end(text)
                return found
        noted = Problems()
        found = _Builder("", noted).build(text), tuple(noted)
        self.put(text, found)
        return found

    def put(self, text: str, found: _Read) -> None:
        """Keep a text that is not too long; the oldest one goes."""
        if len(text) > self.largest:
            return
        with self._lock:
            self._read[text] = found
            self._read.move_to_end(text)
            while len(self._read) > self.most:
                self._read.popitem(last=False)


_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TAB = re.compile(r"^ *\t", re.MULTILINE)


def _decode(data: bytes | str, file: str, problems: Problems) -> str | None:
    """UTF-8 text without anything the YAML scanner would stumble over, or None with a problem."""
    size = len(data)
    if size > MAX_BYTES:
        advice = "Split it into smaller files."
        problems.add(file, 1, f"The file is larger than {MAX_BYTES:,} bytes.", advice)
        return None
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.add(file, line, "This is not UTF-8 text.", "Save the file as UTF-8.")
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for pattern, message, advice in (
        (_TAB, "A tab is used to indent.", "Use spaces."),
        (_UNREADABLE, "There is a control character here.", "Delete it."),
    ):
        if found := pattern.search(text):
            problems.add(file, text.count("\n", 0, found.end()) + 1, message, advice)
            return None
    return text


class _Refused(Exception):
    """Stops the parse: the file has something that cannot be read on from."""


class _Builder:
    """Builds `Raw` values from parser events with an explicit stack, so that deep or shared structures cannot hurt."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.stack: list[tuple[Raw, list[tuple[int, str]]]] = []
        self.root: Raw | None = None
        self.documents = 0

    def build(self, text: str) -> Raw | None:
        """The top value, or None after a problem that stops the parse."""
        try:
            for event in YAML(typ="rt", pure=True).parse(text):
                self._take(event)
        except _Refused:
            return None
        except MarkedYAMLError as error:
            self._note(_syntax_line(error), _syntax_words(error), _syntax_advice(error))
            return None
        except ReaderError as error:
            self._note(text.count("\n", 0, error.position) + 1, "There is an unusable character.")
            return None
        except (YAMLError, ValueError, IndexError, AttributeError, NotImplementedError) as error:
            self._note(1, f"This is not YAML: {error}.")
            return None
        if self.root is None or self.root.value is None:
            self._note(1, "The file is empty.", "Write the fields, or delete the file.")
            return None
        return self.root

    def _note(self, line: int, message: str, advice: str = "") -> None:
        self.problems.add(self.file, line, message, advice)

    def _refuse(self, line: int, message: str, advice: str) -> None:
        self._note(line, message, advice)
        raise _Refused

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, ev.AliasEvent):
            self._refuse(line, f'"*{event.anchor}" refers to another place.', "Write it out again.")
        elif isinstance(event, ev.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(line, "A second document starts here.", "Make it a file of its own.")
        elif isinstance(event, ev.ScalarEvent):
            self._untagged(event, line)
            self._place(Raw(line, _scalar(event)), text=event.value)
        elif isinstance(event, (ev.MappingStartEvent, ev.SequenceStartEvent)):
            self._untagged(event, line)
            self._open(Raw(line, {} if isinstance(event, ev.MappingStartEvent) else []))
        elif isinstance(event, (ev.MappingEndEvent, ev.SequenceEndEvent)):
            self.stack.pop()

    def _untagged(self, event: Any, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            self._refuse(line, f'"{tag}" is a YAML tag.', "Leave it out.")

    def _open(self, raw: Raw) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._refuse(
                raw.line, f"This is nested more than {MAX_DEPTH} deep.", "Make it flatter."
            )
        self._place(raw, text=None)
        self.stack.append((raw, []))

    def _place(self, raw: Raw, *, text: str | None) -> None:
        if not self.stack:
            self.root = raw
            return
        parent, pending = self.stack[-1]
        if isinstance(parent.value, list):
            parent.value.append(raw)
        elif isinstance(parent.value, dict):
            if pending:
                line, key = pending.pop()
                self._add(parent.value, key, line, raw)
            elif text is None:
                self._refuse(raw.line, "A field name is a list or a mapping.", "Use a plain name.")
            else:
                pending.append((raw.line, text))

    def _add(self, fields: dict[str, tuple[int, Raw]], key: str, line: int, raw: Raw) -> None:
        if key in fields:
            first = fields[key][0]
            self._note(line, f'"{key}" is written twice (first on line {first}).', "Keep one.")
        else:
            fields[key] = (line, raw)


def _scalar(event: Any) -> Scalar:
    return yamltext.resolve(event.value) if event.implicit[0] else str(event.value)


def _syntax_line(error: MarkedYAMLError) -> int:
    """The line of the mistake; where a quote or bracket was opened when the file ends before it is closed."""
    mark = error.context_mark if _unclosed(error) else error.problem_mark
    mark = mark or error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 1


def _unclosed(error: MarkedYAMLError) -> bool:
    return "end of stream" in str(error.problem) or "stream end" in str(error.problem)


def _syntax_words(error: MarkedYAMLError) -> str:
    words = " ".join(str(error.problem or error.context or "unclear structure").split())
    return f"This is not YAML: {words}."


def _syntax_advice(error: MarkedYAMLError) -> str:
    problem = str(error.problem or "")
    if _unclosed(error):
        return "Close the quote or bracket that is opened here."
    if "mapping values are not allowed" in problem:
        return 'Put text that has ": " in it in quotes, and check the indentation above.'
    if "could not find expected ':'" in problem or "block end" in problem:
        return "Check the indentation and the quotes on this line and the one above."
    return "Check the quotes and the indentation here."


_held: Final = _Held()
