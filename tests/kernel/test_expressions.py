"""Conditions: one meaning in Python and in the browser, and mistakes found when a pack is read."""

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel import expressions
from onehall.kernel.expressions import (
    DATE,
    FLAG,
    MAX_NODES,
    NUMBER,
    TEXT,
    ExpressionMistake,
    check,
    choice,
    choices,
    evaluate,
    fields,
)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VECTORS = json.loads((HERE / "expression_vectors.json").read_text(encoding="utf-8"))
TWIN = ROOT / "onehall" / "portal" / "static" / "portal" / "js" / "expressions.js"
SCHEMA = {
    "name": TEXT,
    "sqft": NUMBER,
    "urgent": FLAG,
    "day": DATE,
    "kind": choice(["out", "dim"]),
    "kinds": choices(["out", "dim"]),
    "ward": choice(None),
}


def named(vector: dict) -> str:
    return vector["name"]


@pytest.mark.parametrize("vector", VECTORS["holds"], ids=named)
def test_vector(vector):
    assert evaluate(vector["tree"], vector["values"]) is vector["answer"]


@pytest.mark.parametrize("vector", VECTORS["mistakes"], ids=named)
def test_mistake_vector(vector):
    with pytest.raises(ExpressionMistake):
        evaluate(vector["tree"], vector["values"])
    assert check(vector["tree"], {"a": choice(None)})


TRY_ALL = """
const answers = ({holds, mistakes}, {evaluate, ExpressionMistake}) => [
  holds.map(({tree, values}) => evaluate(tree, values)),
  mistakes.map(({tree, values}) => {
    try { return evaluate(tree, values); }
    catch (no) { return no instanceof ExpressionMistake ? "mistake" : String(no); }
  }),
];
"""


def in_javascript(vectors: dict) -> list:
    """What the browser's evaluator answers, run by Node."""
    node = shutil.which("node")
    if not node:
        pytest.skip("the browser's evaluator was NOT tested: there is no node on PATH")
    script = f"""
    const source = await import("node:fs").then((fs) => fs.readFileSync({json.dumps(str(TWIN))}, "utf8"));
    const twin = await import("data:text/javascript," + encodeURIComponent(source));
    {TRY_ALL}
    let text = "";
    for await (const part of process.stdin) text += part;
    console.log(JSON.stringify(answers(JSON.parse(text), twin)));
    """
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        input=json.dumps(vectors), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def expected(vectors: dict) -> list:
    return [[one["answer"] for one in vectors["holds"]], ["mistake"] * len(vectors["mistakes"])]


def test_the_browser_gives_the_same_answers():
    assert in_javascript(VECTORS) == expected(VECTORS)


NAMES = st.sampled_from(["a", "b", "c", "toString"])
WORDS = st.sampled_from(["", "1", "x", "true", "2026-01-01", "2026-01-02", "0"])
VALUES = st.one_of(WORDS, st.none(), st.booleans(), st.sampled_from([0, 1, -1, 0.5, 2**53]))
OPERANDS = st.one_of(VALUES, st.lists(VALUES, max_size=3))
LEAVES = st.one_of(
    st.builds(lambda op, name, value: {op: [name, value]}, st.sampled_from(["eq", "ne", "gt", "lt", "in"]), NAMES, OPERANDS),
    st.builds(lambda name: {"exists": name}, NAMES),
    st.just({"exist": "a"}),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda op, parts: {op: parts}, st.sampled_from(["all", "any"]), st.lists(inner, max_size=3)),
        st.builds(lambda tree: {"not": tree}, inner),
    ),
    max_leaves=8,
)  # fmt: skip


def test_the_browser_agrees_on_made_up_conditions():
    """A thousand random conditions, asked of both."""
    cases: list[dict] = []

    @given(TREES, st.dictionaries(NAMES, OPERANDS, max_size=4))
    def collect(tree, values):
        try:
            answer: object = evaluate(tree, values)
        except ExpressionMistake:
            answer = "mistake"
        cases.append({"tree": tree, "values": values, "answer": answer})

    for _ in range(5):
        collect()
    found = in_javascript({"holds": [], "mistakes": cases})[1]
    wrong = [(case, got) for case, got in zip(cases, found, strict=True) if got != case["answer"]]
    assert len(cases) > 300
    assert wrong == []


class TestCheck:
    @pytest.mark.parametrize(
        "tree",
        [
            {"eq": ["name", "x"]},
            {"gt": ["sqft", 5000]},
            {"eq": ["urgent", True]},
            {"lt": ["day", "2026-01-31"]},
            {"eq": ["kind", "out"]},
            {"in": ["kind", ["out", "dim"]]},
            {"in": ["kinds", ["out"]]},
            {"eq": ["ward", "anything"]},
            {"all": [{"exists": "name"}, {"not": {"any": [{"exists": "sqft"}]}}]},
        ],
    )
    def test_good_conditions_have_no_mistakes(self, tree):
        assert check(tree, SCHEMA) == []

    @pytest.mark.parametrize(
        ("tree", "words"),
        [
            ({"eq": ["nmae", "x"]}, 'eq: "nmae" is not a field here. Did you mean "name"?'),
            ({"exists": "colour"}, 'exists: "colour" is not a field here.'),
            ({"equal": ["name", "x"]}, '"equal" is not a condition.'),
            ({"eq": ["sqft", "5"]}, 'eq: "5" is not a number.'),
            ({"eq": ["name", 5]}, "eq: 5 is not text."),
            ({"eq": ["name", ""]}, 'eq: "" is not text.'),
            ({"eq": ["urgent", 1]}, "eq: 1 is not true or false."),
            ({"eq": ["sqft", True]}, "eq: True is not a number."),
            ({"gt": ["name", "a"]}, 'gt: "name" holds text; use eq, ne, in, exists.'),
            ({"gt": ["day", "2026-02-30"]}, '"2026-02-30" is not a day'),
            ({"eq": ["kind", "otu"]}, 'eq: "otu" is not one of the options. Did you mean "out"?'),
            ({"eq": ["kinds", "out"]}, '"kinds" holds options; use in, exists.'),
            ({"in": ["kind", "out"]}, "in: It needs [field, [value, value]]."),
            ({"in": ["kind", []]}, "in: It needs [field, [value, value]]."),
            ({"in": ["kind", ["out", "x"]]}, 'in: "x" is not one of the options.'),
            ({"all": []}, "all: It needs a list"),
            ({"all": [{"exists": "name"}, {"exists": "x"}]}, 'all[2].exists: "x" is not a field'),
            ({"eq": ["sqft", 2**53]}, "is not a number"),
            ({"not": []}, "not: A condition is one of"),
        ],
    )
    def test_each_mistake_is_named_with_its_place(self, tree, words):
        (found,) = check(tree, SCHEMA)
        assert words in found

    def test_all_mistakes_are_reported_at_once(self):
        tree = {"any": [{"eq": ["x", 1]}, {"eq": ["kind", "y"]}, {"what": []}]}
        assert len(check(tree, SCHEMA)) == 3

    def test_size_is_bounded_and_said_once(self):
        tree = {"any": [{"exists": "name"}] * (MAX_NODES + 50)}
        assert len(check(tree, SCHEMA)) == 1
        assert check({"any": [{"exists": "name"}] * (MAX_NODES - 1)}, SCHEMA) == []
        assert check({"in": ["name", ["x"] * 10_000]}, SCHEMA)

    def test_depth_is_bounded_without_recursion_errors(self):
        tree: dict = {"exists": "name"}
        for _ in range(100_000):
            tree = {"not": tree}
        (found,) = check(tree, SCHEMA)
        assert "nested more than 12 deep" in found
        with pytest.raises(ExpressionMistake):
            evaluate(tree, {"name": "x"})
        assert fields(tree) == set()

    @given(TREES, st.dictionaries(NAMES, OPERANDS, max_size=4))
    def test_what_passes_can_always_be_evaluated(self, tree, values):
        schema = {"a": choice(None), "b": NUMBER, "c": DATE, "toString": FLAG}
        if not check(tree, schema):
            assert evaluate(tree, values) in {True, False}


def test_fields_names_what_a_condition_reads():
    tree = {"all": [{"eq": ["a", 1]}, {"not": {"in": ["b", ["x"]]}}, {"any": [{"exists": "c"}]}]}
    assert fields(tree) == {"a", "b", "c"}
    assert fields("nonsense") == set()


def test_fields_that_are_compared_and_not_asked_for() -> None:
    tree = {
        "all": [{"gt": ["area", 5]}, {"any": [{"exists": "hours"}, {"not": {"eq": ["hours", 1]}}]}]
    }
    assert expressions.taken_as_given(tree) == {"area"}
    assert expressions.fields(tree) == {"area", "hours"}


def test_decimals_are_compared_exactly() -> None:
    tree = expressions.exact(
        {"any": [{"eq": ["x", 0.1]}, {"in": ["x", [0.3, "text"]]}, {"gt": ["x", 2]}]}
    )
    for value, holds in (
        ("0.1", True),
        ("0.3", True),
        ("0.2", False),
        ("2.000001", True),
        ("NaN", False),
    ):
        assert expressions.evaluate(tree, {"x": Decimal(value)}) is holds
