"""Strict reading of a pack's GeoJSON: features with the line they stand on, every mistake with what to do."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from onehall.kernel.localized import Localized
from onehall.kernel.spelling import nearest
from onehall.kernel.yamlfile import Problems
from onehall.places import geometry

MAX_BYTES: Final = 200_000_000
_MOST_ALIKE: Final = 20
_TOP: Final = frozenset(
    {"type", "features", "crs", "name", "bbox", "onehall", "xy_coordinate_resolution"}
)


class Feature:
    """One feature being read: ask for its properties, then `finish()` reports those nobody asked for."""

    def __init__(self, source: "FeatureFile", number: int, raw: dict[str, Any]) -> None:
        self._source = source
        self._number = number
        found = raw.get("properties")
        self.properties: dict[str, Any] = found if isinstance(found, dict) else {}
        self.raw_geometry: Any = raw.get("geometry")
        self._read: set[str] = set()
        self.sound = True

    def problem(self, message: str, advice: str) -> None:
        """Report a mistake at this feature's line; the feature no longer counts as sound."""
        self.sound = False
        self._source.problem_at(self._number, message, advice)

    def geometry(self, kinds: Sequence[str]) -> dict[str, Any] | None:
        """The checked geometry without heights, or None after a problem."""
        faults = geometry.faults_of(self.raw_geometry, kinds=kinds)
        for fault in faults:
            self.problem(fault.message, fault.advice)
        return None if faults else geometry.flat(self.raw_geometry)

    def text(self, name: str, *, required: bool = False, most: int = 120) -> str:
        """A property as text; numbers are taken as written."""
        self._read.add(name)
        value = self.properties.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            if required:
                self.problem(f'The feature has no "{name}".', f'Add "{name}" to its properties.')
            return ""
        if not isinstance(value, str) or len(value) > most:
            self.problem(f'"{name}" must be text.', f"Write at most {most} letters.")
            return ""
        return value.strip()

    def words(
        self, name: str, languages: Sequence[str], *, required: bool = False, most: int = 120
    ) -> Localized:
        """A property as words: plain text in the default language, or a map {"en": ..., "es": ...}."""
        value = self.properties.get(name)
        if not isinstance(value, dict):
            text = self.text(name, required=required, most=most)
            return {languages[0]: text} if text else {}
        self._read.add(name)
        for code, words in value.items():
            if code not in languages:
                self.problem(f'"{name}" has words in "{code}".', f"Use {', '.join(languages)}.")
            elif not isinstance(words, str) or not words.strip():
                self.problem(f'"{name}" has no words in "{code}".', "Write them or leave it out.")
            elif len(words) > most:
                self.problem(f'"{name}" is long in "{code}".', f"Write at most {most} letters.")
        if languages[0] not in value:
            self.problem(f'"{name}" has no words in "{languages[0]}".', "Add them.")
        return {str(code): str(words) for code, words in value.items()}

    def whole(self, name: str) -> int | None:
        """A property as a whole number, or None when it is left out."""
        self._read.add(name)
        value = self.properties.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            self.problem(f'"{name}" is {json.dumps(value)[:40]}.', "Write a whole number.")
            return None
        return int(value)

    def texts(self, name: str) -> list[str]:
        """A property as a list of texts."""
        self._read.add(name)
        value = self.properties.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.problem(f'"{name}" is not a list of texts.', 'Write it as ["one", "two"].')
            return []
        return [item.strip() for item in value if item.strip()]

    def rest(self) -> dict[str, Any]:
        """The properties that nobody asked for, marked as read."""
        left = {k: v for k, v in self.properties.items() if k not in self._read}
        self._read.update(left)
        return left

    def finish(self) -> None:
        """Report unknown properties, each name once per file."""
        for name in self.properties:
            if name not in self._read:
                self._source.unknown(self._number, name, sorted(self._read))


class FeatureFile:
    """A FeatureCollection of the pack. Problems go to `problems`; a broken file has no features."""

    def __init__(self, path: Path, root: Path, problems: Problems) -> None:
        self.file = path.relative_to(root).as_posix()
        self._problems = problems
        self._seen: Counter[str] = Counter()
        self._unknown: set[str] = set()
        self._lines: list[int] | None = None
        self._text = self._read_text(path, root)
        self.document = self._read_document()

    def features(self) -> Iterator[Feature]:
        """Each feature of the file, in order."""
        for number, raw in enumerate(self.document.get("features", [])):
            if isinstance(raw, dict) and raw.get("type") == "Feature":
                yield Feature(self, number, raw)
            else:
                self.problem_at(number, "This is not a GeoJSON feature.", 'Give it type "Feature".')

    def problem_at(self, number: int, message: str, advice: str) -> None:
        """Report a mistake of feature `number` (from 0). Many alike are cut short."""
        kind = re.sub(r"[\d.e+-]+", "0", message)
        self._seen[kind] += 1
        if self._seen[kind] <= _MOST_ALIKE:
            self._problems.add(self.file, self._line(number), message, advice)
        elif self._seen[kind] == _MOST_ALIKE + 1:
            more = "More features have this mistake; the rest are not listed."
            self._problems.add(self.file, self._line(number), more, advice)

    def unknown(self, number: int, name: str, known: list[str]) -> None:
        """Report an unknown property at the first feature that has it."""
        if name in self._unknown:
            return
        self._unknown.add(name)
        guess = nearest(name, known)
        known_names = f"Remove it. Known here: {', '.join(known)}."
        advice = f'Did you mean "{guess}"?' if guess else known_names
        self._problems.add(self.file, self._line(number), f'Unknown property "{name}".', advice)

    def _read_text(self, path: Path, root: Path) -> str:
        if not path.resolve().is_relative_to(root.resolve()):
            self._problems.add(self.file, 1, "The file is outside the pack.", "Move it inside.")
            return ""
        try:
            if path.stat().st_size > MAX_BYTES:
                self._problems.add(self.file, 1, "The file is too large.", "Keep it under 200 MB.")
                return ""
            return path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            self._problems.add(self.file, 1, "This is not UTF-8 text.", "Save the file as UTF-8.")
        except OSError as error:
            self._problems.add(self.file, 1, f"The file cannot be read: {error.strerror}.")
        return ""

    def _read_document(self) -> dict[str, Any]:
        if not self._text:
            return {}
        try:
            document = json.loads(self._text, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            self._problems.add(
                self.file, error.lineno, f"This is not JSON: {error.msg}.", "Export it again."
            )
            return {}
        except (ValueError, RecursionError) as error:
            self._problems.add(self.file, 1, f"This is not JSON: {error}.", "Export it again.")
            return {}
        if not self._is_collection(document) or not self._is_storable():
            return {}
        for name in document.keys() - _TOP:
            self._problems.add(self.file, 1, f'Unknown field "{name}".', "Remove it.")
        fault = geometry.declared_crs(document)
        if fault:
            self._problems.add(self.file, self._line_of_text('"crs"'), fault.message, fault.advice)
        return dict(document)

    def _is_collection(self, document: Any) -> bool:
        good = (
            isinstance(document, dict)
            and document.get("type") == "FeatureCollection"
            and isinstance(document.get("features"), list)
        )
        if not good:
            advice = "Export the layer as GeoJSON with a list of features."
            self._problems.add(self.file, 1, "This is not a FeatureCollection.", advice)
        return good

    def _is_storable(self) -> bool:
        escapes = re.search(r"\\u(0000|[dD][89aAbBcCdDeEfF][0-9a-fA-F]{2})", self._text)
        if escapes is None or _is_text(self._text):
            return True
        line = self._text.count("\n", 0, escapes.start()) + 1
        message = f'"{escapes[0]}" stands for no letter.'
        self._problems.add(self.file, line, message, "Delete it.")
        return False

    def _line_of_text(self, text: str) -> int:
        return self._text.count("\n", 0, max(0, self._text.find(text))) + 1

    def _line(self, number: int) -> int:
        """The line where a feature starts; all are looked up on the first mistake only."""
        if self._lines is None:
            self._lines = feature_lines(self._text)
        return self._lines[number] if number < len(self._lines) else 1


def _is_text(text: str) -> bool:
    """Whether every string of a JSON text can be written to a file and to the database."""
    plain = json.dumps(json.loads(text), ensure_ascii=False)
    try:
        plain.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in plain


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def feature_lines(text: str) -> list[int]:
    """The line, from 1, on which each item of the "features" list starts."""
    decoder = json.JSONDecoder()
    for start in re.finditer(r'"features"\s*:\s*\[', text):
        lines: list[int] = []
        position, counted, line = start.end(), 0, 1
        while True:
            position = _after_blanks(text, position)
            if position >= len(text) or text[position] == "]":
                return lines
            line += text.count("\n", counted, position)
            counted = position
            lines.append(line)
            try:
                _, position = decoder.raw_decode(text, position)
            except json.JSONDecodeError:
                break
    return []


def _after_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n,":
        position += 1
    return position
