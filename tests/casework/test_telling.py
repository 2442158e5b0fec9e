"""Reminders and escalations reach the staff by mail, each person once."""

import pytest

from onehall.casework import actions, tasks, telling
from onehall.messaging.models import Message, Outbox
from tests.casework.test_tasks import DAY, in_review
from tests.cast import START, Cast
from tests.reviewed import reviewed


@pytest.fixture
def cast(db: None) -> Cast:
    return reviewed()


def deliver(cast: Cast) -> list[str]:
    """Hand over every row for the staff, twice, as a worker that died might; who was written to."""
    Message.objects.all().delete()
    for row in [*Outbox.objects.filter(topic="case.staff").order_by("id")] * 2:
        telling.tell_staff(row.payload, city_id=cast.city.pk, key=row.key, now=START)
    return sorted(Message.objects.values_list("to_address", flat=True))


class TestReminder:
    def test_goes_to_whoever_has_the_case(self, cast: Cast) -> None:
        case = in_review(cast)
        actions.assign(
            city=cast.city, case_id=case.pk, user_id=cast.ben.user_id, user_name="Ben",
            by=cast.dana, now=START,
        )  # fmt: skip
        tasks.sweep_timers(START + 3 * DAY)
        assert deliver(cast) == ["ben.cast@testford.example"]
        mail = Message.objects.get()
        assert case.number in mail.subject
        assert "Please look." in mail.body_text
        assert f"/desk/cases/{case.number}" in mail.body_text

    def test_goes_to_those_who_serve_the_queue_while_nobody_has_it(self, cast: Cast) -> None:
        in_review(cast)
        tasks.sweep_timers(START + 3 * DAY)
        told = deliver(cast)
        assert "ben.cast@testford.example" in told
        assert "kim.cast@testford.example" not in told
        assert "owen.cast@testford.example" not in told


def test_an_escalation_goes_to_those_with_the_role_in_the_department(cast: Cast) -> None:
    in_review(cast)
    tasks.sweep_timers(START + 3 * DAY)
    Outbox.objects.filter(topic="case.staff").delete()
    tasks.sweep_timers(START + 7 * DAY)
    told = deliver(cast)
    assert "mo.cast@testford.example" in told
    assert "ben.cast@testford.example" not in told


def test_nobody_is_told_of_a_case_that_ended_meanwhile(cast: Cast) -> None:
    case = in_review(cast)
    tasks.sweep_timers(START + 3 * DAY)
    cast.move(case, "close", outcome="fixed", words="Done.")
    assert deliver(cast) == []
