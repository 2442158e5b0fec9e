"""The checks of a flow that need no file."""

from datetime import timedelta
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


def disputable(within: dict[str, Any], **more: Any) -> flows.FlowDefinition:
    """A flow in which a resident can say "not fixed" for some time."""
    parts: dict[str, Any] = {
        "states": {
            "new": state("submitted"),
            "done": state("resolved", timers=[{"after": {"days": 7}, "fire": "settle"}]),
            "closed": state("closed"),
        },
        "moves": {
            "close": move(["@open"], "$outcome", "crew", purpose="close"),
            "settle": move(["done"], "closed", "system", purpose="settle"),
            "dispute": move(
                ["done", "closed"],
                "new",
                "resident",
                **{"purpose": "dispute", "within": within} | more,
            ),
        },
    }
    return flow(**parts)


def test_a_dispute_may_have_an_end() -> None:
    definition = disputable({"days": 30, "hours": 12})
    assert lint_flow(definition) == []
    assert definition.moves["dispute"].within == timedelta(days=30, hours=12)
    assert definition.moves["close"].within is None


def test_an_end_that_is_over_at_once() -> None:
    assert said(disputable({})) == "The time is over at once."
    assert said(disputable({"days": 0})) == "The time is over at once."


def test_an_end_before_silence_has_settled_it() -> None:
    assert said(disputable({"days": 6})) == ('The time is over before a case in "done" is settled.')
    assert said(disputable({"days": 7})) == ""


def test_an_end_of_what_is_no_dispute() -> None:
    assert 'The move "dispute" has an end, but is no dispute.' in said(
        disputable({"days": 30}, purpose="reopen")
    )


def test_an_end_that_can_not_begin() -> None:
    words = said(disputable({"days": 30}, **{"from": ["new", "done"]}))
    assert words == 'In "new" a case has not ended, so the time does not run yet.'
