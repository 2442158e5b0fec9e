"""Reads `services/*.yaml`: groups and services, checked against everything else in the pack."""

from collections.abc import Mapping
from pathlib import Path

from onehall.catalog.pack.documents import (
    AUDIENCES,
    CLOSING_NEEDS,
    MAX_COMMON,
    PHOTOS,
    PLACES,
    PRECISION,
    Doc,
    Known,
)
from onehall.catalog.pack.read_promises import read_promise
from onehall.catalog.pack.read_questions import read_questions
from onehall.catalog.pack.read_retention import read_retention
from onehall.catalog.pack.read_routing import read_routing, read_which_side
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Node, Problems

GROUPS_FILE = "_groups.yaml"


def read_groups(folder: Path, known: Known, problems: Problems) -> dict[str, Doc]:
    """Checked groups by key, in the order of the file."""
    path = folder / "services" / GROUPS_FILE
    if not path.exists():
        problems.add(f"services/{GROUPS_FILE}", 1, "The file is missing.", "List the groups in it.")
        return {}
    top = yamlfile.load(path, folder, problems)
    items = top.listing("groups", required=True) if top.kind == "mapping" else top.as_listing()
    if top.kind == "mapping":
        top.finish()
    found: dict[str, Doc] = {}
    for node in items:
        doc: Doc = {
            "key": node.key("key"),
            "name": node.localized("name", known.languages, required=True, complete=True),
            "icon": node.text("icon", default="question"),
            "active": node.flag("active", default=True),
        }
        node.finish()
        if doc["key"] in found:
            node.problem(f'The group "{doc["key"]}" is listed twice.', "Keep one.", key="key")
        elif doc["key"]:
            found[doc["key"]] = doc
    return found


def read_services(
    folder: Path,
    known: Known,
    problems: Problems,
    *,
    groups: Mapping[str, Doc],
    flows: Mapping[str, Doc],
) -> list[Doc]:
    """Checked services: by group in its order, then by `position`, then by key."""
    reader = _Reader(known, groups, flows)
    for path in sorted((folder / "services").glob("*.yaml")):
        if path.name == GROUPS_FILE:
            continue
        node = yamlfile.load(path, folder, problems)
        if node.present:
            reader.add(node)
    order = list(groups)
    last = len(order)
    return sorted(
        reader.found.values(),
        key=lambda d: (
            order.index(d["group"]) if d["group"] in groups else last,
            d.get("position", 1000),
            d["key"],
        ),
    )


class _Reader:
    """Reads one service after the other and remembers what must be unique or bounded."""

    def __init__(self, known: Known, groups: Mapping[str, Doc], flows: Mapping[str, Doc]) -> None:
        self.known = known
        self.groups = groups
        self.flows = flows
        self.found: dict[str, Doc] = {}
        self.files: dict[str, str] = {}
        self.common = 0

    def add(self, node: Node) -> None:
        """Read a service; a duplicate key or one common tile too many is a problem."""
        doc = self.service(node)
        key = doc["key"]
        if key in self.found:
            message = f'The service "{key}" is defined twice (first in {self.files[key]}).'
            node.problem(message, "Give it another key.", key="key")
            return
        if key:
            self.found[key], self.files[key] = doc, node.file
        self.common += doc["common"]
        if doc["common"] and self.common > MAX_COMMON:
            message = f"More than {MAX_COMMON} services are common."
            node.problem(message, "The first page has no more tiles; take one away.", key="common")

    def service(self, node: Node) -> Doc:
        """The whole document of a service, defaults written out."""
        languages = self.known.languages
        spoken = node.texts("languages", options=languages)
        doc: Doc = {
            "key": node.key("key"),
            "group": node.choice("group", self.groups, required=True),
            "name": node.localized("name", languages, required=True, complete=True),
            "summary": node.localized("summary", languages),
            "icon": node.text("icon", default="question"),
            "keywords": self.keywords(node),
            "audience": node.choice("audience", AUDIENCES, default="residents"),
            "common": node.flag("common"),
            "place": node.choice("place", PLACES, default="required"),
            "photos": self.photos(node.mapping("photos")),
            "privacy": self.privacy(node.mapping("privacy")),
            "questions": read_questions(node, languages, spoken),
        }
        if spoken:
            doc["languages"] = spoken
        doc["routing"] = read_routing(node, self.known, doc["questions"])
        doc["flow"] = node.choice("flow", self.flows, required=True)
        doc["promise"] = read_promise(node, self.known, self.flows.get(doc["flow"]))
        doc["closing"] = self.closing(node.mapping("closing"), doc["flow"])
        doc["similar"] = self.similar(node.mapping("similar"))
        doc.update(self.optional(node, doc["flow"]))
        if (asks := node.mapping("which_side")).present:
            doc["which_side"] = read_which_side(asks, self.known, doc["routing"])
        node.finish()
        self.reachable(node, doc)
        self.inside(node, doc)
        return doc

    def inside(self, node: Node, doc: Doc) -> None:
        """What only residents' services can be."""
        if doc["audience"] != "staff":
            return
        if doc["common"]:
            message = "A service of the staff is no tile of the residents' first page."
            node.problem(message, "Take `common` away, or `audience: staff`.", key="common")
        if doc["privacy"]["public"]:
            message = "What the city's own staff ask for is shown to nobody outside."
            node.problem(message, "Write `privacy: {public: false}`.", key="privacy")

    def optional(self, node: Node, flow_key: str) -> Doc:
        """Fields that are left out of the document when they are not written."""
        doc: Doc = {}
        if asset := node.text("asset"):
            doc["asset"] = asset
            if asset not in self.known.asset_kinds:
                kinds = ", ".join(sorted(self.known.asset_kinds)) or "none"
                node.problem(
                    f'The city has no assets of the kind "{asset}".',
                    f"Add assets/{asset}.geojson, or use one of: {kinds}.",
                    key="asset",
                )
        if (position := node.whole("position", minimum=0, maximum=9999)) is not None:
            doc["position"] = position
        if (given := node.mapping("hand_over")).present:
            days = given.whole("days", minimum=1, maximum=365, default=30)
            doc["hand_over"] = {"contact": given.flag("contact"), "days": days}
            given.finish()
        if not node.flag("active", default=True):
            doc["active"] = False
        if kept := read_retention(node, self.known, self.flows.get(flow_key)):
            doc["retention"] = kept
        return doc

    def keywords(self, node: Node) -> dict[str, list[str]]:
        """Lists of words per language; a plain list is in the city's first language."""
        found = node.child("keywords")
        if found is None:
            return {}
        languages = self.known.languages
        if found.kind == "list":
            words = node.texts("keywords")
            return {languages[0]: words} if words else {}
        if found.kind != "mapping":
            found.expected("lists of words per language")
            return {}
        words_by = {code: found.texts(code) for code in languages if found.has(code)}
        found.finish(also=languages)
        return {code: words for code, words in words_by.items() if words}

    def photos(self, node: Node) -> Doc:
        """Whether photos are asked for, and who sees them."""
        doc: Doc = {
            "ask": node.flag("ask", default=True),
            "public": node.choice("public", PHOTOS, default="after_review"),
        }
        node.finish()
        return doc

    def privacy(self, node: Node) -> Doc:
        """Whether a report is shown to the public, and how exactly its place."""
        doc: Doc = {
            "public": node.flag("public", default=True),
            "place": node.choice("place", PRECISION, default="exact"),
        }
        node.finish()
        return doc

    def closing(self, node: Node, flow_key: str) -> Doc:
        """How a case may end, and what the first, good end needs."""
        flow = self.flows.get(flow_key)
        outcomes = node.texts("outcomes")
        if flow is not None:
            known = [o["key"] for o in flow["outcomes"]]
            for item in node.listing("outcomes"):
                if item.value not in known:
                    item.problem(
                        f'The flow "{flow_key}" has no outcome "{item.value}".',
                        f"It has: {', '.join(known) or 'none'}.",
                    )
        doc: Doc = {"outcomes": outcomes, "needs": node.texts("needs", options=CLOSING_NEEDS)}
        node.finish()
        return doc

    def similar(self, node: Node) -> Doc:
        """How near and how new another report must be to be offered as the same."""
        doc: Doc = {
            "metres": node.whole("metres", default=100, minimum=0, maximum=5_000),
            "days": node.whole("days", default=60, minimum=0, maximum=3_650),
        }
        node.finish()
        return doc

    def reachable(self, node: Node, doc: Doc) -> None:
        """Report a service that no resident can come to."""
        if doc.get("active", True):
            group = self.groups.get(doc["group"])
            if group is not None and not group["active"]:
                node.problem(
                    f'The service is in the group "{doc["group"]}", which is not active.',
                    "Move it to another group, or make the group active.",
                    key="group",
                )
            if not doc["keywords"] and not doc["common"]:
                node.problem(
                    "Nobody can find this service: it has no keywords and is not common.",
                    "Add the words residents use for it.",
                    key="keywords",
                )
