"""Reads `materials.yaml` and `attachments.yaml`; a city may leave out both."""

from pathlib import Path
from typing import Final

from onehall.catalog.pack.documents import Doc, Known
from onehall.catalog.sheets import ATTACHMENTS, MATERIALS
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems

MAX_COST: Final = 100_000_000
"""Smallest units of money that one unit or one hour may cost."""


def read_sheets(folder: Path, known: Known, problems: Problems) -> dict[str, Doc]:
    """Checked documents by the name of their file; those that are not there are left out."""
    found: dict[str, Doc] = {}
    for key, read in ((MATERIALS, _materials), (ATTACHMENTS, _attachments)):
        path = folder / f"{key}.yaml"
        if not path.exists():
            continue
        node = yamlfile.load(path, folder, problems)
        if node.present:
            found[key] = read(node, known)
            node.finish()
    return found


def _materials(node: Node, known: Known) -> Doc:
    return {
        "currency": node.text(
            "currency", required=True, pattern=r"[A-Z]{3}", shape="three letters: USD"
        ),
        "time": _items(node, "time", known, cost="hour_cost"),
        "materials": _items(node, "materials", known, cost="unit_cost"),
    }


def _items(node: Node, name: str, known: Known, *, cost: str) -> list[Doc]:
    found: dict[str, Doc] = {}
    for item in node.listing(name):
        doc: Doc = {
            "key": item.key("key"),
            "name": item.localized("name", known.languages, required=True, complete=True),
            cost: item.whole(cost, minimum=0, maximum=MAX_COST) or 0,
        }
        if name == "materials":
            doc["unit"] = item.localized("unit", known.languages, required=True, complete=True)
        item.finish()
        if doc["key"] in found:
            item.problem(f'"{doc["key"]}" is listed twice.', "Keep one.", key="key")
        elif doc["key"]:
            found[doc["key"]] = doc
    return list(found.values())


def _attachments(node: Node, _known: Known) -> Doc:
    return {"office": node.flag("office")}
