"""Flows made up by Hypothesis: sound by the lint, and otherwise whatever the language allows."""

from typing import Any

from hypothesis import strategies as st

from onehall.catalog import flows
from onehall.catalog.lint import lint_flow
from onehall.catalog.lint_conditions import lint_conditions
from onehall.catalog.services import parse_question

type Doc = dict[str, Any]

STAFF = ("agent", "crew", "supervisor")
QUEUES = ("roads", "questions", "neighbors")
OPEN = ("review", "working", "decision", "intake", "on_hold", "waiting_applicant")
ENDS = {"no": "No", "hm": "Hm", "yes": "Yes"}
WORDS = {"en": "x", "es": "x"}
SIZE = {
    "key": "size", "type": "choice", "label": WORDS,
    "options": [{"key": k, "label": WORDS} for k in ("small", "large")],
}  # fmt: skip
COST = {"key": "cost", "type": "number", "label": WORDS, "required": True}

conditions = st.sampled_from(
    [
        {"eq": ["size", "large"]},
        {"not": {"eq": ["size", "large"]}},
        {"eq": ["case.priority", "high"]},
        {"eq": ["case.assigned", True]},
        {"gt": ["tasks.open", 0]},
        {"any": [{"gt": ["tasks.cycle", 1]}, {"exists": "size"}]},
        {"all": [{"eq": ["case.queue", "roads"]}, {"lt": ["case.people", 5]}]},
    ]
)
effects = st.lists(
    st.sampled_from(
        [
            "stop_clock",
            "start_clock",
            "new_promise",
            {"set_priority": {"priority": "high"}},
            {"set_priority": {"priority": "normal"}},
            {"set_queue": {"queue": "questions"}},
            {"assign": {"who": "mover"}},
            {"assign": {"who": "nobody"}},
            {"notify": {"template": "notice", "words": WORDS}},
            {"note": {"words": WORDS}},
            {"remind": {"to": "team"}},
            {"escalate": {"queue": "neighbors", "role": "supervisor"}},
            {"add_task": {"key": "added", "label": WORDS, "queue": "roads", "due": {"days": 2}}},
        ]
    ),
    max_size=2,
)
spans = st.integers(1, 9).map(lambda days: {"days": days})


def _timers(draw: Any, moves: list[str]) -> list[Doc]:
    kinds = draw(st.lists(st.sampled_from(["fire", "remind", "escalate"]), max_size=2, unique=True))
    found: list[Doc] = []
    for kind in kinds:
        timer: Doc = {"after": draw(spans)}
        if kind == "fire" and moves:
            timer["fire"] = moves[0]
        elif kind == "remind":
            timer["remind"] = {"to": draw(st.sampled_from(["team", "resident"]))}
        else:
            timer["escalate"] = {"queue": draw(st.sampled_from(QUEUES)), "role": "supervisor"}
        found.append(timer)
    return found


def _tasks(draw: Any, state: str) -> list[Doc]:
    found: list[Doc] = []
    for n in range(draw(st.integers(1, 3))):
        task: Doc = {"key": f"{state}_t{n}", "label": WORDS, "queue": draw(st.sampled_from(QUEUES))}
        if draw(st.booleans()):
            task["when"] = draw(conditions)
        if n == 0 and draw(st.booleans()):
            task["questions"] = [COST]
        found.append(task)
    return found


def _join(draw: Any, state: str, count: int) -> Doc:
    rule = draw(st.sampled_from(["all", "any", "quorum", "worst"]))
    outcomes = [{"key": k, "label": WORDS, "fire": f"{state}_{k}"} for k in ENDS]
    of = {"of": draw(st.integers(1, count))} if rule == "quorum" else {}
    return {"rule": rule, "outcomes": outcomes, **of}


@st.composite
def documents(draw: Any) -> Doc:
    """A flow of two to five open states and two ends; some states have tasks, some checklists."""
    count = draw(st.integers(2, 5))
    names = [f"s{n}" for n in range(count)]
    anywhere = st.sampled_from([*names, "end", "denied", "$previous"])
    states: list[Doc] = []
    moves: list[Doc] = []
    for n, name in enumerate(names):
        state: Doc = {
            "key": name,
            "category": "submitted" if n == 0 else draw(st.sampled_from(OPEN)),
        }
        state |= {"stage": "all", "label": WORDS, "enter": draw(effects)}
        if draw(st.booleans()):
            state["tasks"] = _tasks(draw, name)
            state["join"] = _join(draw, name, len(state["tasks"]))
            state["rerun"] = draw(st.sampled_from(["all", "failed"]))
            moves += [
                {"key": f"{name}_{k}", "from": [name], "to": draw(anywhere), "by": ["system"]}
                for k in ENDS
            ]
        if draw(st.booleans()):
            state["requires"] = draw(
                st.lists(
                    st.sampled_from(["assigned", "tasks_closed", "placed"]),
                    min_size=1,
                    unique_by=str,
                )
            )
        moves += _moves(draw, names, n, state["category"])
        state["timers"] = _timers(draw, [m["key"] for m in moves if m["key"] == f"{name}_late"])
        states.append(state)
    states += [
        {"key": "end", "category": "closed", "stage": "all", "label": WORDS, "enter": []},
        {"key": "denied", "category": "denied", "stage": "all", "label": WORDS},
    ]
    moves.append(
        {"key": "close", "from": ["@open"], "to": "$outcome", "by": list(STAFF), "purpose": "close"}
    )
    moves.append(
        {
            "key": "reopen",
            "from": ["@ended"],
            "to": "s0",
            "by": ["agent"],
            "purpose": "reopen",
            "needs": ["reason"],
        }
    )
    return {
        "key": "generated", "name": WORDS, "start": "s0", "stages": [{"key": "all", "label": WORDS}],
        "states": states, "outcomes": [{"key": "fixed", "label": WORDS, "to": "end"}, {"key": "refused", "label": WORDS, "to": "denied"}],
        "moves": moves,
    }  # fmt: skip


def _moves(draw: Any, names: list[str], n: int, category: str) -> list[Doc]:
    """On to the next state, somewhere else under a guard, by itself, and when it takes too long."""
    name = names[n]
    onward = names[n + 1] if n + 1 < len(names) else "end"
    found: list[Doc] = [
        {"key": f"{name}_on", "from": [name], "to": onward, "by": [draw(st.sampled_from(STAFF))], "effects": draw(effects)},
        {"key": f"{name}_late", "from": [name], "to": draw(st.sampled_from([*names[n + 1 :], "end"])), "by": ["system"]},
    ]  # fmt: skip
    if draw(st.booleans()):
        back = draw(st.sampled_from([*names, "denied", "$previous"]))
        guard = {"when": draw(conditions), "words": WORDS}
        found.append({"key": f"{name}_side", "from": [name], "to": back, "by": list(STAFF), "guard": guard, "needs": ["reason"]})  # fmt: skip
    if draw(st.booleans()):
        when = draw(st.one_of(conditions, st.just("requires_met")))
        found.append({"key": f"{name}_self", "from": [name], "to": onward, "by": ["system"], "auto_when": when})  # fmt: skip
    if category == "waiting_applicant":
        found.append({"key": f"{name}_answer", "from": [name], "to": "$previous", "by": ["resident", "agent"], "purpose": "answer"})  # fmt: skip
    return found


def _is_sound(doc: Doc) -> bool:
    flow = flows.parse(doc)
    asked = {"generated": (parse_question(SIZE),)}
    return not [f for f in lint_flow(flow) if not f.warning] and not list(
        lint_conditions(flow, asked, [])
    )


sound_documents = documents().filter(_is_sound)
