"""Which tone and shape a state wears: one fixed table, the same in every city."""

from typing import Final, Literal, get_args

type Tone = Literal["new", "look", "work", "you", "hold", "done", "no", "late"]

TONES: Final[frozenset[str]] = frozenset(get_args(Tone.__value__))

BY_CATEGORY: Final[dict[str, Tone]] = {
    "draft": "new",
    "submitted": "new",
    "intake": "new",
    "review": "look",
    "decision": "look",
    "appeal": "look",
    "working": "work",
    "inspection": "work",
    "waiting_applicant": "you",
    "waiting_payment": "you",
    "on_hold": "hold",
    "resolved": "done",
    "closed": "done",
    "approved": "done",
    "issued": "done",
    "denied": "no",
    "withdrawn": "no",
    "expired": "no",
    "revoked": "no",
}


def tone_of(category: str) -> Tone:
    """The tone of a case in this category. An unknown category raises KeyError: the set is fixed."""
    return BY_CATEGORY[category]


def check_tone(tone: str, *, of: str, also: frozenset[str] = frozenset()) -> None:
    """Refuse a tone that has no colour, naming the tag that was given it."""
    if tone not in TONES | also:
        known = ", ".join(sorted(TONES | also))
        raise ValueError(f"{{% {of} %}} knows the tones {known}; got {tone!r}")
