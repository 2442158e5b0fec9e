"""`{% translate %}` as the settings replace it: Django's words, kept by language."""

import pytest
from django.template import Context, Template
from django.utils import translation

from onehall.look.templatetags.quick_i18n import FixedSentence


def said(source: str, **words: str) -> str:
    return Template("{% load i18n %}" + source).render(Context(words))


def test_one_compiled_template_speaks_each_reader_s_language() -> None:
    template = Template('{% load i18n %}{% translate "Send message" %}')
    heard = []
    for language in ("en", "es", "en", "es"):
        with translation.override(language):
            heard.append(template.render(Context()))
    assert heard[0] == heard[2] == "Send message"
    assert heard[1] == heard[3] != "Send message"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% translate "100%" %}', "100%"),
        ('{% translate "Fish & chips" %}', "Fish & chips"),
        ('{% translate "Close" as word %}[{{ word }}]', "[Close]"),
        ('{% translate "Close" context "a door" %}', "Close"),
        ('{% translate "close"|upper %}', "CLOSE"),
        ('{% translate "Close" noop %}', "Close"),
        ("{% translate word %}", "Close"),
    ],
)
def test_every_form_of_the_tag_says_what_djangos_says(source: str, expected: str) -> None:
    with translation.override("en"):
        assert said(source, word="Close") == expected


def test_only_fixed_sentences_are_kept() -> None:
    kept = Template('{% load i18n %}{% translate "Close" %}{% translate word %}').nodelist
    assert [isinstance(node, FixedSentence) for node in kept[1:]] == [True, False]
