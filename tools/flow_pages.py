"""Draws the flows of Port Alder for the documents: one SVG each, and a page with the same as tables."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "cities" / "port-alder"
FOLDER = ROOT / "docs" / "packs"

HEAD = """# The flows of Port Alder

Drawn from the pack by `onehall flow draw`; `python -m tools.flow_pages` makes this page anew. Columns are the stages that
residents see. A thick box is where a case begins, a dashed one is an end, a dotted arrow is made by itself. Moves from many
states stand below the boxes. The tables say the same in words.
"""


def pages() -> dict[str, str]:
    """The text of each file, by its place below docs/packs."""
    from onehall.catalog import diagram, flows
    from onehall.kernel.localized import pick
    from onehall.setup import packs

    pack = packs.read_sound(PACK)
    found: dict[str, str] = {}
    parts = [HEAD]
    for key, doc in pack.catalog.flows.items():

        def say(words: object) -> str:
            return pick(words, "en", "en")  # type: ignore[arg-type]

        flow = flows.parse(doc)
        name = say(doc["name"])
        found[f"flows/{key}.svg"] = diagram.draw(flow, name, say)
        rows = [f"| {' | '.join(row)} |" for row in diagram.table(flow, say)]
        parts.append(f"## {name}\n\n![{name}, drawn](flows/{key}.svg)\n")
        parts.append("\n".join(["| From | Move | By | To |", "|---|---|---|---|", *rows]) + "\n")
    return found | {"flows.md": "\n".join(parts)}


def main() -> None:
    """Write the files."""
    os.environ.setdefault("ONEHALL_MODE", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "onehall.config.settings")
    import django

    django.setup()
    for name, text in pages().items():
        place = FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
