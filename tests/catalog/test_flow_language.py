"""The whole definition language: read, linted, tried by its scenarios, and written back as it was."""

from pathlib import Path
from typing import Any

import pytest

from onehall.catalog import flows, machine
from onehall.catalog.facts import Snapshot, TaskRow
from onehall.catalog.findings import Finding
from onehall.catalog.flowparts import Scenario
from onehall.catalog.lint import lint_flow
from onehall.catalog.lint_conditions import lint_conditions
from onehall.catalog.scenarios import run
from onehall.cli import city as city_cli
from onehall.setup import packs
from tests.catalog.test_lint import flow, move, state
from tests.packs import WrongPack, testford
from tests.reviewed import pack

REVIEW: dict[str, Any] = {
    "tasks": [
        {"key": key, "label": {"en": key}, "queue": "roads"} for key in ("one", "two", "three")
    ],
    "join": {
        "rule": "worst",
        "outcomes": [
            {"key": "no", "label": {"en": "No"}, "fire": "refuse"},
            {"key": "hm", "label": {"en": "Hm"}, "fire": "back"},
            {"key": "yes", "label": {"en": "Yes"}, "fire": "agree"},
        ],
    },
}


def reviewing(rule: str = "worst", **more: Any) -> flows.FlowDefinition:
    """A flow with three parallel tasks."""
    join = {**REVIEW["join"], "rule": rule, **more.pop("join", {})}
    review = state("review", **{**REVIEW, "join": join, **more.pop("review", {})})
    return flow(
        states={"new": state("submitted"), "review": review, "done": state("closed")},
        moves={
            "go": move(["new"], "review", "crew"),
            "agree": move(["review"], "done", "system"),
            "refuse": move(["review"], "done", "system"),
            "back": move(["review"], "new", "system"),
            "close": move(["@open"], "$outcome", "crew", purpose="close"),
            **more,
        },
    )


def said(found: list[Finding]) -> str:
    return " | ".join(f.message for f in found)


class TestJoinRules:
    def decide(self, rule: str, *outcomes: str, quorum: int = 0) -> str | None:
        """What three tasks come to; "" for one that is open, "-" for a skipped one."""
        definition = reviewing(rule, join={"of": quorum} if quorum else {})
        rows = [
            TaskRow(
                key=key,
                during="review",
                cycle=1,
                entered=1,
                state="open" if not o else "skipped" if o == "-" else "done",
                outcome="" if o in ("", "-") else o,
            )
            for key, o in zip(("one", "two", "three"), outcomes, strict=True)
        ]
        found = machine.decided(definition.states["review"], rows, 1)
        return found.key if found else None

    def test_worst_waits_for_all(self) -> None:
        assert self.decide("worst", "no", "yes", "") is None
        assert self.decide("worst", "no", "yes", "hm") == "no"
        assert self.decide("worst", "yes", "yes", "-") == "yes"

    def test_all_ends_with_the_first_that_is_not_the_best(self) -> None:
        assert self.decide("all", "yes", "", "") is None
        assert self.decide("all", "hm", "", "") == "hm"
        assert self.decide("all", "yes", "yes", "yes") == "yes"

    def test_any_ends_with_the_first_that_is_the_best(self) -> None:
        assert self.decide("any", "no", "", "") is None
        assert self.decide("any", "no", "yes", "") == "yes"
        assert self.decide("any", "no", "hm", "no") == "hm"

    def test_a_quorum_ends_when_enough_agree(self) -> None:
        assert self.decide("quorum", "yes", "", "", quorum=2) is None
        assert self.decide("quorum", "yes", "yes", "", quorum=2) == "yes"
        assert self.decide("quorum", "no", "hm", "yes", quorum=2) == "no"

    def test_nothing_to_look_at_stands_in_nobodys_way(self) -> None:
        for rule in ("worst", "all", "any"):
            assert self.decide(rule, "-", "-", "-") == "yes"

    def test_tasks_that_were_never_asked_decide_nothing(self) -> None:
        """A case may be taken over into the middle of a flow, without its tasks."""
        assert machine.decided(reviewing().states["review"], [], 1) is None


class TestLint:
    def test_finds_nothing_wrong_with_a_sound_one(self) -> None:
        assert lint_flow(reviewing()) == []

    def test_an_outcome_must_fire_what_the_system_may_make_from_there(self) -> None:
        broken = reviewing(agree=move(["new"], "done", "crew", needs=["reason"]))
        words = said(lint_flow(broken))
        assert 'The outcome "yes" fires "agree", which the system may not make.' in words
        assert 'does not leave "review"' in words
        assert "which needs something that only a person gives" in words

    def test_a_quorum_of_more_than_there_are(self) -> None:
        assert "4 must agree, but there are 3 tasks." in said(
            lint_flow(reviewing("quorum", join={"of": 4}))
        )

    def test_tasks_of_the_same_name_and_tasks_at_the_end(self) -> None:
        twice = [*REVIEW["tasks"], REVIEW["tasks"][0]]
        assert 'two tasks "one"' in said(lint_flow(reviewing(review={"tasks": twice})))
        ended = flow(
            states={"new": state("submitted"), "done": state("closed", tasks=REVIEW["tasks"])}
        )
        assert "is an end, but asks for work" in said(lint_flow(ended))

    def test_moves_that_go_in_a_circle_by_themselves(self) -> None:
        always = {"eq": ["requires.met", True]}
        definition = flow(
            states={"new": state("submitted"), "other": state("review"), "done": state("closed")},
            moves={
                "over": move(["new"], "other", "system", auto_when=always),
                "back": move(["other"], "new", "system", auto_when=always),
                "close": move(["@open"], "$outcome", "crew", purpose="close"),
            },
        )
        assert said(lint_flow(definition)).count("in a circle by itself") == 2

    def test_back_to_where_it_came_from_may_be_where_it_is(self) -> None:
        """A case that begins in a state came from nowhere, and `$previous` is that state again."""
        tasks = [t | {"when": {"eq": ["size", "large"]}} for t in REVIEW["tasks"]]
        definition = flow(
            states={
                "new": state("review", **{**REVIEW, "tasks": tasks}),
                "done": state("closed"),
            },
            moves={
                "agree": move(["new"], "$previous", "system"),
                "refuse": move(["new"], "done", "system"),
                "back": move(["new"], "done", "system"),
                "close": move(["@open"], "$outcome", "crew", purpose="close"),
            },
        )
        assert "in a circle by itself" in said(lint_flow(definition))

    def test_a_join_that_may_find_nothing_to_do_counts_for_circles(self) -> None:
        again = move(["review"], "review", "system")
        definition = reviewing(review={"rerun": "failed"}, agree=again)
        assert "in a circle by itself" in said(lint_flow(definition))
        assert "in a circle" not in said(lint_flow(reviewing(agree=again)))

    def test_waiting_without_a_timer_is_a_warning(self) -> None:
        definition = flow(
            states={"new": state("submitted"), "hold": state("on_hold"), "done": state("closed")},
            moves={
                "close": move(["@open"], "$outcome", "crew", purpose="close"),
                "hold": move(["new"], "hold", "crew"),
            },
        )
        found = lint_flow(definition)
        assert [f.warning for f in found] == [True]
        assert "for ever" in said(found)

    def test_conditions_are_typed_by_the_questions_and_the_facts(self) -> None:
        tasks = [
            {**REVIEW["tasks"][0], "when": {"gt": ["case.priority", 3]}},
            {**REVIEW["tasks"][1], "when": {"eq": ["task.one.outcome", "maybe"]}},
            {**REVIEW["tasks"][2], "when": {"eq": ["sise", "large"]}},
        ]
        found = said(list(lint_conditions(reviewing(review={"tasks": tasks}), {}, [])))
        assert '"case.priority" holds one option' in found
        assert '"maybe" is not one of the options' in found
        assert '"sise" is not a field here' in found

    def test_groups_are_fixed_or_the_flows_own(self) -> None:
        definition = flow(
            groups={"mine": {"states": ["new"]}},
            moves={
                "a": move(["@mine"], "done", "crew"),
                "b": move(["@active"], "done", "crew"),
                "c": move(["@paused"], "done", "crew"),
            },
        )
        assert definition.moves["a"].sources == definition.moves["b"].sources == {"new"}
        assert definition.moves["c"].sources == set()
        unknown = flow(moves={"a": move(["@other"], "done", "crew")})
        assert 'no state "@other"' in said(lint_flow(unknown))


class TestScenarios:
    def tell(self, *steps: dict[str, Any], **doc: Any) -> str:
        scenario = Scenario("s", {"key": "s", "steps": list(steps), **doc})
        return " ".join(run(reviewing(), scenario))

    def test_come_out_or_say_at_which_step_not(self) -> None:
        go = {"move": "go", "by": "crew", "expect": {"tasks": ["one", "two", "three"]}}
        assert self.tell(go) == ""
        assert self.tell({**go, "expect": {"state": "done"}}).startswith("at step 1: the state is")
        assert "at step 2" in self.tell(go, {"task": "four", "outcome": "yes"})

    def test_expect_refusals(self) -> None:
        assert self.tell({"move": "go", "by": "resident", "refused": True}) == ""
        assert "was to be refused" in self.tell({"move": "go", "by": "crew", "refused": True})
        assert "a resident may not" in self.tell({"move": "go", "by": "resident"})

    def test_the_rule_on_reruns(self) -> None:
        definition = reviewing(review={"rerun": "failed"})
        task = {"key": "one", "during": "review", "entered": 1, "state": "done", "cycle": 1}
        rows = [TaskRow(**task, outcome="hm"), TaskRow(**{**task, "key": "two"}, outcome="yes")]
        given = machine.values(definition, Snapshot(state="review", tasks=tuple(rows)))
        opened = machine.to_open(definition.states["review"], rows, given)
        assert [t.key for t in opened] == ["one", "three"]


class TestPack:
    def test_a_mistake_in_a_scenario_or_a_condition_has_its_line(self, tmp_path: Path) -> None:
        wrong = pack(tmp_path)
        wrong.replace(
            "flows/reviewed.yaml", "when: {eq: [size, large]}", "when: {eq: [size, huge]}"
        )
        (problem,) = wrong.problems()
        assert "huge" in problem.message
        assert problem.line == wrong.line("flows/reviewed.yaml", "huge")
        wrong.replace("flows/reviewed.yaml", "[size, huge]", "[size, large]")
        wrong.replace("flows/reviewed.yaml", "expect: {tasks: [clerk]}", "expect: {tasks: none}")
        (problem,) = wrong.problems()
        assert 'The scenario "cheap" fails at step 2' in problem.message

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ("remind: resident}", "remind: everybody}", 'no audience "everybody"'),
            ("fire: lapse}", "fire: lapse, remind: team}", "A timer does one thing."),
            ("- stop_clock", "- stop_clocks", 'no effect "stop_clocks"'),
            ("template: notice", "template: letter", "letter"),
            ("- assigned\n", "- asigned\n", 'no predicate "asigned"'),
            ("escalate: {queue: roads-north, role: supervisor, priority: high}", "escalate: {words: {en: x, es: x}}", "does nothing"),
            ("queue: questions\n        due: {days: 3}", "queue: nobody\n        due: {days: 3}", "nobody"),
            ("auto_when: requires_met", "auto_when: whenever", "not a condition"),
            ("rule: worst", "rule: quorum", '"of" goes with'),
            ("{task: call, label", "{task: cal, label", 'no task "cal"'),
            ("label: {en: Look at the papers, es: Revisar los papeles}", "label: {en: Look}", 'no words in "es"'),
        ],
    )  # fmt: skip
    def test_names_outside_the_registry_are_refused(
        self, tmp_path: Path, old: str, new: str, words: str
    ) -> None:
        wrong = pack(tmp_path)
        wrong.replace("flows/reviewed.yaml", old, new)
        assert words in " ".join(str(p) for p in wrong.problems())


@pytest.mark.django_db
class TestRoundTrip:
    def test_applying_twice_changes_nothing(self, tmp_path: Path) -> None:
        testford()
        folder = pack(tmp_path).folder
        city_cli.apply(folder)
        assert city_cli.plan(folder) == []

    def test_what_is_written_back_is_the_same(self, tmp_path: Path) -> None:
        testford()
        city_cli.apply(pack(tmp_path).folder)
        out = tmp_path / "out"
        city_cli.export("testford", out)
        assert city_cli.check(out) == []
        assert city_cli.plan(out) == []

    def test_a_flow_that_uses_none_of_it_keeps_its_document(self) -> None:
        from onehall.catalog.models import FlowVersion

        testford()
        doc = FlowVersion.objects.get(flow__key="repair").doc
        assert set(doc) == {"key", "name", "stages", "start", "states", "outcomes", "moves"}
        assert {frozenset(s) for s in doc["states"]} == {
            frozenset({"key", "category", "stage", "label", "words", "timers"})
        }


ROADS = "label: {en: Look at the road, es: Revisar la calle}\n        queue: roads\n"


def kept_for(folder: Path, by: str) -> WrongPack:
    """Testford's pack with a task that is kept for some roles."""
    return pack(folder).replace("flows/reviewed.yaml", ROADS, f"{ROADS}        by: {by}\n")


class TestRolesOfATask:
    def test_are_read_and_none_is_everybody(self, tmp_path: Path) -> None:
        found = kept_for(tmp_path, "[supervisor]")
        assert found.problems() == []
        packed, _problems = packs.read(found.folder)
        read = flows.parse(packed.catalog.flows["reviewed"])
        assert [t.by for t in read.states["review"].tasks] == [{"supervisor"}, set(), set()]

    def test_unknown_ones_are_told_at_their_line(self, tmp_path: Path) -> None:
        found = kept_for(tmp_path, "[superviser]")
        (problem,) = found.problems()
        assert problem.line == found.line("flows/reviewed.yaml", "[superviser]")
        assert 'Did you mean "supervisor"?' in problem.advice

    def test_one_that_does_no_tasks_is_told(self, tmp_path: Path) -> None:
        (problem,) = kept_for(tmp_path, "[auditor]").problems()
        assert "auditor" in problem.message

    def test_one_that_nobody_at_the_queue_has_is_told(self, tmp_path: Path) -> None:
        found = kept_for(tmp_path, "[finance, reviewer]")
        (problem,) = found.problems()
        assert problem.message == (
            'Nobody who serves the queue "roads" may decide it: that takes the role finance or reviewer.'
        )
        assert problem.line == found.line("flows/reviewed.yaml", "[finance, reviewer]")

    def test_a_head_has_the_role_of_a_supervisor(self, tmp_path: Path) -> None:
        found = kept_for(tmp_path, "[supervisor]")
        found.replace("departments.yaml", "roles: [supervisor]", "roles: [head]")
        assert found.problems() == []

    def test_scenarios_try_them(self) -> None:
        kept = [{**t, "by": ["supervisor"]} for t in REVIEW["tasks"]]
        tried = reviewing(review={"tasks": kept})
        steps = [
            {"move": "go", "by": "crew"},
            {"task": "one", "outcome": "yes", "by": "crew", "refused": True},
            {"task": "one", "outcome": "yes", "by": "supervisor"},
            {"skip": "two", "by": "agent", "refused": True},
            {"skip": "two", "by": "head"},
            {"task": "three", "outcome": "yes", "expect": {"state": "done"}},
        ]
        assert run(tried, Scenario("s", {"key": "s", "steps": steps})) == []


@pytest.mark.parametrize(("who", "ends"), [("crew", "done"), ("system", "mine")])
def test_a_scenario_knows_who_entered_a_state_that_goes_to_the_mover(who: str, ends: str) -> None:
    tried = flow(
        states={
            "new": state("submitted"),
            "mine": state("working", enter=[{"assign": {"who": "mover"}}]),
            "done": state("closed"),
        },
        moves={
            "take": move(["new"], "mine", "crew", "system"),
            "on": move(["mine"], "done", "system", auto_when={"eq": ["case.assigned", True]}),
        },
    )
    steps = [{"move": "take", "by": who, "expect": {"state": ends}}]
    assert run(tried, Scenario("s", {"key": "s", "steps": steps})) == []
