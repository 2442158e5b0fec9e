"""Writes the stored catalogue back as pack files; reading them gives the same documents."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from onehall.catalog.pack.documents import Doc
from onehall.catalog.pack.read_replies import FOLDER
from onehall.catalog.pack.read_services import GROUPS_FILE
from onehall.catalog.pack.rows import stored
from onehall.kernel import yamlfile
from onehall.places.models import City

ORDER: Final = (
    "key", "group", "type", "name", "summary", "category", "stage", "from", "to", "by", "purpose",
    "within", "label", "words", "hint", "icon", "active", "position", "languages", "keywords", "audience", "common",
    "required", "place", "asset", "photos", "privacy", "options", "stages", "start", "states",
    "when", "stop", "call", "queue", "because", "questions", "routing", "promise", "hours", "days",
    "first_response", "on_site", "risk", "share", "ladder", "layer", "in", "areas",
    "priorities", "flow", "closing", "which_side", "hand_over", "contact", "person", "body", "outcomes", "moves", "needs", "timers", "after", "fire",
    "similar", "metres", "retention", "text", "where", "categories", "services", "queues",
    "similar", "metres", "groups", "enter", "tasks", "due", "due_next_cycle", "join", "rule", "of",
    "rerun", "requires", "guard", "auto_when", "effects", "remind", "escalate", "scenarios",
    "service", "priority", "answers", "steps", "move", "task", "skip", "add_task", "wait",
    "outcome", "given", "refused", "expect", "state", "cycle", "requires_met",
    "office", "currency", "time", "materials", "unit", "unit_cost", "hour_cost",
)  # fmt: skip
"""jsonb forgets the order of fields; files always have this one."""

_RANK: Final = {name: number for number, name in enumerate(ORDER)}


def write(city: City, folder: Path) -> None:
    """Write `services/`, `flows/` and `templates/` of a pack."""
    for name in ("services", "flows"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path, data in file_docs(city).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(yamlfile.dump(data), encoding="utf-8")


def file_docs(city: City) -> dict[str, Doc]:
    """What each file of the catalogue says, by its path in the pack, as plain data in the order of files."""
    held = stored(city)
    languages = city.languages
    groups = [_ordered(group, languages) for group in held.groups]
    found: dict[str, Doc] = {f"services/{GROUPS_FILE}": {"groups": groups}}
    found |= {f"services/{doc['key']}.yaml": ordered(doc, languages) for doc in held.services}
    found |= {
        f"flows/{key}.yaml": ordered(_as_mappings(doc), languages)
        for key, doc in held.flows.items()
    }
    found |= {f"{FOLDER}/{doc['key']}.yaml": ordered(doc, languages) for doc in held.replies}
    found |= {f"{key}.yaml": ordered(doc, languages) for key, doc in held.sheets.items()}
    return found


def ordered(doc: Doc, languages: Sequence[str]) -> Doc:
    """A document with fields and languages in the order that files have, and without empty fields."""
    found: Doc = _ordered(doc, languages)
    return found


def _as_mappings(doc: Doc) -> Doc:
    """A flow with its parts by key, as packs have them."""
    parts = {
        name: {part["key"]: {k: v for k, v in part.items() if k != "key"} for part in doc[name]}
        for name in ("states", "outcomes", "moves", "groups")
        if name in doc
    }
    for state in parts["states"].values():
        if "join" in state:
            ends = {
                o["key"]: {"label": o["label"], "fire": o["fire"]}
                for o in state["join"]["outcomes"]
            }
            state["join"] = {**state["join"], "outcomes": _Kept(ends)}
    return {**doc, **{name: _Kept(part) for name, part in parts.items()}}


class _Kept(dict[str, Any]):
    """A mapping whose keys are the author's own and stay in their order."""


def _ordered(value: Any, languages: Sequence[str]) -> Any:
    """The value with fields and languages in their order, and without empty fields."""
    if isinstance(value, list):
        return [_ordered(item, languages) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    if isinstance(value, _Kept):
        pass
    elif set(keys) <= set(languages):
        keys = [code for code in languages if code in value]
    else:
        keys.sort(key=lambda name: (_RANK.get(name, len(_RANK)), name))
    return {key: _ordered(value[key], languages) for key in keys if value[key] not in ({}, [], "")}
