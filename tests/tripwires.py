"""Review comments that became failing tests. Each takes the test's monkeypatch and arms itself."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

_POST_FORM = re.compile(
    r"<form\b(?P<head>[^>]*\bmethod\s*=\s*[\"']?post\b[^>]*)>(?P<body>.*?)</form>",
    re.IGNORECASE | re.DOTALL,
)
_ACTION = re.compile(r"\baction\s*=\s*[\"']?https?://", re.IGNORECASE)


def forms_without_token(html: str) -> list[str]:
    """The opening tags of forms that post to us without the CSRF field."""
    return [
        f"<form{found['head']}>"
        for found in _POST_FORM.finditer(html)
        if "csrfmiddlewaretoken" not in found["body"] and not _ACTION.search(found["head"])
    ]


def forms_carry_csrf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page a test client receives is searched for forms that forgot `{% csrf_token %}`."""
    plain = Client.request

    def request(self: Client, **environ: Any) -> Any:
        response = plain(self, **environ)
        kind = response.headers.get("Content-Type", "")
        if kind.startswith("text/html") and not response.streaming:
            bare = forms_without_token(response.content.decode(response.charset))
            if bare:
                pytest.fail(f"A form at {environ.get('PATH_INFO')} has no CSRF token: {bare[0]}")
        return response

    monkeypatch.setattr(Client, "request", request)


def shuffle_unordered(monkeypatch: pytest.MonkeyPatch, *, seed: str) -> None:
    """Rows of a query without an order come back shuffled, so that no test can rely on luck."""
    dice = random.Random(seed)
    plain = QuerySet._fetch_all

    def fetch_all(self: QuerySet[Any]) -> None:
        fresh = self._result_cache is None
        plain(self)
        rows: list[Any] | None = self._result_cache
        if fresh and rows is not None and len(rows) > 1 and not self.ordered:
            dice.shuffle(rows)

    monkeypatch.setattr(QuerySet, "_fetch_all", fetch_all)
