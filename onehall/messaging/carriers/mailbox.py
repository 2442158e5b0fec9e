"""A carrier that delivers nowhere: the stored messages are the mailbox (demo, training)."""

from onehall.messaging.models import Message


def deliver(message: Message) -> None:
    """Nothing leaves the house: the row is the delivery."""
    del message
