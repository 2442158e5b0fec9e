"""Words of the message log: states, kinds of letters, and what one message shows."""

from typing import Any

from django.utils.translation import gettext as _

from onehall.messaging.log import LogRow, readable


def words_of_state(state: str) -> str:
    """Where a message is, as a filter says it."""
    return {
        "failed": _("Failed"),
        "bounced": _("Came back"),
        "queued": _("Waiting"),
        "skipped": _("Not sent"),
        "sent": _("Sent"),
    }.get(state, state)


def topic_words(topic: str) -> str:
    """What a letter of the outbox was to do."""
    return {
        "message": _("Deliver a message"),
        "case.news": _("Tell residents of news"),
        "case.staff": _("Tell staff of news"),
    }.get(topic, topic)


def detail_context(found: LogRow, *, may_fix: bool) -> dict[str, Any]:
    """What the page of one message names. What opens a sign-in is never shown, sent again or redirected."""
    message = found.message
    return {
        "found": found,
        "m": message,
        "state_word": words_of_state(message.state),
        "text": "" if found.is_secret else readable(message.body_text),
        "may_again": not found.is_secret,
        "may_fix": may_fix and not found.is_secret and message.request_id is not None,
    }
