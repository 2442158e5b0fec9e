"""The page frames and the pages for what goes wrong."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from onehall.look import errors
from onehall.look.build import HOME
from onehall.look.context import page
from tests.look.city import SPRINGFIELD

pytestmark = pytest.mark.urls("tests.look.urls")


def ask(path: str = "/report?q=x"):
    request = RequestFactory().get(path)
    request.city = SPRINGFIELD
    return request


@pytest.mark.parametrize("name", ["400", "403", "404", "csrf", "500", "offline"])
def test_error_pages_speak_plainly(name):
    html = render_to_string(f"look/errors/{name}.html", {}, ask())
    assert html.count("<h1>") == 1
    for code in ("404", "403", "500", "error", "invalid"):
        assert code not in html.lower().replace("color-scheme", "")


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.not_found, 404),
        (errors.csrf_failure, 403),
    ],
)
def test_handlers_answer_with_their_status(handler, status):
    assert handler(ask()).status_code == status


def test_our_own_mistake_needs_no_city():
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"Our mistake" in answer.content


def test_the_language_switch_keeps_the_page():
    languages = page(ask())["languages"]
    assert [(one.code, one.current) for one in languages] == [("en", True), ("es", False)]
    assert languages[1].url == "/report?q=x&lang=es"
    assert languages[1].name == "Español"
    html = render_to_string("look/errors/404.html", {}, ask())
    assert '<a href="/report?q=x&amp;lang=es" lang="es" hreflang="es"' in html


def test_pages_are_marked_with_their_language_and_direction():
    with translation.override("es"):
        assert '<html lang="es" dir="ltr">' in render_to_string("look/errors/404.html", {}, ask())
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render_to_string("look/errors/404.html", {}, ask())


def test_the_frame_has_a_way_past_the_header():
    html = render_to_string("look/errors/404.html", {}, ask())
    assert html.index('class="skip" href="#main"') < html.index("<header")
    assert 'id="main" tabindex="-1"' in html


def test_no_template_writes_style_or_script_inline():
    for path in (HOME.parent.parent / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<[^>{%]* style=", text), path
        assert " onclick" not in text, path
        assert "<script>" not in text, path
