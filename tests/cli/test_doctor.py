"""`onehall doctor`: what it says of timers that were given up."""

import pytest

from onehall.casework.models import Case, Timer
from onehall.cli import doctor
from tests.cast import START, Cast


@pytest.mark.django_db
class TestTimers:
    def parked(self, case: Case, move: str = "settle", entered: int | None = None) -> Timer:
        return Timer.objects.create(
            city=case.city, case=case, entered=case.entered if entered is None else entered,
            move=move, at=START, fired_at=START, parked_at=START, attempts=10,
        )  # fmt: skip

    def test_none_is_nothing_to_say(self, cast: Cast) -> None:
        cast.case()
        assert list(doctor._timers()) == []

    def test_each_is_a_fault(self, cast: Cast) -> None:
        case = cast.case()
        self.parked(case)
        (one,) = doctor._timers()
        assert (one.good, one.words.partition(";")[0]) == (False, "1 timer of a case was given up")
        self.parked(case, "reopen")
        (two,) = doctor._timers()
        assert two.words.startswith("2 timers of cases were given up")

    def test_one_of_a_state_that_was_left_is_none(self, cast: Cast) -> None:
        case = cast.case()
        self.parked(case, entered=case.entered + 1)
        assert list(doctor._timers()) == []
