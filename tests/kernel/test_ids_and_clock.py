"""Identifiers sort by time and cannot be guessed; the clock is aware."""

import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel import clock, ids

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2400, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


def test_now_is_aware_and_utc():
    assert clock.now().tzinfo is UTC


@pytest.mark.real_clock
def test_a_clock_is_anything_that_tells_the_time():
    current: clock.Clock = clock.now
    assert abs(current() - datetime.now(tz=UTC)) < timedelta(minutes=1)


class TestUuid7:
    def test_has_the_version_and_variant_of_the_standard(self):
        value = ids.uuid7()
        assert value.version == 7
        assert value.variant == "specified in RFC 4122"

    def test_the_standards_own_example_time(self):
        """RFC 9562, appendix A.6: 2022-02-22 14:22:22 -05:00 is 017F22E2-79B0."""
        moment = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))
        assert str(ids.uuid7(moment)).startswith("017f22e2-79b0-7")

    @given(MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=900)))
    def test_later_is_greater(self, moment, later):
        assert ids.uuid7(moment) < ids.uuid7(moment + later)

    @given(MOMENTS)
    def test_the_time_can_be_read_back(self, moment):
        assert moment - timedelta(milliseconds=1) < ids.time_of(ids.uuid7(moment)) <= moment

    def test_a_moment_gives_many_different_ids(self):
        assert len({ids.uuid7() for _ in range(10_000)}) == 10_000

    def test_naive_and_ancient_times_are_refused(self):
        with pytest.raises(ValueError, match="aware"):
            ids.uuid7(datetime(2026, 1, 1))
        with pytest.raises(ValueError, match="1970"):
            ids.uuid7(datetime(1969, 1, 1, tzinfo=UTC))

    def test_other_versions_carry_no_time(self):
        with pytest.raises(ValueError, match="version 7"):
            ids.time_of(uuid4())
        assert ids.time_of(UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")).year == 2022


class TestSecretToken:
    def test_is_22_url_safe_characters(self):
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ids.secret_token())

    def test_is_never_the_same(self):
        assert len({ids.secret_token() for _ in range(10_000)}) == 10_000
