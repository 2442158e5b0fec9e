"""Mistakes in a fee schedule are refused with file, line and advice; examples that come out otherwise too."""

import pytest

from tests.billing.schedules import read, written


def line_of(text: str, part: str) -> int:
    """The line on which a text stands, from 1."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if part in line)


FLAT = "- {code: a, name: A, type: flat, amount: 1}"
TIERED = (
    "- {code: t, name: T, type: tiered, of: valuation, method: slab, edge: below, tiers: [\n%s]}"
)

WRONG = [
    (TIERED % "    {from: 0, to: 500, amount: 1},\n    {from: 501, amount: 2}", "501", "Nothing is said of 500 to 501."),
    (TIERED % "    {from: 0, to: 500, amount: 1},\n    {from: 400, amount: 2}", "400", "400 to 500 lies in two tiers."),
    (TIERED % "    {from: 0, amount: 1},\n    {from: 500, amount: 2}", "from: 500", "has no end"),
    (TIERED % "    {to: 500, amount: 1},\n    {to: 900, amount: 2}", "to: 900", "may have no beginning"),
    (TIERED % "    {from: 5, to: 5, amount: 1}", "to: 5", "has not begun"),
    (TIERED % "    {from: 5}", "from: 5", "The tier has no fee."),
    (TIERED % "    {from: 0, each: 5}", "code: t", '"versions[1].fees[2].parts" is missing.'),
    (TIERED.replace(" edge: below,", "") % "    {from: 0, amount: 5}", "code: t", 'edge" is missing.'),
    ("- {code: p, name: P, type: percent, percent: 5, of: [later]}\n- {code: later, name: L, type: flat, amount: 1}",
     "code: p", '"later" is not worked out yet. A fee can only be taken of those above it: move it up.'),
    ("- {code: p, name: P, type: percent, percent: 5, of: [p]}", "code: p", "is not worked out yet"),
    ("- {code: p, name: P, type: percent, percent: 5, of: [valuatoin]}", "code: p", 'Did you mean "valuation"?'),
    ("- {code: p, name: P, type: percent, percent: 5, of: [area]}", "code: p", '"area" is of the kind number.'),
    ("- {code: p, name: P, type: per_unit, of: area, amount: 1}", "code: p", 'parts" is missing'),
    ("- {code: p, name: P, type: per_unit, of: area, amount: 1, parts: exact, per: 0}", "code: p", "more than nought"),
    ("- {code: a, name: A, type: flat, amount: 1.50}", "code: a", 'Put it in quotes: "1.5".'),
    ("- {code: a, name: A, type: flat, amount: -1}", "code: a", 'Write a number like "12.50".'),
    ("- {code: a, name: A, type: flat, amount: 1, maximum: '1.005'}", "code: a", "more than 2 digits"),
    ("- {code: a, name: A, type: flat, amount: 1, minimum: 5, maximum: 4}", "code: a", '"minimum" is more than "maximum".'),
    ("- {code: a, name: A, type: flat, amount: 1, rounding: {mode: half}}", "code: a", "rounding.mode"),
    ("- {code: a, name: A, type: flat, amount: 1, rounding: {mode: up, to: 0}}", "code: a", "Write a step"),
    ("- {code: a, name: A, type: flat, amount: 1, amuont: 2}", "code: a", 'Did you mean "amount"?'),
    ("- {code: a, name: A, type: flatt, amount: 1}", "code: a", 'Did you mean "flat"?'),
    (f"{FLAT}\n{FLAT.replace('name: A', 'name: B')}", "name: B,", 'There is a fee "a" already.'),
    ("- {code: area, name: A, type: flat, amount: 1}", "code: area", 'There is an input "area" already.'),
    ("- {code: a, name: A, type: flat, amount: 1, when: {gt: [aera, 5]}}", "code: a", 'Did you mean "area"?'),
    ("- {code: a, name: A, type: flat, amount: 1, when: {eq: [group, X]}}", "code: a", "not one of the options"),
    ("- {code: s, name: S, type: surcharge, agency: State, amount: 1, percent: 2, of: [valuation]}", "code: s", "an amount or a percentage"),
    ("- {code: m, name: M, type: manual, of: extra, lowest: 5, highest: 4}", "code: m", '"lowest" is more'),
    ("- {code: c, name: C, type: per_count, items: [{of: area, amount: 1}]}", "code: c", "of the kind number"),
    ("- {code: v, name: V, type: valuation_table, of: area, by: [group], rows: [{is: [Q], amount: 1}]}", "code: v", 'not an option of "group"'),
    ("- {code: v, name: V, type: valuation_table, of: area, by: [group], rows: [{is: [B, VB], amount: 1}]}", "code: v", "Write one for each of: group."),
    ("- {code: v, name: V, type: valuation_table, of: area, by: [group], rows: [{is: [B], amount: 1}, {is: [B], amount: 2}]}", "code: v", "a row for B already"),
]  # fmt: skip


@pytest.mark.parametrize(("fees", "mark", "words"), WRONG, ids=[words for _, _, words in WRONG])
def test_a_mistake_is_named_with_its_line(fees: str, mark: str, words: str) -> None:
    text = written(fees)
    _schedule, problems = read(text)
    said = [str(p) for p in problems]
    assert any(
        words in one and one.startswith(f"fees/test.yaml:{line_of(text, mark)}: ") for one in said
    ), said


EXAMPLES = [
    ("- {given: {valuation: 1}, total: '1.01'}", "The total comes to 1.00, not 1.01. uses: $0.00; a: $1.00"),
    ("- {given: {valuation: 1}, lines: {a: 2}}", '"a" comes to 1.00, not 2.00. It is $1.00.'),
    ("- {given: {valuation: 1}, lines: {b: 2}}", '"b" is not among the fees that come out. Due here: uses, a.'),
    ("- {given: {valuatoin: 1}, total: 1}", "There is no input “valuatoin”. Did you mean “valuation”?"),
    ("- {given: {valuation: 1}, refused: true}", "The example is not refused; it comes to 1.00."),
    ("- {given: {valuation: 1}}", "says nothing of what comes out"),
    ("- {given: {valuation: 1.5}, total: 1}", 'Put it in quotes: "1.5".'),
    ("- {given: {valuation: 1}, total: 1, totl: 2}", 'Unknown field'),
    ("- {given: {valuation: 1}, total: '1.001'}", "more than 2 digits"),
]  # fmt: skip


@pytest.mark.parametrize(("example", "words"), EXAMPLES, ids=[words for _, words in EXAMPLES])
def test_an_example_that_does_not_come_out_is_a_mistake_at_its_line(
    example: str, words: str
) -> None:
    text = written(FLAT, f"- {{given: {{}}, total: 1}}\n{example}")
    _schedule, problems = read(text)
    (problem,) = problems
    assert problem.line == line_of(text, example)
    assert words in str(problem)


def test_a_version_without_examples_is_a_mistake() -> None:
    text = written(FLAT).partition("    examples:")[0]
    _schedule, problems = read(text)
    assert [p.message for p in problems] == ['"versions[1].examples" is missing.']


def test_versions_come_in_their_order() -> None:
    text = written(FLAT, "- {given: {}, total: 1}")
    again = text.partition("versions:\n")[2]
    _schedule, problems = read(text + again)
    (problem,) = problems
    assert "not after 2026-01-01" in problem.message
    assert problem.line == text.count("\n") + 1


def test_an_input_that_no_fee_uses_is_a_mistake() -> None:
    text = written(FLAT, "- {given: {}, total: 1}").replace("{exists: extra}, ", "")
    _schedule, problems = read(text)
    assert [str(p) for p in problems] == [
        f'fees/test.yaml:{line_of(text, "extra:")}: No fee uses the input "extra". Leave it out, or use it.'
    ]


def test_a_city_counts_in_one_money() -> None:
    _schedule, problems = read(written(FLAT, "- {given: {}, total: 1}"), currency="EUR")
    assert [p.message for p in problems] == ["The currency is USD, elsewhere it is EUR."]


def test_a_default_is_of_its_kind() -> None:
    text = written(FLAT, "- {given: {}, total: 1}").replace(
        "name: Sinks, default: 0", "name: Sinks, default: many"
    )
    _schedule, problems = read(text)
    (problem,) = problems
    assert problem.line == line_of(text, "default: many")
