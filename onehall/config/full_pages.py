"""What a request is told that found no place: made when the process starts, without the database or a template.

Pages in each language of the house, JSON where JSON was asked for, and the error of GeoReport v2 for Open311.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from typing import Final
from xml.sax.saxutils import escape as escape_xml

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

RETRY_SECONDS: Final = 5
STATUS: Final = 503
OPEN311: Final = "/open311/"
_STYLE: Final = (
    "body{margin:0;min-height:100vh;display:grid;place-content:center;background:#f2f6f6;color:#0c1f25;"
    "font:1.0625rem/1.5 system-ui,sans-serif}main{max-width:34rem;margin:1rem;padding:1.5rem;"
    "background:#fff;border:1px solid #d3dedf;border-radius:14px}h1{margin:0 0 .75rem;font-size:1.5rem;"
    "line-height:1.25}p{margin:.5rem 0 0}@media (prefers-color-scheme:dark){body{background:#0d151a;"
    "color:#eaf2f3}main{background:#142127;border-color:#2a3b42}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
"""By which the page's own policy lets its style in, and no other."""
_PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p>{words}</p><p>{kept}</p></main></body></html>
"""


class FullAnswers:
    """The answers of one process, ready as bytes."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._pages: dict[str, bytes] = {}
        for code, _name in settings.LANGUAGES:
            with translation.override(code):
                self._words[code] = _("Very many people are here at the moment.")
                self._pages[code] = _PAGE.format(
                    lang=code,
                    style=_STYLE,
                    title=escape(self._words[code]),
                    words=escape(_("Wait a few seconds, then load this page again.")),
                    kept=escape(
                        _("If you were sending something, go back: your words are still there.")
                    ),
                ).encode()

    def answer(self, path: str, headers: Mapping[str, str], query: str = "") -> bytes:
        """The whole HTTP answer. `headers` have capital names, as they came."""
        code = self._language(headers, query)
        body, kind = self._body(path, headers.get("ACCEPT", ""), code)
        head = (
            f"HTTP/1.1 {STATUS} Service Unavailable\r\nRetry-After: {RETRY_SECONDS}\r\n"
            f"Content-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Content-Language: {code}\r\nCache-Control: no-store\r\n"
            f"Content-Security-Policy: default-src 'none'; style-src 'sha256-{_HASH}'\r\nX-Content-Type-Options: nosniff\r\n"
            "Connection: close\r\n\r\n"
        )
        return head.encode() + body

    def _body(self, path: str, accept: str, code: str) -> tuple[bytes, str]:
        words = self._words[code]
        if path.startswith(OPEN311) and path.endswith(".xml"):
            text = (
                '<?xml version="1.0" encoding="utf-8"?><errors><error>'
                f"<code>{STATUS}</code><description>{escape_xml(words)}</description></error></errors>"
            )
            return text.encode(), "application/xml"
        if path.startswith(OPEN311):
            return json.dumps([{"code": STATUS, "description": words}]).encode(), "application/json"
        if path.endswith(".json") or accept.startswith("application/json"):
            return json.dumps({"error": words}).encode(), "application/json"
        return self._pages[code], "text/html"

    def _language(self, headers: Mapping[str, str], query: str) -> str:
        chosen = [part[5:] for part in query.split("&") if part.startswith("lang=")]
        for crumb in headers.get("COOKIE", "").split(";"):
            name, _is, value = crumb.strip().partition("=")
            if name == settings.LANGUAGE_COOKIE_NAME:
                chosen.append(value)
        spoken = headers.get("ACCEPT-LANGUAGE", "").split(",")
        chosen += [part.partition(";")[0].strip().lower() for part in spoken]
        for code in chosen:
            for known in (code, code.partition("-")[0]):
                if known in self._pages:
                    return known
        return str(settings.LANGUAGE_CODE)
