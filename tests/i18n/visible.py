"""What a page says: its text nodes and the attributes that are read aloud or shown."""

import html
import json
from html.parser import HTMLParser
from typing import override

UNSEEN = {"script", "style", "svg"}
EMPTY = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
SAID = {"alt", "aria-label", "placeholder", "title", "data-words", "data-done", "data-offline"}


class Visible(HTMLParser):
    """Collects every visible text of a page, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._open: list[str] = []
        self._words = False

    def read(self, page: str) -> list[str]:
        """The texts of a page."""
        self.feed(page)
        self.close()
        return self.texts

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        for name, value in attrs:
            if name in SAID and value:
                self._add(value)
        if tag == "input" and told.get("type") in {"submit", "button"}:
            self._add(told.get("value") or "")
        if tag == "meta" and told.get("name") == "description":
            self._add(told.get("content") or "")
        if tag in EMPTY:
            return
        # The other languages' names are written in their own language.
        hidden = tag in UNSEEN or told.get("lang") not in {None, "es", "en"} or "hreflang" in told
        self._words = tag == "script" and told.get("type") == "application/json"
        self._open.append(f"-{tag}" if hidden and tag != "html" else tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index].lstrip("-") == tag:
                del self._open[index:]
                return

    @override
    def handle_data(self, data: str) -> None:
        if self._words and self._open and self._open[-1] == "-script":
            self._json(json.loads(data))
        elif not any(tag.startswith("-") for tag in self._open):
            self._add(data)

    def _json(self, value: object) -> None:
        if isinstance(value, str):
            self._add(value)
        elif isinstance(value, list | dict):
            for part in value.values() if isinstance(value, dict) else value:
                self._json(part)

    def _add(self, text: str) -> None:
        plain = " ".join(html.unescape(text).split())
        if plain:
            self.texts.append(plain)


def visible(page: str) -> list[str]:
    """Every visible text of a page."""
    return Visible().read(page)


def outside_brackets(text: str) -> str:
    """What of a text stands in no bracket."""
    depth, found = 0, ""
    for sign in text:
        if sign == "[":
            depth += 1
            found += " "
        elif sign == "]":
            depth -= 1
        elif not depth:
            found += sign
    return found.strip()
