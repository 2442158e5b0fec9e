"""The files that a city would be exported as: those that the console changes, as texts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from onehall.billing import pack as billing_pack
from onehall.catalog import pack as catalog_pack
from onehall.kernel import yamllined
from onehall.people import pack as people_pack
from onehall.people.bodies import FILE as BODIES
from onehall.places import pack as places_pack
from onehall.places.held import Held
from onehall.places.models import City
from onehall.setup import rules

_texts: Final[Held[Mapping[str, str]]] = Held(most=16)


def texts(city: City) -> Mapping[str, str]:
    """Every editable file of a city by path, in order; held per revision."""
    return _texts.get((city.pk, str(city.revision)), lambda: written(city))


def written(city: City) -> Mapping[str, str]:
    """The same, always read anew."""
    small = places_pack.small_of(city, areas=True)
    found = {path: yamllined.write(doc) for path, doc in places_pack.file_docs(small).items()}
    found[people_pack.FILE] = yamllined.write(people_pack.document(city))
    if outside := people_pack.bodies_document(city):
        found[BODIES] = yamllined.write(outside)
    found |= {path: yamllined.write(doc) for path, doc in catalog_pack.file_docs(city).items()}
    found |= billing_pack.file_texts(city)
    found |= places_pack.area_texts(small.areas)
    return {path: found[path] for path in rules.in_order(list(found))}


def forget() -> None:
    """Drop what is held in memory; for tests and for commands that edit rows directly."""
    _texts.forget()


def put(folder: Path, files: Mapping[str, str], *, areas: bool) -> None:
    """Write files into a folder; those of `areas/` only when they are asked for."""
    for name in ("services", "flows", "templates", "fees", "areas"):
        (folder / name).mkdir(exist_ok=True)
    for path, text in files.items():
        if areas or not path.startswith("areas/"):
            (folder / path).write_text(text, encoding="utf-8")
