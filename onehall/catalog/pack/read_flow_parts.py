"""Reads the parts of a flow: timers, tasks with their join, effects, checklists, guards."""

from typing import Any, Final

from onehall.catalog import registry
from onehall.catalog.findings import DECIDING
from onehall.catalog.flowparts import JOIN_RULES, RERUNS
from onehall.catalog.pack.documents import Doc, Known
from onehall.catalog.pack.read_questions import read_questions
from onehall.catalog.registry import EffectKind, Param, PredicateKind
from onehall.kernel.spelling import nearest
from onehall.kernel.yamlfile import Node
from onehall.people.actor import ROLES
from onehall.people.serving import NOBODY_MAY

UNITS: Final = ("days", "hours", "working_days", "working_hours")
SHORT_TREE: Final = "requires_met"
"""What a guard and `auto_when` may say instead of a condition."""


def read_span(node: Node) -> Doc:
    """A length of time; `{}` for one that was left out."""
    doc: Doc = {
        unit: value
        for unit in UNITS
        if (value := node.number(unit, minimum=0, maximum=36_500)) is not None
    }
    if "working_days" in doc and doc["working_days"] != int(doc["working_days"]):
        node.problem("Working days are whole.", "Write a whole number.", key="working_days")
    if len(doc) > 1 and {"working_days", "working_hours"} & set(doc):
        node.problem(
            "Working time is mixed with another unit.", "Keep one of them.", key="working_days"
        )
    node.finish()
    return doc


def read_timer(node: Node, known: Known) -> Doc:
    """A timer: after how long, and what it does."""
    doc: Doc = {"after": read_span(node.mapping("after", required=True))}
    ways = [way for way in ("fire", "remind", "escalate") if node.has(way)]
    if len(ways) != 1:
        node.problem("A timer does one thing.", "Write one of fire, remind or escalate.")
    if fire := node.text("fire"):
        doc["fire"] = fire
    for way in ("remind", "escalate"):
        if (child := node.child(way)) is not None:
            doc[way] = _given(child, way, registry.EFFECTS[way], known)
    node.finish()
    return doc


def read_effects(node: Node, key: str, known: Known) -> list[Any]:
    """A list of effects, each a bare name or a mapping of its name to its parameters."""
    found = [_registered(item, "effect", registry.EFFECTS, known) for item in node.listing(key)]
    return [doc for doc in found if doc]


def read_requires(node: Node, known: Known) -> list[Any]:
    """The checklist of a state."""
    found = [
        _registered(item, "predicate", registry.PREDICATES, known)
        for item in node.listing("requires")
    ]
    return [doc for doc in found if doc]


def _registered(node: Node, what: str, kinds: Any, known: Known) -> Any:
    if node.kind == "text":
        name, child = node.as_text(), None
    else:
        fields = list(node.items())
        if len(fields) != 1:
            node.problem(f"This is not one {what}.", "Write its name, or name: parameters.")
            return None
        name, child = fields[0]
    kind = kinds.get(name)
    if kind is None:
        guess = nearest(name, kinds)
        advice = f'Did you mean "{guess}"?' if guess else f"Known: {', '.join(sorted(kinds))}."
        node.problem(f'There is no {what} "{name}".', advice)
        return None
    if child is None:
        for param in kind.params:
            if param.required:
                node.problem(f'"{name}" needs "{param.name}".', f"Write {name}: {{…}}.")
        return name
    return {name: given} if (given := _given(child, name, kind, known)) else name


def _given(node: Node, name: str, kind: EffectKind | PredicateKind, known: Known) -> Doc:
    """The parameters of an effect or a predicate; a lone value fills the short one."""
    if node.kind != "mapping":
        if not kind.short:
            node.expected(f"the parameters of {name}")
            return {}
        param = next(p for p in kind.params if p.name == kind.short)
        return {param.name: _lone(node, param, known)}
    doc: Doc = {}
    for param in kind.params:
        value = _param(node, param, known)
        if value not in ("", {}, None):
            doc[param.name] = value
    if isinstance(kind, PredicateKind) and (label := _words(node, "label", known)):
        doc["label"] = label
    if isinstance(kind, EffectKind) and kind.one_of and not set(kind.one_of) & set(doc):
        node.problem(f'"{name}" does nothing.', f"Write one of: {', '.join(kind.one_of)}.")
    node.finish()
    return doc


def _options(param: Param, known: Known) -> tuple[str, ...] | None:
    """What a parameter may be, None where that is not known here."""
    return {
        "queue": tuple(sorted(known.queues)),
        "priority": registry.PRIORITY_KEYS,
        "template": registry.TEMPLATES,
        "audience": registry.AUDIENCES,
        "role": ROLES,
        "who": registry.WHO,
        "photo": registry.PHOTOS,
    }.get(param.kind)


def _lone(node: Node, param: Param, known: Known) -> str:
    text = node.as_text()
    options = _options(param, known)
    if text and options is not None and text not in options:
        guess = nearest(text, options)
        advice = f'Did you mean "{guess}"?' if guess else f"Known: {', '.join(options)}."
        node.problem(f'There is no {param.kind} "{text}".', advice)
    return text


def _param(node: Node, param: Param, known: Known) -> Any:
    options = _options(param, known)
    if options is not None:
        return node.choice(param.name, options, required=param.required)
    if param.kind in ("words", "label"):
        return _words(node, param.name, known, required=param.required)
    if param.kind == "span":
        return read_span(node.mapping(param.name))
    if param.kind == "key":
        return node.key(param.name)
    return node.text(param.name, required=param.required)


def _words(node: Node, key: str, known: Known, *, required: bool = False) -> Doc:
    found: Doc = dict(node.localized(key, known.languages, required=required, complete=True))
    return found


def read_tasks(node: Node, known: Known) -> list[Doc]:
    """The tasks of a state."""
    return [_task(item, known) for item in node.listing("tasks")]


def _task(node: Node, known: Known) -> Doc:
    doc: Doc = {
        "key": node.key("key"),
        "label": _words(node, "label", known, required=True),
        "queue": node.choice("queue", known.queues, required=True),
    }
    if words := _words(node, "words", known):
        doc["words"] = words
    if by := _by(node, doc["queue"], known):
        doc["by"] = by
    for name in ("due", "due_next_cycle"):
        if span := read_span(node.mapping(name)):
            doc[name] = span
    if when := node.child("when"):
        doc["when"] = when.plain()
    if questions := read_questions(node, known.languages):
        doc["questions"] = questions
    node.finish()
    return doc


def _by(node: Node, queue: str, known: Known) -> list[str]:
    """The roles that a task is kept for: those that do tasks, and that somebody at its queue has."""
    by = node.texts("by", options=DECIDING)
    # A queue that nobody serves at all is told where it is named.
    there = (known.serving or {}).get(queue)
    if by and there and there.isdisjoint(by):
        node.problem(
            f'{NOBODY_MAY}"{queue}" may decide it: that takes the role {" or ".join(by)}.',
            "Give somebody who serves that queue the role, or take the role away here.",
            key="by",
        )
    return by


def read_join(node: Node, known: Known) -> Doc:
    """How the tasks of a state become one outcome; the outcomes are listed from the worst to the best."""
    join = node.mapping("join")
    if not join.present:
        return {}
    doc: Doc = {
        "rule": join.choice("rule", JOIN_RULES, required=True),
        "outcomes": [
            _task_outcome(key, item, known)
            for key, item in join.mapping("outcomes", required=True).items()
        ],
    }
    quorum = join.whole("of", minimum=1, maximum=50)
    if quorum is not None:
        doc["of"] = quorum
    if (doc["rule"] == "quorum") != (quorum is not None):
        join.problem('"of" goes with the rule quorum.', "Say how many must agree.", key="rule")
    join.finish()
    return doc


def _task_outcome(key: str, node: Node, known: Known) -> Doc:
    doc: Doc = {
        "key": key,
        "label": _words(node, "label", known, required=True),
        "fire": node.text("fire", required=True),
    }
    node.finish()
    return doc


def read_tree(node: Node, key: str) -> Any:
    """A condition as it is written, to be checked against the services later."""
    child = node.child(key)
    if child is None:
        return None
    if child.kind == "text":
        text = child.as_text()
        if text != SHORT_TREE:
            child.problem(f'"{text}" is not a condition.', f"Write a condition, or {SHORT_TREE}.")
            return None
        return text
    return child.plain()


def read_guard(node: Node, known: Known) -> Any:
    """A guard: a condition with the words for those it stops, or `requires_met`."""
    child = node.child("guard")
    if child is None:
        return None
    if child.kind == "text":
        return read_tree(node, "guard")
    doc: Doc = {"when": read_tree(child, "when")}
    if doc["when"] is None:
        child.problem("The guard has no condition.", 'Write it under "when".')
    if words := _words(child, "words", known, required=True):
        doc["words"] = words
    child.finish()
    return doc


def read_rerun(node: Node) -> str:
    """Which tasks are worked again; "" for the usual, all of them."""
    return node.choice("rerun", RERUNS)
