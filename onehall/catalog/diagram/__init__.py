"""A flow as a drawing: laid out in layers, written as SVG, with the same told in words and as a table."""

from onehall.catalog.diagram.layout import Picture, lay_out
from onehall.catalog.diagram.svg import draw, table

__all__ = ["Picture", "draw", "lay_out", "table"]
