"""Small fee schedules for the tests, written as a pack would have them."""

from textwrap import dedent, indent

from onehall.billing.fees.documents import Schedule
from onehall.billing.fees.reading import Shared, read_schedule
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import PackProblem, Problems

INPUTS = """
valuation: {kind: amount, name: Valuation}
area: {kind: number, name: Area, unit: sq ft}
sinks: {kind: count, name: Sinks, default: 0}
toilets: {kind: count, name: Toilets, default: 0}
hours: {kind: number, name: Hours}
group: {kind: choice, name: Group, options: [R-3, B]}
build: {kind: choice, name: Build, options: [VB, IA]}
corner: {kind: flag, name: On a corner, default: false}
extra: {kind: amount, name: Extra}
"""
USES_ALL = """
- {code: uses, name: Uses, type: flat, amount: 0, charged: false, when: {any: [
    {exists: valuation}, {exists: area}, {exists: hours}, {exists: group}, {exists: build},
    {exists: extra}, {eq: [corner, true]}, {gt: [sinks, 0]}, {gt: [toilets, 0]}]}}
"""
"""A line that reads every input, so that none is reported as unused."""


def written(fees: str, examples: str = "- {given: {valuation: 1}, total: 0}", **top: str) -> str:
    """The text of a schedule with one version. The fees begin on line 22."""
    fields = {"currency": "USD", "basis": "submitted", "rounding": "{mode: half_up}", **top}
    head = "\n".join(f"{name}: {value}" for name, value in fields.items())
    parts = [f"key: test\nname: Test\n{head}", "inputs:", indent(INPUTS.strip(), "  ")]
    parts += ["versions:", "  - from: 2026-01-01", "    fees:"]
    parts += [indent((USES_ALL.strip() + "\n" + dedent(fees).strip()), "      ")]
    parts += ["    examples:", indent(dedent(examples).strip(), "      ")]
    return "\n".join(parts) + "\n"


def read(text: str, currency: str = "") -> tuple[Schedule, list[PackProblem]]:
    """A schedule and what is wrong with it."""
    problems = Problems()
    node = yamlfile.parse(text, file="fees/test.yaml", problems=problems)
    return read_schedule(node, Shared(["en"], currency)), problems


def sound(fees: str, **top: str) -> Schedule:
    """A schedule whose example is that it can be worked out: only its mistakes beside the example count."""
    schedule, problems = read(written(fees, **top))
    wrong = [p for p in problems if "examples" not in p.where]
    assert wrong == []
    return schedule
