"""Requests to a provider's server with the standard library: bounded in time and size, and no redirect is followed."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from onehall.billing.gateways.protocol import GatewayDown, GatewayRefused

MOST_BYTES: Final = 4 * 1024 * 1024
ATTEMPTS: Final = 2


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answered: the status, and the JSON that came with it ({} where there was none)."""

    status: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JsonServer:
    """A server that speaks JSON. `timeout` is for everything, in seconds, with the second attempt."""

    address: str
    headers: Mapping[str, str]
    timeout: float

    def ask(
        self, method: str, path: str, *, content: object = None, headers: Mapping[str, str] = {}
    ) -> Said:
        """The answer to a request that may be repeated; `GatewayDown` when there is none, or it is a 5xx."""
        body = None if content is None else json.dumps(content, sort_keys=True).encode()
        for left in reversed(range(ATTEMPTS)):
            try:
                said = self._once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as problem:
                if not left:
                    words = f"The payment provider gave no answer ({type(problem).__name__})."
                    raise GatewayDown(words) from None
                continue
            except ValueError:
                raise GatewayRefused("The payment provider cannot be asked for that.") from None
            if said.status < 500:
                return said
            if not left:
                raise GatewayDown(f"The payment provider is out of order ({said.status}).")
        raise AssertionError

    def _once(self, method: str, path: str, body: bytes | None, extra: Mapping[str, str]) -> Said:
        parts = urlsplit(self.address)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout / ATTEMPTS)
        headers = {"Accept": "application/json", "Connection": "close", **self.headers, **extra}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            raw = answer.read(MOST_BYTES + 1)
        finally:
            connection.close()
        if len(raw) > MOST_BYTES:
            raise GatewayDown("The payment provider's answer is too long.")
        return Said(answer.status, _object(raw))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        read = json.loads(raw)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
