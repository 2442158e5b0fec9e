"""A sentence says only what was counted, and nothing of what is too little to say."""

from onehall.insights import wording
from onehall.insights.rules import Finding, Tally, findings, median, percent


def tally(took: int, before: int, cases: int = 20, **more: object) -> Tally:
    made = Tally(new=30, closed=30, took={took: cases}, took_before={before: cases})
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_half_of_the_cases_are_closed_within_the_median() -> None:
    assert median({}) is None
    assert median({0: 1}) == 1
    assert median({0: 5, 8: 4}) == 1
    assert median({2: 3, 8: 4}) == 9


def test_a_share_is_whole_only_when_nothing_is_missing() -> None:
    assert percent(0, 0) is None
    assert percent(999, 1000) == 99
    assert percent(1000, 1000) == 100
    assert percent(1, 1000) == 1


def test_the_service_that_slowed_most_leads() -> None:
    services = {1: tally(8, 5), 2: tally(40, 30), 3: tally(5, 5)}
    found = findings(Tally(new=9, closed=9), services, whole_before=True)
    assert found[0] == Finding("slower", 9, 6, 1)
    assert [f.kind for f in found] == ["slower", "level"]


def test_what_waits_is_said_beside_it_and_not_as_the_reason() -> None:
    services = {1: tally(8, 5, waits={"on_hold": 41, "waiting_applicant": 0})}
    found = findings(Tally(new=9, closed=9), services, whole_before=True)
    said = wording.sentence(found[0], service="Drains")
    assert said == (
        "Drains takes longer: half of the cases were closed within 9 days instead of 6."
        " 41 open cases are paused."
    )
    assert "because" not in said


def test_few_cases_and_small_changes_are_no_news() -> None:
    services = {1: tally(30, 3, cases=9), 2: tally(6, 5), 3: tally(33, 28)}
    found = findings(Tally(new=9, closed=9), services, whole_before=True)
    assert [f.kind for f in found] == ["level"]


def test_kept_promises_are_compared_when_there_are_enough() -> None:
    total = Tally(new=50, closed=40, promised=40, kept=30, promised_before=40, kept_before=38)
    found = findings(total, {}, whole_before=True)
    assert found == [Finding("kept_less", 75, 95), Finding("grew", 50, 40)]
    assert wording.sentence(found[0]) == "Fewer promises were kept: 75% instead of 95%."
    total.promised_before = total.kept_before = 10
    assert [f.kind for f in findings(total, {}, whole_before=True)] == ["grew"]


def test_nothing_is_compared_with_days_that_are_not_known() -> None:
    found = findings(Tally(new=3, closed=5), {1: tally(8, 5)}, whole_before=False)
    assert [wording.sentence(f) for f in found] == [
        "More was closed than came in: 5 closed, 3 new."
    ]


def test_a_quiet_period_says_so() -> None:
    found = findings(Tally(), {}, whole_before=True)
    assert [wording.sentence(f) for f in found] == ["Nothing came in and nothing was closed."]
