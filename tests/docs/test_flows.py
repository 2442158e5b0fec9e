"""The drawn flows of the documents are those of the pack."""

import xml.etree.ElementTree as ET

from onehall.catalog import diagram, flows
from onehall.catalog.diagram import lay_out
from tests.catalog.test_flow_language import reviewing
from tools.flow_pages import FOLDER, pages


def plain(words: object) -> str:
    return words["en"] if isinstance(words, dict) else str(words)


def test_the_drawings_and_tables_are_current() -> None:
    made = pages()
    assert len(made) >= 5
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, (
            f"{name}: python -m tools.flow_pages"
        )


class TestDrawing:
    def test_is_one_svg_with_a_title_and_a_description(self) -> None:
        root = ET.fromstring(diagram.draw(reviewing(), "A <flow>", plain))
        space = "{http://www.w3.org/2000/svg}"
        assert root.attrib["role"] == "img"
        title, desc = root.find(f"{space}title"), root.find(f"{space}desc")
        assert title is not None
        assert title.text == "A <flow>"
        assert desc is not None
        assert "x" in str(desc.text)
        assert {g.attrib["data-state"] for g in root.iter(f"{space}g")} == set(reviewing().states)

    def test_no_two_states_stand_on_each_other(self) -> None:
        boxes = list(lay_out(reviewing(), "x", plain).boxes.values())
        for n, a in enumerate(boxes):
            for b in boxes[n + 1 :]:
                assert a.x != b.x or a.y + a.height <= b.y or b.y + b.height <= a.y

    def test_the_table_has_every_move(self) -> None:
        flow: flows.FlowDefinition = reviewing()
        assert len(diagram.table(flow, plain)) == len(flow.moves)
