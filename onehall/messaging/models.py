"""Rows of messaging: the outbox (what must happen after a commit), ticks (what recurs), messages."""

from typing import Final, override

from django.db import models
from django.db.models.functions import Now, Upper

LIVE: Final = "live"
"""Topic of the news for open pages: read by the live stream, never by a worker."""


class Outbox(models.Model):
    """One thing to do after a commit: at least once, idempotent by (city, topic, key)."""

    id = models.BigAutoField(primary_key=True)
    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    topic = models.TextField()
    key = models.TextField()
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    dead = models.BooleanField(default=False, db_default=False)
    error = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "topic", "key"], name="outbox_key_unique"),
            models.CheckConstraint(
                condition=models.Q(dead=False) | models.Q(done_at=None),
                name="outbox_dead_is_not_done",
                violation_error_message="A dead letter is not done.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="outbox_claimable",
                condition=models.Q(done_at=None, dead=False) & ~models.Q(topic=LIVE),
            ),
            models.Index(fields=["id"], name="outbox_live", condition=models.Q(topic=LIVE)),
            models.Index(
                fields=["done_at"], name="outbox_done", condition=models.Q(done_at__isnull=False)
            ),
            models.Index(fields=["id"], name="outbox_dead", condition=models.Q(dead=True)),
        ]

    @override
    def __str__(self) -> str:
        """Topic and key: no personal data."""
        return f"{self.topic} {self.key}"


class Tick(models.Model):
    """One run of a recurring job; the unique row lets one worker of many do it."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    tick = models.BigIntegerField(help_text="Unix time divided by the period.")
    started_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    error = models.TextField(default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "tick"], name="tick_once")]

    @override
    def __str__(self) -> str:
        """Name and number of the run."""
        return f"{self.name} {self.tick}"


class MessageState(models.TextChoices):
    """Where a message is: `failed` is tried again, `bounced` and `skipped` are final."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    BOUNCED = "bounced"
    SKIPPED = "skipped"


class Message(models.Model):
    """One message to one person. The only place of messaging that holds a personal address."""

    id = models.BigAutoField(primary_key=True)
    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.TextField()
    case_number = models.TextField(default="", db_default="")
    request_id = models.BigIntegerField(null=True)
    about = models.TextField(default="", db_default="", help_text="Key of the timeline entry.")
    channel = models.TextField(default="email", db_default="email")
    to_address = models.TextField()
    language = models.TextField()
    subject = models.TextField()
    body_text = models.TextField()
    body_html = models.TextField(default="", db_default="")
    stop_url = models.TextField(
        default="", db_default="", help_text="Where a mail program ends such mail by one click."
    )
    state = models.TextField(choices=MessageState.choices, default=MessageState.QUEUED)
    error = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="message_key_unique"),
            models.CheckConstraint(
                condition=models.Q(state__in=MessageState.values), name="message_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(channel="email"), name="message_channel_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state="sent", sent_at__isnull=False)
                | (~models.Q(state="sent") & models.Q(sent_at=None)),
                name="message_sent_has_time",
                violation_error_message="A sent message has its time, and no other has one.",
            ),
        ]
        indexes = [
            models.Index(fields=["city", "-id"], name="message_mailbox"),
            models.Index(
                fields=["city", "case_number", "-id"],
                name="message_of_case",
                condition=~models.Q(case_number=""),
            ),
            models.Index(
                fields=["city", "state", "-id"],
                name="message_to_look_at",
                condition=models.Q(state__in=["queued", "failed", "bounced", "skipped"]),
            ),
            models.Index(
                "city", Upper("to_address"), models.F("id").desc(), name="message_of_address"
            ),
        ]

    @override
    def __str__(self) -> str:
        """The key: never the address."""
        return f"message {self.key}"
