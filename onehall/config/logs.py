"""Log lines as key=value pairs that carry the request id and no personal data."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import override

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from onehall.kernel import cards

request_id: ContextVar[str] = ContextVar("request_id", default="-")
_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PLAIN = re.compile(r"[^\s\"=]+")
# Secret links and addresses must not reach a log file, whatever a library writes there.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN = re.compile(r"(?<=/)[A-Za-z0-9_-]{20,}(?=[/?\s\"']|$)")


def scrub(text: str) -> str:
    """`text` without e-mail addresses, numbers of cards and long secrets in paths."""
    return _TOKEN.sub("[secret]", _EMAIL.sub("[email]", cards.without(text)))


def _pair(key: str, value: object) -> str:
    text = scrub(str(value))
    return f"{key}={text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)}"


class LineFormatter(logging.Formatter):
    """One event on one line; a traceback is kept, escaped, under `error`."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        pairs = {
            "at": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "request": request_id.get(),
            "says": record.getMessage(),
        }
        pairs |= getattr(record, "facts", {})
        if record.exc_info:
            pairs["error"] = self.formatException(record.exc_info)
        return " ".join(_pair(key, value) for key, value in pairs.items())


class RequestIdMiddleware:
    """Gives each request an id (or keeps the proxy's) and answers with it in X-Request-Id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Run the request under its id."""
        given = request.headers.get("X-Request-Id", "")
        name = given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-Id"] = name
        return response
