"""Which areas the rules and promises of services name."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import PackProblem, Problems
from onehall.setup.forms import listed, mapped


@dataclass(frozen=True, slots=True)
class Mention:
    """A service's file that names an area."""

    path: str
    layer: str
    code: str


def of_files(texts: Mapping[str, str], wanted: Collection[tuple[str, str]]) -> list[Mention]:
    """The services that name one of the wanted areas, by file."""
    if not wanted:
        return []
    return [
        Mention(path, layer, code)
        for path, text in texts.items()
        if path.startswith("services/") and "area" in text
        for layer, code in sorted(named_in(text, path) & set(wanted))
    ]


def named_in(text: str, path: str) -> set[tuple[str, str]]:
    """The areas that the rules and promises of a service's file name, by layer and code."""
    node = yamlfile.parse(text, file=path, problems=Problems())
    doc = mapped(node.plain()) if node.present else {}
    found: set[tuple[str, str]] = set()
    for rule in listed(doc.get("routing")):
        found |= set(_in_tree(mapped(rule).get("when")))
    for item in listed(mapped(doc.get("promise")).get("areas")):
        layer = str(mapped(item).get("layer", ""))
        found |= {(layer, str(code)) for code in listed(mapped(item).get("in"))}
    return found


def _in_tree(tree: Any) -> Iterator[tuple[str, str]]:
    """The areas that a condition compares with, however deep."""
    if isinstance(tree, list):
        for part in tree:
            yield from _in_tree(part)
    if not isinstance(tree, dict):
        return
    for operand in tree.values():
        name = operand[0] if isinstance(operand, list) and len(operand) == 2 else None
        if isinstance(name, str) and name.startswith("area."):
            values = operand[1] if isinstance(operand[1], list) else [operand[1]]
            yield from ((name.removeprefix("area."), str(value)) for value in values)
        else:
            yield from _in_tree(operand)


def of_empty(folder: Path, codes: Mapping[str, Collection[str]]) -> list[PackProblem]:
    """Rules that name an area of a layer that has none left: there is nothing to choose from any more."""
    empty = {layer for layer, known in codes.items() if not known}
    problems = Problems()
    for path in sorted((folder / "services").glob("*.yaml")) if empty else ():
        file = path.relative_to(folder).as_posix()
        for layer, code in sorted(named_in(path.read_text("utf-8", "replace"), file)):
            if layer in empty:
                words = f'A rule names the area "{code}", but the layer "{layer}" has no areas.'
                problems.add(file, 1, words, "Take the rule away, or draw the area.")
    return sorted(problems)
