"""The checks of a flow that need no file."""

from typing import Any

from onehall.catalog import flows
from onehall.catalog.lint import lint_flow


def flow(**changes: Any) -> flows.FlowDefinition:
    """A small sound flow; `changes` replace parts of its document."""
    doc: dict[str, Any] = {
        "key": "small",
        "start": "new",
        "stages": [{"key": "all", "label": {"en": "All"}}],
        "states": {
            "new": {"category": "submitted", "stage": "all", "label": {"en": "New"}},
            "done": {"category": "closed", "stage": "all", "label": {"en": "Done"}},
        },
        "outcomes": {"ok": {"label": {"en": "OK"}, "to": "done"}},
        "moves": {
            "close": {"from": ["@open"], "to": "$outcome", "by": ["crew"], "purpose": "close"}
        },
    }
    return flows.parse({**doc, **changes})


def state(category: str, **more: Any) -> dict[str, Any]:
    return {"category": category, "stage": "all", "label": {"en": "x"}, **more}


def move(sources: list[str], to: str, *by: str, **more: Any) -> dict[str, Any]:
    return {"from": sources, "to": to, "by": list(by), "label": {"en": "x"}, **more}


def said(definition: flows.FlowDefinition) -> str:
    return " | ".join(f.message for f in lint_flow(definition))


def test_a_sound_flow_has_no_findings() -> None:
    assert lint_flow(flow()) == []


def test_an_open_state_without_a_way_out() -> None:
    definition = flow(
        states={"new": state("submitted"), "stuck": state("review"), "done": state("closed")},
        moves={
            "close": move(["new"], "$outcome", "crew", purpose="close"),
            "lose": move(["new"], "stuck", "crew"),
        },
    )
    assert said(definition) == 'A case in "stuck" stays there forever.'


def test_an_open_state_that_staff_cannot_leave() -> None:
    definition = flow(
        states={"new": state("submitted"), "theirs": state("review"), "done": state("closed")},
        moves={
            "close": move(["new"], "$outcome", "crew", purpose="close"),
            "give": move(["new"], "theirs", "crew"),
            "back": move(["theirs"], "new", "resident", "auditor"),
        },
    )
    assert said(definition) == 'No staff role can move a case out of "theirs".'


def test_states_that_only_lead_to_each_other() -> None:
    definition = flow(
        states={"new": state("submitted"), "a": state("review"), "b": state("working"), "done": state("closed")},
        moves={
            "close": move(["new"], "$outcome", "crew", purpose="close"),
            "go": move(["new", "b"], "a", "crew"),
            "on": move(["a"], "b", "crew"),
        },
    )  # fmt: skip
    assert said(definition) == 'A case in "a" can never end. | A case in "b" can never end.'


def test_timers_in_a_circle() -> None:
    definition = flow(
        states={
            "new": state("submitted", timers=[{"after": {"days": 1}, "fire": "over"}]),
            "other": state("review", timers=[{"after": {"hours": 2}, "fire": "back"}]),
            "done": state("closed"),
        },
        moves={
            "close": move(["@open"], "$outcome", "crew", purpose="close"),
            "over": move(["new"], "other", "system"),
            "back": move(["other"], "new", "system"),
        },
    )
    assert said(definition).count("in a circle") == 2


def test_a_timer_must_leave_its_own_state_after_some_time() -> None:
    definition = flow(
        states={
            "new": state("submitted", timers=[{"after": {}, "fire": "expire"}]),
            "done": state("closed"),
        },
        moves={
            "close": move(["@open"], "$outcome", "crew", purpose="close"),
            "expire": move(["done"], "done", "system"),
        },
    )
    assert "does not leave" in said(definition)
    assert "fires at once" in said(definition)


def test_outcomes_must_end_the_case_and_only_a_close_reaches_them() -> None:
    definition = flow(
        outcomes={"ok": {"label": {"en": "OK"}, "to": "new", "needs": ["luck"]}},
        moves={"finish": move(["@open"], "$outcome", "crew")},
    )
    words = said(definition)
    assert "which is still open" in words
    assert 'no need "luck"' in words
    assert "Only a close can lead to $outcome." in words


def test_a_flow_that_starts_at_its_end() -> None:
    assert "is not open" in said(flow(start="done"))


def test_parts_may_be_a_list_with_keys() -> None:
    listed = flow(
        states=[{"key": "new", **state("submitted")}, {"key": "done", **state("closed")}],
    )
    assert list(listed.states) == ["new", "done"]
    assert lint_flow(listed) == []
