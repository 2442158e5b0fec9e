"""KML, as map programs of counties and Google Earth write it: the polygons of its placemarks. Always in degrees."""

from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree as Xml
from xml.parsers import expat

from onehall.places.pack import foreign
from onehall.places.pack.gis.layers import Refused

_AGAIN: Final = "Export the layer again, as KML or as GeoJSON."
_DEEPEST: Final = 60
"""Elements inside one another; KML has some ten."""


def is_kml(data: bytes) -> bool:
    """Whether a file begins as one."""
    head = data[:2_000].lstrip(b"\xef\xbb\xbf \r\n\t")
    return head.startswith(b"<") and b"<kml" in head.lower()


def features(data: bytes) -> Iterator[dict[str, Any]]:
    """The placemarks as features of GeoJSON; those without a polygon are told as such. `Refused` when it is no KML."""
    root = _root(data)
    count = 0
    for mark in root.iter():
        if _name(mark) != "Placemark":
            continue
        count += 1
        if count > foreign.MOST_FEATURES:
            raise Refused(f"It has more than {foreign.MOST_FEATURES:,} areas.", _AGAIN)
        yield {"type": "Feature", "properties": _properties(mark), **_shape(mark)}


def _root(data: bytes) -> Xml.Element:
    """The document. One that declares entities is no map: it could grow without end while it is read."""
    builder = Xml.TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise Refused("It is nested deeper than KML is.", _AGAIN)
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def declared(*_: Any) -> None:
        raise Refused("It declares a document type, which KML has none of.", _AGAIN)

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(data, True)  # noqa: FBT003 (its own signature: this is all)
    except expat.ExpatError as error:
        raise Refused(f"This is not KML that can be read: {error}.", _AGAIN) from None
    return builder.close()


def _name(one: Xml.Element) -> str:
    return str(one.tag).rpartition("}")[2]


def _children(one: Xml.Element, name: str) -> list[Xml.Element]:
    return [child for child in one if _name(child) == name]


def _properties(mark: Xml.Element) -> dict[str, str]:
    """Its name, its id and what is said in its table."""
    found = {"id": mark.get("id", ""), "name": _text(next(iter(_children(mark, "name")), None))}
    for table in _children(mark, "ExtendedData"):
        for one in table.iter():
            if _name(one) == "SimpleData":
                found[one.get("name", "")] = _text(one)
            elif _name(one) == "Data":
                found[one.get("name", "")] = _text(next(iter(_children(one, "value")), None))
    return {name: value[:200] for name, value in found.items() if name and value}


def _text(one: Xml.Element | None) -> str:
    return " ".join((one.text or "").split()) if one is not None else ""


def _shape(mark: Xml.Element) -> dict[str, Any]:
    """The polygons of a placemark as one geometry, or the fault of one that has none."""
    try:
        parts = [_rings(one) for one in mark.iter() if _name(one) == "Polygon"]
    except ValueError:
        return {
            "geometry": None,
            foreign.FAULT: "Its coordinates are not written as longitude,latitude.",
        }
    parts = [rings for rings in parts if rings and rings[0]]
    if not parts:
        return {"geometry": None, foreign.FAULT: "It has no polygon."}
    if len(parts) == 1:
        return {"geometry": {"type": "Polygon", "coordinates": parts[0]}}
    return {"geometry": {"type": "MultiPolygon", "coordinates": parts}}


def _rings(polygon: Xml.Element) -> list[list[list[float]]]:
    """The outline first, then the holes. `ValueError` where a corner can not be read."""
    found: list[list[list[float]]] = []
    for side in ("outerBoundaryIs", "innerBoundaryIs"):
        for boundary in _children(polygon, side):
            found += [
                [_corner(said) for said in (one.text or "").split()]
                for one in boundary.iter()
                if _name(one) == "coordinates"
            ]
    return found


def _corner(said: str) -> list[float]:
    lon, lat = said.split(",")[:2]
    return [round(float(lon), 7), round(float(lat), 7)]
