"""What a web worker and the live process say to each other over the unix socket.

The worker connects and sends one JSON line; the process answers READY; the worker sends one byte
with the client's socket attached. After that byte the client belongs to the process alone.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

CAN_HAND_OVER: Final = "onehall.can_hand_over"
"""Key of the WSGI environ that a server sets when it can drop a connection."""
READY: Final = b"k"
FULL: Final = b"n"
HANDED: Final = b"f"
LONGEST_HEADER: Final = 16_384
MOST_CHANNELS: Final = 50


class HandedOver(Exception):
    """The response is somebody else's now: the server must drop its copy of the socket silently."""


class HandOverFailed(Exception):
    """The live process went away at the last moment: nothing was written to the client yet."""


@dataclass(frozen=True, slots=True)
class Header:
    """One client: its channels, the last news it has seen (None: it is new), an allowed origin."""

    channels: list[str]
    since: int | None = None
    cors: str = ""

    def encode(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":")).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> "Header":
        """Read a line; ValueError when it is not one."""
        try:
            raw = json.loads(line)
            channels = [str(channel) for channel in raw["channels"]]
            since = None if raw["since"] is None else int(raw["since"])
            cors = str(raw["cors"])
        except (KeyError, TypeError, ValueError) as problem:
            raise ValueError("not a header") from problem
        if not 0 < len(channels) <= MOST_CHANNELS or not cors.isprintable():
            raise ValueError("not a header")
        return cls(channels, since, cors)


def socket_path() -> Path:
    """Where the live process listens, as the settings say it, without loading them."""
    named = os.environ.get("ONEHALL_LIVE_SOCKET")
    return Path(named) if named else Path(os.environ.get("ONEHALL_DATA") or "var") / "run/live.sock"
