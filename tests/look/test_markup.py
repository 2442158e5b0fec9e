"""HTML put together in Python escapes exactly what Django's own formatting escapes."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from onehall.look.markup import markup, where

VALUES = st.one_of(
    st.text(),
    st.text().map(mark_safe),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False),
)


@given(one=VALUES, two=VALUES)
def test_escapes_as_django_does(one: object, two: object) -> None:
    pattern = '<p title="{}">{named}</p>'
    made = markup(pattern, one, named=two)
    assert made == format_html(pattern, one, named=two)
    assert isinstance(made, SafeString)


def test_lazy_words_are_escaped_in_the_language_of_the_moment() -> None:
    assert markup("{}", gettext_lazy("<b>")) == "&lt;b&gt;"


def test_a_class_that_only_looks_like_text_is_escaped() -> None:
    class Shout(str):
        __slots__ = ()

    assert markup("{}", Shout("<")) == "&lt;"


def test_nothing_is_written_around_nothing() -> None:
    assert where("", "<small>{}</small>") == ""
    assert where("a<b", "<small>{}</small>") == "<small>a&lt;b</small>"
