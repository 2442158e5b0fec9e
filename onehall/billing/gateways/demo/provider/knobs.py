"""What can be made to go wrong at the demo provider."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal, get_args

type Operation = Literal["", "create", "fetch", "expire", "refund", "list", "payouts", "charge"]
OPERATIONS: Final[tuple[str, ...]] = get_args(Operation.__value__)
LONGEST: Final = 3600.0
MOST: Final = 1_000_000


class BadKnob(ValueError):
    """A knob was set to what it cannot be; words for whoever turned it."""


WORDS: Final = {
    "duplicate": "Send every webhook three times",
    "reorder": "Let every second webhook overtake the one before",
    "drop": "Send no webhook at all",
    "forge": "Send a forged one before each webhook",
    "delay_seconds": "Send webhooks so many seconds late",
    "wrong_amount": "Take so many cents more than asked for (less: negative)",
    "trouble": "What goes wrong though its work is done",
    "late_seconds": "… the answer comes so many seconds late",
    "cut": "… the connection is cut instead of an answer",
    "trouble_times": "… so many times and then no more (0: every time)",
    "bank_seconds": "Seconds until a bank transfer arrives (0: by hand)",
    "slow_seconds": "Seconds that a slow card payment takes",
    "bank_fails": "Bank transfers come back",
    "refund_fails": "Refunds fail",
    "saved_declines": "Charges of saved cards are declined",
    "saved_slow": "Charges of saved cards take as long as slow payments",
    "down": "Answer nothing but 503",
}
"""What each knob does."""


@dataclass(slots=True)
class Knobs:
    """All of them off: a provider that works."""

    duplicate: bool = False
    reorder: bool = False
    drop: bool = False
    forge: bool = False
    delay_seconds: float = 0.0
    wrong_amount: int = 0
    trouble: str = ""
    late_seconds: float = 0.0
    cut: bool = False
    trouble_times: int = 0
    bank_seconds: float = 20.0
    slow_seconds: float = 8.0
    bank_fails: bool = False
    refund_fails: bool = False
    saved_declines: bool = False
    saved_slow: bool = False
    down: bool = False

    def turn(self, wanted: Mapping[str, object]) -> None:
        """Set some knobs; all of them or, with `BadKnob`, none."""
        known = asdict(self)
        for name, value in wanted.items():
            if name not in known:
                raise BadKnob(f'There is no knob "{name[:40]}".')
            known[name] = _fitting(name, value, known[name])
        for name, value in known.items():
            setattr(self, name, value)

    def strikes(self, operation: str) -> bool:
        """Whether an operation is in trouble now; counts down where it is only for some times."""
        if not operation or self.trouble != operation:
            return False
        if self.trouble_times:
            self.trouble_times -= 1
            if not self.trouble_times:
                self.trouble = ""
        return True


def _fitting(name: str, value: object, before: object) -> object:
    if name == "trouble":
        if value not in OPERATIONS:
            raise BadKnob(f"trouble is one of {', '.join(filter(None, OPERATIONS))}, or empty.")
        return value
    if isinstance(before, bool):
        if not isinstance(value, bool):
            raise BadKnob(f"{name} is true or false.")
        return value
    return _number(name, value, seconds=isinstance(before, float))


def _number(name: str, value: object, *, seconds: bool) -> float:
    try:
        number = float(str(value).strip() or 0)
    except ValueError:
        raise BadKnob(f"{name} is a number.") from None
    if seconds and 0 <= number <= LONGEST:
        return number
    if seconds:
        raise BadKnob(f"{name} is between 0 and {LONGEST:.0f} seconds.")
    if not abs(number) <= MOST or number != int(number):
        raise BadKnob(f"{name} is a whole number of at most {MOST}.")
    return int(number)
