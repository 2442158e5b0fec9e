"""Carriers take a message out of the house. One module each; delete it and the way is gone."""

from importlib import import_module
from typing import Final, Protocol, cast

from django.conf import settings

from onehall.messaging.models import Message

CARRIERS: Final = {
    "email": "onehall.messaging.carriers.email",
    "mailbox": "onehall.messaging.carriers.mailbox",
}


class NotDelivered(Exception):
    """The carrier could not deliver now; words without any address. It is tried again."""


class Bounced(Exception):
    """The other side refused the address for good; words without any address."""


class Skipped(Exception):
    """There was nothing to deliver, or nobody to deliver it to."""


class Carrier(Protocol):
    """A module that delivers."""

    def deliver(self, message: Message) -> None:
        """Deliver once; raises NotDelivered, Bounced or Skipped."""


def carrier_for(channel: str) -> Carrier:
    """The carrier of a channel: the setting MAIL_CARRIER, or only storing in the demo."""
    stored_only = "mailbox" if getattr(settings, "MODE", "") == "demo" else channel
    name = str(getattr(settings, "MAIL_CARRIER", "") or stored_only)
    return cast("Carrier", import_module(CARRIERS[name]))
