"""Queueing, sending, replaying, purging."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from onehall.messaging import actions, queries
from onehall.messaging.actions import NewMessage, NewOutbox
from onehall.messaging.live import news
from onehall.messaging.models import Message, Outbox
from onehall.places.models import City

pytestmark = pytest.mark.django_db


def message(city: City, key: str = "m1", **more: object) -> NewMessage:
    words = {"to_address": "rosa@example.org", "language": "en", "subject": "S", "body_text": "T"}
    return NewMessage(city_id=city.pk, key=key, **{**words, **more})  # type: ignore[arg-type]


class TestQueue:
    def test_many_rows_are_one_statement(
        self, city: City, now: dt.datetime, django_assert_num_queries: object
    ) -> None:
        later = now + dt.timedelta(hours=1)
        rows = [NewOutbox(topic="t", key=str(n), payload={"n": n, "w": "ñ'\""}) for n in range(99)]
        rows.append(NewOutbox(topic="t", key="later", due_at=later))
        with django_assert_num_queries(1):  # type: ignore[operator]
            actions.queue(city_id=city.pk, rows=rows, now=now)
        assert Outbox.objects.count() == 100
        assert Outbox.objects.get(key="7").payload == {"n": 7, "w": "ñ'\""}
        assert Outbox.objects.get(key="7").due_at == now
        assert Outbox.objects.get(key="later").due_at == later

    def test_a_known_key_is_left_as_it_is(self, city: City, now: dt.datetime) -> None:
        for payload in ({"v": 1}, {"v": 2}):
            row = NewOutbox(topic="t", key="same", payload=payload)
            actions.queue(city_id=city.pk, rows=[row, row], now=now)
        assert Outbox.objects.get().payload == {"v": 1}

    def test_nothing_to_queue_is_no_statement(
        self, city: City, now: dt.datetime, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            actions.queue(city_id=city.pk, rows=[], now=now)


class TestSendMessage:
    def test_stores_and_queues_in_one_statement(
        self, city: City, now: dt.datetime, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(1):  # type: ignore[operator]
            actions.send_message(message=message(city, case_number="26-00012"), now=now)
        stored = Message.objects.get()
        assert (stored.state, stored.case_number) == ("queued", "26-00012")
        row = Outbox.objects.get()
        assert (row.topic, row.payload) == (actions.SEND_MESSAGE, {"message": stored.pk})
        assert "rosa" not in str(row.payload) + row.key + str(stored)

    def test_the_same_key_is_sent_once(self, city: City, now: dt.datetime) -> None:
        for _ in range(2):
            actions.send_message(message=message(city), now=now)
        assert Message.objects.count() == Outbox.objects.count() == 1

    def test_a_sent_message_needs_its_time(self, city: City, now: dt.datetime) -> None:
        actions.send_message(message=message(city), now=now)
        with pytest.raises(IntegrityError, match="message_sent_has_time"), transaction.atomic():
            Message.objects.update(state="sent")


class TestMailbox:
    def test_pages_are_keyset_by_id_and_stay_in_the_city(
        self, city: City, now: dt.datetime
    ) -> None:
        other = City.objects.create(slug="other", name="Other")
        for n in range(5):
            actions.send_message(message=message(city, f"k{n}"), now=now)
        actions.send_message(message=message(other), now=now)
        first = queries.mailbox(city.pk, limit=3)
        second = queries.mailbox(city.pk, limit=3, before=first.older)
        keys = [m.key for m in first.messages + second.messages]
        assert keys == ["k4", "k3", "k2", "k1", "k0"]
        assert second.older is None
        assert queries.mailbox(city.pk, to_address="Rosa@Example.org", limit=9).older is None


class TestCleaning:
    def test_purges_old_news_and_done_rows_only(self, city: City, now: dt.datetime) -> None:
        rows = [news(key="case:1:1", channels=["case:1"], v=1), NewOutbox(topic="t", key="k")]
        actions.queue(city_id=city.pk, rows=rows, now=now)
        assert actions.purge(now=now + dt.timedelta(minutes=9)) == 0
        assert actions.purge(now=now + dt.timedelta(minutes=11)) == 1
        Outbox.objects.update(done_at=now)
        assert actions.purge(now=now + dt.timedelta(days=31)) == 1

    def test_replay_brings_only_dead_letters_back(self, city: City, now: dt.datetime) -> None:
        rows = [NewOutbox(topic="t", key=k) for k in "ab"]
        actions.queue(city_id=city.pk, rows=rows, now=now)
        Outbox.objects.filter(key="a").update(dead=True, attempts=12, error="no")
        everything = list(Outbox.objects.order_by("pk").values_list("pk", flat=True))
        assert [row.key for row in queries.dead_letters(city.pk)] == ["a"]
        assert queries.outbox_health(now=now).dead == 1
        assert actions.replay(ids=everything, now=now) == 1
        assert Outbox.objects.get(key="a").attempts == 0
        assert queries.outbox_health(now=now).due == 2
        assert queries.outbox_lag(now=now + dt.timedelta(seconds=9)).total_seconds() == 9
