"""The hash chain: recomputable, survives jsonb, and every kind of tampering shows."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel.chain import Link, canonical, digest, entry_hash, verify

START = datetime(2026, 11, 20, 17, 0, 0, 250, tzinfo=UTC)


def chain(length: int = 5) -> list[Link]:
    links: list[Link] = []
    previous = None
    for number in range(1, length + 1):
        fields = {"seq": number, "at": START, "kind": "moved", "data": digest({"to": "done"})}
        previous = entry_hash(previous, fields)
        links.append(Link(f"entry {number}", fields, previous))
    return links


def test_the_first_hash_can_be_made_by_hand():
    text = '{"fields":{"at":"2026-11-20T17:00:00.000250Z","words":"Señal"},"previous":null}'
    assert entry_hash(None, {"words": "Señal", "at": START}) == hashlib.sha256(text.encode()).digest()  # fmt: skip


def test_and_so_can_the_next():
    text = '{"fields":{"n":1},"previous":"' + "ab" * 32 + '"}'
    assert entry_hash(b"\xab" * 32, {"n": 1}) == hashlib.sha256(text.encode()).digest()


class TestVerify:
    def test_an_untouched_chain_holds(self):
        links = chain()
        assert verify(links) == []
        assert verify(links, head=links[-1].hash) == []
        assert verify([]) == []

    def test_a_changed_entry_is_reported_alone(self):
        links = chain()
        links[2] = Link(links[2].name, {**links[2].fields, "kind": "paid"}, links[2].hash)
        assert [found.name for found in verify(links)] == ["entry 3"]

    def test_a_changed_entry_with_a_new_hash_breaks_the_next(self):
        links = chain()
        fields = {**links[2].fields, "kind": "paid"}
        links[2] = Link(links[2].name, fields, entry_hash(links[1].hash, fields))
        assert [found.name for found in verify(links)] == ["entry 4"]

    def test_a_missing_entry_breaks_the_next(self):
        links = chain()
        del links[1]
        (found,) = verify(links)
        assert (found.name, found.position) == ("entry 3", 2)

    def test_swapped_entries_show(self):
        links = chain()
        links[1], links[2] = links[2], links[1]
        assert verify(links)

    def test_entries_cut_off_at_the_end_show_against_the_kept_head(self):
        links = chain()
        assert verify(links[:-1]) == []
        assert [found.name for found in verify(links[:-1], head=links[-1].hash)] == ["end"]
        assert [found.name for found in verify([], head=links[-1].hash)] == ["end"]

    def test_a_hash_of_the_wrong_length_is_a_break_not_a_crash(self):
        links = chain()
        links[0] = Link(links[0].name, links[0].fields, b"short")
        assert [found.name for found in verify(links)] == ["entry 1"]

    def test_memoryviews_from_the_database_are_hashes_too(self):
        links = [Link(one.name, one.fields, memoryview(one.hash)) for one in chain()]
        assert verify(links) == []

    def test_data_behind_a_digest_can_be_erased(self):
        stored = {"words": "My name is Rosa"}
        link = Link("1", {"data": digest(stored)}, entry_hash(None, {"data": digest(stored)}))
        stored.clear()
        assert verify([link]) == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


class TestCanonical:
    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers()))
    def test_order_of_keys_does_not_matter(self, data):
        assert canonical(data) == canonical(dict(reversed(data.items())))

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_numbers_survive_how_jsonb_writes_them(self, number):
        """jsonb keeps numbers as decimals and writes them without an exponent."""
        written = format(Decimal(repr(number)), "f")
        assert canonical(json.loads(written)) == canonical(number)

    @given(PLAIN)
    def test_is_json_of_the_same_value(self, value):
        assert canonical(json.loads(canonical(value))) == canonical(value)

    def test_zones_do_not_matter(self):
        east = START.astimezone(timezone(timedelta(hours=9)))
        assert canonical(east) == canonical(START)

    def test_knows_the_values_that_rows_have(self):
        value = [UUID(int=1), date(2026, 1, 2), Decimal("1.50"), b"\x01", (1, 2.0)]
        assert canonical(value) == b'["00000000-0000-0000-0000-000000000001","2026-01-02","1.50","01",[1,2]]'  # fmt: skip

    @pytest.mark.parametrize(
        "value",
        [datetime(2026, 1, 1), float("nan"), float("inf"), {1: 2}, {"a"}, object(), "\ud800"],
    )
    def test_what_has_no_single_form_is_refused(self, value):
        with pytest.raises((TypeError, ValueError)):
            entry_hash(None, {"value": value})

    def test_the_previous_hash_must_be_one(self):
        with pytest.raises(ValueError, match="32"):
            entry_hash(b"", {})
