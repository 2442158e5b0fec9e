"""The quick hash is the chain's own hash, whatever an entry holds."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onehall.casework.linking import JsonText, actor_text, hashed_text, json_text, quick_hash
from onehall.kernel.chain import canonical, entry_hash, moment

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PLAIN = st.none() | st.booleans() | st.integers() | TEXTS
PLAIN |= st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(PLAIN, lambda v: st.lists(v) | st.dictionaries(TEXTS, v), max_leaves=12)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES)


def slow(previous: str, **fields: Any) -> str:
    return entry_hash(bytes.fromhex(previous) or None, fields).hex()


@given(
    data=st.dictionaries(TEXTS, VALUES),
    at=TIMES,
    name=TEXTS,
    actor=st.none() | st.integers(1, 10**12),
    public=st.booleans(),
    previous=st.sampled_from(["", "ab" * 32]),
)
def test_both_ways_give_one_hash(
    data: dict[str, Any], at: datetime, name: str, actor: int | None, public: bool, previous: str
) -> None:
    facts: dict[str, Any] = {"kind": "noted", "public": public}
    quick = quick_hash(
        previous,
        7,
        3,
        at=moment(at),
        actor=actor_text("staff", actor, name),
        data=hashed_text(data, json_text(data)),
        **facts,
    )
    facts |= {"case": 7, "seq": 3, "at": at, "data": data}
    assert quick == slow(previous, actor_kind="staff", actor_id=actor, actor_name=name, **facts)


@given(st.dictionaries(TEXTS, VALUES))
def test_text_that_is_written_already_is_taken_as_it_is(data: dict[str, Any]) -> None:
    written = JsonText(canonical(data).decode())
    assert json_text(written) == hashed_text(written, json_text(written)) == written
    assert canonical(json.loads(written)).decode() == written


@given(TIMES)
def test_times_are_written_with_microseconds_in_utc(at: datetime) -> None:
    assert datetime.fromisoformat(moment(at)) == at
    assert len(moment(at)) == len("2026-11-25T10:00:00.000000Z")
