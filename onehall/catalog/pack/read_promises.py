"""Reads the promise of a service: spans per priority and area, further targets, risk and ladder."""

from collections.abc import Mapping

from onehall.catalog.pack.documents import PRIORITIES, Doc, Known
from onehall.catalog.targets import AFTER, KINDS, ON_SITE, REMINDS
from onehall.kernel.yamlfile import Node

MAX_STEPS = 6
"""Steps of one ladder."""


def read_promise(service: Node, known: Known, flow: Doc | None) -> Doc:
    """The whole promise of a service."""
    node = service.mapping("promise", required=True)
    doc = _term(node, known)
    for kind in KINDS:
        if (target := node.mapping(kind)).present:
            doc[kind] = _target(target, kind, known, flow)
    if (risk := node.mapping("risk")).present:
        doc["risk"] = _risk(risk)
    doc |= _ladder(node)
    node.finish()
    return doc


def _ladder(node: Node) -> Doc:
    """The ladder of the promise or of another target; {} where there is none."""
    steps = [_step(item) for item in node.listing("ladder")]
    if not steps:
        return {}
    _check_ladder(node, steps)
    return {"ladder": steps}


def _term(node: Node, known: Known) -> Doc:
    """A span, other ones per priority, and other ones in areas."""
    doc = _span(node)
    if priorities := _priorities(node):
        doc["priorities"] = priorities
    if areas := [_area(item, known) for item in node.listing("areas")]:
        doc["areas"] = areas
    return doc


def _priorities(node: Node) -> Doc:
    priorities = node.mapping("priorities")
    found: Doc = {}
    for key, item in priorities.items():
        if key not in PRIORITIES:
            names = " or ".join(PRIORITIES)
            priorities.problem(f'There is no priority "{key}".', f"Use {names}.", key=key)
            continue
        found[key] = _span(item)
        item.finish()
    return found


def _area(node: Node, known: Known) -> Doc:
    doc: Doc = {"layer": node.choice("layer", sorted(known.layers), required=True)}
    codes = known.areas.get(doc["layer"], frozenset())
    doc["in"] = node.texts("in", required=True, options=sorted(codes) or None)
    doc |= _span(node)
    if priorities := _priorities(node):
        doc["priorities"] = priorities
    node.finish()
    return doc


def _span(node: Node) -> Doc:
    """Either hours or days."""
    hours = node.number("hours", minimum=0.25, maximum=10_000)
    days = node.whole("days", minimum=1, maximum=2_000)
    if node.present and node.has("hours") and node.has("days"):
        node.problem("The promise is in hours and in days.", "Keep one of them.", key="days")
    elif node.present and not (node.has("hours") or node.has("days")):
        node.problem("The promise says no time.", "Write hours or days.")
    return {"hours": hours} if hours is not None else {"days": days}


def _target(node: Node, kind: str, known: Known, flow: Doc | None) -> Doc:
    doc = _term(node, known)
    stages = [s["key"] for s in flow["stages"]] if flow else []
    moves: Mapping[str, Doc] = {m["key"]: m for m in flow["moves"]} if flow else {}
    if found := node.texts("stages", options=stages if flow else None):
        doc["stages"] = found
    if found := node.texts("moves", options=list(moves) if flow else None):
        doc["moves"] = found
    doc |= _ladder(node)
    starts = any(m.get("purpose") == "start" for m in moves.values())
    if flow and kind == ON_SITE and not (doc.get("stages") or doc.get("moves") or starts):
        node.problem(
            "Nothing in the flow says that somebody is on site.",
            "Name stages or moves of the flow, or give a move `purpose: start`.",
        )
    node.finish()
    return doc


def _risk(node: Node) -> Doc:
    share = node.whole("share", minimum=1, maximum=99)
    hours = node.number("hours", minimum=0.25, maximum=10_000)
    if node.present and node.has("share") == node.has("hours"):
        node.problem(
            "Risk is a share of the time in percent, or working hours before the end.",
            "Write one of share and hours.",
        )
    node.finish()
    return {"hours": hours} if hours is not None else {"share": share or 80}


def _step(node: Node) -> Doc:
    doc: Doc = {
        "after": node.choice("after", AFTER, required=True),
        "remind": node.choice("remind", REMINDS, required=True),
    }
    if (hours := node.number("hours", minimum=0, maximum=10_000)) is not None and hours:
        doc["hours"] = hours
    node.finish()
    return doc


def _check_ladder(node: Node, steps: list[Doc]) -> None:
    if len(steps) > MAX_STEPS:
        node.problem(
            f"The ladder has more than {MAX_STEPS} steps.", "Take some away.", key="ladder"
        )
    known = [s for s in steps if s["after"] in AFTER]
    order = [(AFTER.index(s["after"]), s.get("hours", 0)) for s in known]
    if order != sorted(order):
        node.problem(
            "A step of the ladder comes before the one above it.",
            "Steps at risk come first, then the late ones, each with more hours than before.",
            key="ladder",
        )
