"""Outside bodies of a city pack, `bodies.yaml`, in plain documents; and the named reads of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems
from onehall.people.body_models import Body
from onehall.places.models import City

type Doc = dict[str, Any]

FILE: Final = "bodies.yaml"
EMAIL: Final = r"[^@\s]+@[^@\s]+\.[^@\s]+"


def read(folder: Path, languages: Sequence[str], problems: Problems) -> tuple[Doc, ...]:
    """The bodies of a pack in their order; none without the file."""
    path = folder / FILE
    if not path.exists():
        return ()
    top = yamlfile.load(path, folder, problems)
    nodes = top.listing("bodies", required=True)
    found: dict[str, Doc] = {}
    for node in nodes:
        doc = _body(node, languages)
        if doc["key"] and doc["key"] in found:
            node.problem(f'The body "{doc["key"]}" is listed twice.', "Keep one.", key="key")
        found.setdefault(doc["key"], doc)
    top.finish()
    return tuple(found.values())


def _body(node: Node, languages: Sequence[str]) -> Doc:
    doc: Doc = {
        "key": node.key("key"),
        "name": node.localized("name", languages, required=True, complete=True),
        "email": node.text(
            "email", required=True, max_length=254, pattern=EMAIL, shape="an e-mail address"
        ),
    }
    if does := node.localized("does", languages):
        doc["does"] = does
    if phone := node.text("phone", max_length=40):
        doc["phone"] = phone
    if spoken := node.texts("languages", options=languages):
        doc["languages"] = spoken
    node.finish()
    return doc


def stored(city: City) -> tuple[Doc, ...]:
    """What the database holds, in the same form."""
    return tuple(
        {"key": b.key, "name": b.name, "email": b.email}
        | {k: v for k, v in (("does", b.does), ("phone", b.phone), ("languages", b.languages)) if v}
        for b in bodies(city)
    )


def bodies(city: City) -> list[Body]:
    """The bodies that cases can be handed over to now."""
    return list(Body.objects.filter(city_id=city.pk, active=True).order_by("position", "id"))


def body_of_key(city: City, key: str) -> Body | None:
    """An active body by its key."""
    return Body.objects.filter(city_id=city.pk, key=key, active=True).first() if key else None


def written(docs: Sequence[Doc], languages: Sequence[str]) -> Doc:
    """The content of the file, words in the city's order of languages."""
    data = [
        {k: _ordered(v, languages) if k in ("name", "does") else v for k, v in doc.items()}
        for doc in docs
    ]
    return {"bodies": data}


def _ordered(words: dict[str, str], languages: Sequence[str]) -> dict[str, str]:
    return {code: words[code] for code in languages if code in words}
