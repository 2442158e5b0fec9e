"""`plan:` of a kind of bill: read as it is written, each mistake refused with its line and advice."""

from decimal import Decimal

import pytest

from onehall.billing import reading
from onehall.billing.documents import PlanFee, PlanTerms
from onehall.kernel import yamlfile
from onehall.kernel.yamlfile import Problems
from tests.billing.money import FIXTURES

TEXT = (FIXTURES / "billing.yaml").read_text("utf-8")
TAX = TEXT.rstrip() + "\n"


def read(plan: str) -> tuple[PlanTerms | None, list[str]]:
    """The terms of business tax, which has none in the fixture."""
    problems = Problems()
    text = f"{TAX}    plan: {{{plan}}}\n"
    node = yamlfile.parse(text, file="billing.yaml", problems=problems)
    found = reading.read_node(node, reading.Shared(["en", "es"]))
    return found.kinds["tax"].plan, [str(p) for p in problems]


def test_all_that_can_be_said() -> None:
    terms, problems = read(
        'most: 8, least: "10.00", longest_days: 250, every: [month, week], down: {percent: "12.5"},'
        ' grace_days: 3, missed: staff, alone_up_to: "150.00", less: true,'
        ' fee: {code: plan-fee, name: {en: Plan, es: Plan}, gl: "4330", flat: "5.00"}'
    )
    assert problems == []
    assert terms == PlanTerms(
        most=8,
        least=1_000,
        longest_days=250,
        every=("week", "month"),
        down_percent=Decimal("12.5"),
        grace_days=3,
        missed="staff",
        alone_up_to=15_000,
        less=True,
        fee=PlanFee(500, "plan-fee", {"en": "Plan", "es": "Plan"}, "4330"),
    )


def test_the_least_that_has_to_be_said() -> None:
    terms, problems = read("most: 4, every: [month]")
    assert problems == []
    assert terms == PlanTerms(most=4, least=1, longest_days=365, every=("month",))
    assert reading.kept(TEXT, ["en", "es"]).kinds["tax"].plan is None


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ("every: [month]", '"kinds[3].plan.most" is missing'),
        ("most: 1, every: [month]", "most"),
        ("most: 61, every: [month]", "most"),
        ("most: 4", '"kinds[3].plan.every" is missing'),
        ("most: 4, every: [yearly]", "yearly"),
        ('most: 4, every: [month], least: "1.005"', "1.005"),
        ('most: 4, every: [month], down: {flat: "5", percent: "5"}', "an amount or a percentage"),
        ('most: 4, every: [month], down: {percent: "100"}', "leaves nothing for a plan"),
        ('most: 4, every: [month], down: {amount: "5"}', "amount"),
        ("most: 4, every: [month], longest_days: 20", "no second instalment comes due"),
        ("most: 4, every: [month], missed: never", "never"),
        ("most: 4, every: [month], grace_days: 90", "grace_days"),
        ("most: 4, every: [month], graec_days: 9", 'Did you mean "grace_days"?'),
        ("most: 4, every: [month], fee: {code: x, name: {en: A, es: B}, gl: '1'}", "is an amount"),
        ("most: 4, every: [month], fee: {name: {en: A, es: B}, gl: '1', flat: '5'}", "code"),
        ("most: 4, every: [month], fee: {code: x, name: {en: A}, gl: '1', flat: '5'}", "es"),
    ],
)
def test_a_mistake_is_named_with_its_line(plan: str, words: str) -> None:
    _terms, problems = read(plan)
    assert problems
    assert words in " ".join(problems)
    assert all(f"billing.yaml:{TAX.count(chr(10)) + 1}:" in one for one in problems), problems
