"""The pages of residents in Spanish: no English is left, and no text was forgotten by the catalog."""

import io
import json
import pprint
import re
import uuid

import pytest
from ruamel.yaml import YAML

from tests.cast import STAFF
from tests.i18n.conftest import Pages, forget
from tests.i18n.visible import outside_brackets, visible
from tests.packs import TESTFORD
from tools import messages as tool

# Words that are the same in both languages, each with why.
SAME = {
    "WCAG",  # a standard
    "No",  # the same word
    "Normal",  # the same word
    "h",  # the sign of an hour, and that of a minute
    "min",
    "English",  # each language in its own language
    "Español",
    "Onehall",  # our name
}
# What the tests typed themselves, and whom they hired.
TYPED = {"Rosa Diaz", "300 Elm Street", "Filled.", "zzzz", "1.gif"} | {
    name for name, *_ in STAFF.values()
}
# Signs and figures, initials, numbers of cases, addresses, and a place for a value.
CODE = re.compile(
    r"[^A-Za-zÁ-ÿ]*|[A-Z]{1,2}|[A-Z]{1,4}-?[\d-]+[A-Z]?|https?://\S+|\S+@\S+|\{\w*\}\W*"
)
PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|\{\w*\})")


def strings(value: object) -> set[str]:
    """Every text in a part of a pack, in Spanish where it has both languages."""
    if isinstance(value, dict):
        parts = [value["es"]] if "es" in value else value.values()
        return {text for part in parts for text in strings(part)}
    if isinstance(value, list):
        return {text for part in value for text in strings(part)}
    return {" ".join(str(value).split())}


@pytest.fixture(scope="module")
def pack() -> set[str]:
    """Every text of Testford's pack as a page in Spanish may show it."""
    found: set[str] = set()
    for path in sorted(TESTFORD.rglob("*.yaml")):
        found |= strings(YAML(typ="safe").load(path))
    for path in sorted(TESTFORD.rglob("*.geojson")):
        found |= strings(json.loads(path.read_text(encoding="utf-8")))
    return found


def read(pages: Pages, name: str, lang: str) -> list[str]:
    client, path = pages[name]
    answer = client.get(path + ("&" if "?" in path else "?") + f"lang={lang}")
    assert answer.status_code == (404 if name == "not found" else 200), (name, answer.status_code)
    return visible(answer.content.decode())


def said(pages: Pages, lang: str) -> dict[str, list[str]]:
    """What every page says, and the form that was sent with everything wrong."""
    found = {name: read(pages, name, lang) for name in pages}
    client, _path = pages["home"]
    wrong = {"key": str(uuid.uuid4()), "do": "send", "email": "x", "photos": [_file(b"GIF89a")]}
    answer = client.post("/report/pothole", wrong)
    assert answer.status_code == 422, answer.get("Location")
    return found | {"refused": visible(answer.content.decode())}


def _file(data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = "1.gif"
    return file


def is_data(text: str, allowed: set[str]) -> bool:
    """Whether a text is made of names, numbers, codes and signs alone.

    A page may show a part of a pack's text, such as the words around a phone number.
    """
    if len(text) > 10 and any(text in known for known in allowed):
        return True
    for known in sorted(allowed, key=len, reverse=True):
        if re.search(r"[^\W\d_]", known):
            text = re.sub(rf"(?<!\w){re.escape(known)}(?!\w)", " ", text)
    return all(CODE.fullmatch(word) for word in text.split())


def test_no_english_is_left_in_spanish(pages, pack):
    allowed = pack | TYPED | SAME
    english, spanish = said(pages, "en"), said(pages, "es")
    left = {}
    for name, texts in spanish.items():
        both = {t for t in texts if t in english[name] and not is_data(t, allowed)}
        if both:
            left[name] = sorted(both)
    assert not left, pprint.pformat(left)


@pytest.fixture
def pseudo(settings, tmp_path):
    """Every message of our catalogs in brackets: what stands outside was never given to the catalog."""
    found = [m for room in ("look", "") for m in tool.messages(tool.read(_po(room)))]
    one_each = {(m.id, m.context): m for m in found}
    for message in one_each.values():
        if (message.context or "").startswith("hours on the clock"):
            continue
        said = tool.forms(message)
        message.string = tuple(map(bracketed, said)) if message.pluralizable else bracketed(said[0])
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(tool.mo_bytes(one_each.values()))
    settings.LOCALE_PATHS = [tmp_path]
    yield
    forget()


def _po(room):
    return tool.ROOT / "onehall" / room / "locale" / "es" / "LC_MESSAGES" / "django.po"


def bracketed(text: str) -> str:
    """A text as a stranger would see it: marked, and with its values outside the brackets."""
    parts = PLACEHOLDER.split(text)
    return "".join(p if PLACEHOLDER.fullmatch(p) else f"[{p}]" for p in parts if p)


def test_every_visible_text_comes_from_the_catalog_or_the_pack(pages, pack, pseudo):
    allowed = pack | TYPED | SAME
    left = {}
    for name, texts in said(pages, "es").items():
        assert any("[" in text for text in texts), name
        bare = {t for t in texts if not is_data(outside_brackets(t), allowed)}
        if bare:
            left[name] = sorted(bare)
    assert not left, pprint.pformat(left)
