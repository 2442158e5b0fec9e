"""sources.yaml: which GIS files a pack takes its map from, and which of their columns say what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from onehall.kernel import yamlfile
from onehall.kernel.localized import Localized
from onehall.kernel.yamlfile import Node, Problems
from onehall.places.pack.foreign import said_by
from onehall.places.rows import NUMBER_FIELDS

FILE: Final = "sources.yaml"
GIVES: Final = ("areas", "streets", "addresses", "places", "assets")
ENDINGS: Final = (".shp", ".zip", ".gpkg")
_STEM: Final = r"(\d+[-_])?[a-z][a-z0-9_-]{0,59}"
_NAMED: Final = re.compile(r"\{([^{}]+)\}")

_PLAIN: Final = {
    "areas": ("code", "sort"),
    "streets": ("name", "kind", *NUMBER_FIELDS),
    "addresses": ("number", "street", "unit"),
    "places": ("key", "kind"),
    "assets": ("code",),
}
_REQUIRED: Final = frozenset({"code", "number", "street", "key"})
_WORDS: Final = {"areas": True, "places": True, "assets": False}
"""What has a name in words, and whether it must have one."""
_ALIASES: Final = ("streets", "places")


@dataclass(frozen=True, slots=True)
class Take:
    """One thing to take from a record: a template of columns, "{DIR} {NAME}", and what its values stand for."""

    template: str
    columns: tuple[str, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    def said(self, values: Mapping[str, Any], blank: frozenset[str]) -> str:
        """What a record says; "" when all of the columns are blank."""
        said = {name: text_of(values.get(name), blank) for name in self.columns}
        if self.columns and not any(said.values()):
            return self.otherwise or ""
        text = " ".join(_NAMED.sub(lambda found: said[found[1]], self.template).split())
        if not self.known:
            return text
        return self.known.get(text.casefold(), text if self.otherwise is None else self.otherwise)


def text_of(value: Any, blank: frozenset[str]) -> str:
    """A value of a column as text, "" for none and for words that stand for none."""
    text = " ".join(said_by(value).split())
    return "" if text.casefold() in blank else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One entry of sources.yaml. `lines` says where in it each column is named."""

    file: str
    path: Path
    line: int
    gives: str
    stem: str
    layer: str
    crs: str
    encoding: str
    label: Localized
    public: bool
    blank: frozenset[str]
    only: Mapping[str, frozenset[str]]
    takes: Mapping[str, Take]
    words: Mapping[str, Take]
    aliases: Sequence[Take]
    facts: Mapping[str, str]
    lines: Mapping[str, int]

    @property
    def part(self) -> str:
        """Which part of the pack it gives: "streets", "areas/10-district"."""
        return f"{self.gives}/{self.stem}" if self.stem else self.gives

    @property
    def told(self) -> str:
        """The file and the layer, as they stand in front of a sentence."""
        return f'{self.file}, layer "{self.layer}"' if self.layer else self.file


def read(folder: Path, languages: Sequence[str], problems: Problems) -> list[Source]:
    """The sources of a pack, [] when it has none; entries with mistakes are reported and left out."""
    path = folder / FILE
    if not path.exists():
        return []
    node = yamlfile.load(path, folder, problems)
    found = [_source(one, folder, languages) for one in node.listing("sources", required=True)]
    node.finish()
    return [source for source in found if source is not None]


def _source(node: Node, folder: Path, languages: Sequence[str]) -> Source | None:
    before = len(node.problems)
    gives = node.choice("gives", GIVES, required=True)
    file = node.text("file", required=True)
    named = gives in ("areas", "assets")
    columns = _Columns(node.mapping("columns", required=True), languages)
    source = Source(
        file=file,
        path=_path(node, file, folder),
        line=node.line_of("file"),
        gives=gives,
        stem=node.text("as", required=True, pattern=_STEM, shape=_as_shape(gives)) if named else "",
        layer=node.text("layer"),
        crs=node.text("crs", pattern=r"[A-Za-z]{2,12}:\d{1,9}", shape='one like "EPSG:2229"'),
        encoding=node.text("encoding", pattern=r"[\w.-]{1,30}", shape="utf-8 or cp1252"),
        label=node.localized("label", languages) if gives == "areas" else {},
        public=node.flag("public", default=True) if gives == "areas" else True,
        blank=frozenset(text.casefold() for text in node.texts("blank")),
        only=columns.only(node.mapping("only")),
        takes=columns.takes(gives),
        words=columns.words(gives),
        aliases=columns.aliases(gives),
        facts=columns.facts(node.mapping("facts")) if gives == "assets" else {},
        lines=columns.lines,
    )
    columns.finish()
    node.finish()
    return source if len(node.problems) == before else None


def _as_shape(gives: str) -> str:
    return 'a layer like "10-district"' if gives == "areas" else 'a kind like "street-light"'


def _path(node: Node, file: str, folder: Path) -> Path:
    path = folder / file
    if not file:
        return path
    if not path.resolve().is_relative_to(folder.resolve()):
        node.problem(f"{file} is outside the pack.", "Move it into the pack's folder.", key="file")
    elif path.suffix.lower() not in ENDINGS:
        advice = f"A source ends in {', '.join(ENDINGS)}; GeoJSON and CSV have names of their own."
        node.problem(f"{file} is no GIS file.", advice, key="file")
    elif not path.is_file():
        node.problem(f"There is no file {file}.", "Put it into the pack's folder.", key="file")
    return path


class _Columns:
    """The "columns" of a source, with the line of each name, so that one that is missing can be told."""

    def __init__(self, node: Node, languages: Sequence[str]) -> None:
        self._node = node
        self._languages = languages
        self.lines: dict[str, int] = {}

    def takes(self, gives: str) -> dict[str, Take]:
        """What is plain text or a number."""
        found = {}
        for name in _PLAIN.get(gives, ()):
            child = self._node.child(name, required=name in _REQUIRED)
            take = self._take(child) if child else None
            if take:
                found[name] = take
        if gives == "places" and "kind" not in found:
            self._node.child("kind", required=True)
        return found

    def words(self, gives: str) -> dict[str, Take]:
        """The name by language; a plain column is that of the city's first language."""
        if gives not in _WORDS:
            return {}
        child = self._node.child("name", required=_WORDS[gives])
        if child is None:
            return {}
        if child.kind != "mapping" or child.has("column") or child.has("value"):
            take = self._take(child)
            return {self._languages[0]: take} if take else {}
        found = {}
        for language, node in child.items():
            if language not in self._languages:
                advice = f"Use {', '.join(self._languages)}."
                child.problem(f'"{language}" is not a language here.', advice, key=language)
            elif take := self._take(node):
                found[language] = take
        return found

    def aliases(self, gives: str) -> list[Take]:
        """The columns of other names."""
        if gives not in _ALIASES:
            return []
        found = [self._take(node) for node in self._node.listing("aliases")]
        return [take for take in found if take]

    def only(self, node: Node) -> dict[str, frozenset[str]]:
        """Which values a column must have for a record to count."""
        found = {}
        for column, wanted in node.items():
            self.lines.setdefault(column, wanted.line)
            texts = [one.as_text() for one in wanted.as_listing()]
            found[column] = frozenset(" ".join(text.split()).casefold() for text in texts)
        return found

    def facts(self, node: Node) -> dict[str, str]:
        """The facts of an asset, each with its column."""
        found = {}
        for name, wanted in node.items():
            column = wanted.as_text()
            if name in ("code", "name"):
                node.problem(f'"{name}" is no fact.', 'Write it under "columns".', key=name)
            elif column:
                self.lines.setdefault(column, wanted.line)
                found[name] = column
        return found

    def finish(self) -> None:
        """Report names that mean nothing here."""
        self._node.finish()

    def _take(self, node: Node) -> Take | None:
        """A column, a template of columns, or a mapping with `column`, `map` and `otherwise`, or with `value`."""
        if node.kind != "mapping":
            return self._template(node, node.as_text(max_length=200))
        if node.has("value"):
            value = node.text("value", max_length=120)
            node.finish()
            return Take(value)
        column = node.child("column", required=True)
        take = self._template(column, column.as_text(max_length=200)) if column else None
        known = {
            " ".join(theirs.split()).casefold(): ours.as_text()
            for theirs, ours in node.mapping("map").items()
        }
        otherwise = node.text("otherwise") if node.has("otherwise") else None
        node.finish()
        return Take(take.template, take.columns, known, otherwise) if take else None

    def _template(self, node: Node, text: str) -> Take | None:
        if not text:
            return None
        template = text if "{" in text or "}" in text else f"{{{text}}}"
        if re.search(r"[{}]", _NAMED.sub("", template)):
            node.problem(f'"{text}" has a brace too many.', 'Write it like "{DIR} {NAME}".')
            return None
        columns = tuple(dict.fromkeys(_NAMED.findall(template)))
        for column in columns:
            self.lines.setdefault(column, node.line)
        return Take(template, columns)
