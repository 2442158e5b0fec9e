"""Django's `i18n` tags, with a `translate` that remembers: settings put this library in their place.

A page says forty fixed sentences, and Django looks each one up through three layers every time. What a
fixed sentence is in a language does not change while the program runs.
"""

from typing import Any, override

from django.template import Library
from django.template.base import Node, Parser, Token, Variable
from django.template.context import Context
from django.templatetags import i18n
from django.utils.translation import get_language

register = Library()
register.tags |= i18n.register.tags
register.filters |= i18n.register.filters


class FixedSentence(Node):
    """A `{% translate %}` of a literal, kept by language once it was said."""

    child_nodelists = ()

    def __init__(self, node: Node) -> None:
        self.node = node
        self.known: dict[str | None, Any] = {}

    @override
    def render(self, context: Context) -> Any:
        language = get_language()
        found = self.known.get(language)
        if found is None:
            found = self.known[language] = self.node.render(context)
        return found


@register.tag
def translate(parser: Parser, token: Token) -> Node:
    """Django's tag; a literal without `as` and `context` is looked up once a language."""
    node: Any = i18n.do_translate(parser, token)
    said = node.filter_expression
    fixed = isinstance(said.var, Variable) and said.var.literal is not None and not said.filters
    if fixed and node.asvar is None and node.message_context is None:
        return FixedSentence(node)
    return node  # type: ignore[no-any-return]
