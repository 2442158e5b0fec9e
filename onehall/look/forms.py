"""How a Django form is drawn: label, hint, error above the input, input. Used by every form through FORM_RENDERER."""

from collections.abc import Mapping
from typing import Any, Final, override

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from onehall.look.components.small import icon
from onehall.look.markup import markup, where

SHORT: Final = frozenset({"tel", "number", "date", "time"})
PLAIN_INPUTS: Final = frozenset(
    f"django/forms/widgets/{kind}.html"
    for kind in (
        "text",
        "email",
        "number",
        "password",
        "hidden",
        "url",
        "tel",
        "search",
        "date",
        "time",
    )
)
"""Templates of Django's that do nothing but include its input.html."""
BARE: Final = (forms.CheckboxInput, forms.RadioSelect, forms.FileInput)


class Choice(str):
    """The label of a tile with a second line and a drawing. Compares and prints as its words."""

    hint: str
    icon: str

    def __new__(cls, words: str, *, hint: str = "", icon: str = "") -> "Choice":
        choice = super().__new__(cls, words)
        choice.hint, choice.icon = hint, icon
        return choice


def attributes(attrs: Mapping[str, Any]) -> SafeString:
    """Attributes of an element, each with a space before it: True stands alone, False is left out."""
    return SafeString(
        "".join(
            markup(" {}", name) if value is True else markup(' {}="{}"', name, str(value))
            for name, value in attrs.items()
            if value is not False
        )
    )


def plain_input(widget: Mapping[str, Any]) -> SafeString:
    """One `input`, as Django's own template draws it."""
    value = widget["value"]
    return markup(
        '<input type="{}" name="{}"{}{}>',
        widget["type"],
        widget["name"],
        "" if value is None else markup(' value="{}"', str(value)),
        attributes(widget["attrs"]),
    )


def _tile(option: Mapping[str, Any]) -> SafeString:
    return markup(
        '<label class="tile">{}{}<span>{}{}</span></label>',
        plain_input(option),
        icon(option["icon"], fallback="question") if option["icon"] else "",
        option["label"],
        where(option["hint"], "<small>{}</small>"),
    )


class _TileOptions(forms.widgets.ChoiceWidget):
    def __init__(self, *args: Any, columns: str = "", **kwargs: Any) -> None:
        self.columns = columns
        super().__init__(*args, **kwargs)

    @override
    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """All tiles. Put together here and not in a template: a report may have thirty of them."""
        given = super().format_value(value)
        built = self.build_attrs(self.attrs, attrs)
        tiles = [_tile(option) for option in self.options(name, given, built)]
        return markup('<div class="tiles {}">{}</div>', self.columns, SafeString("".join(tiles)))

    @override
    def create_option(self, name: str, value: Any, label: Any, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, label, *args, **kwargs)
        hint, icon = getattr(label, "hint", ""), getattr(label, "icon", "")
        return option | {"label": str(label), "hint": hint, "icon": icon}


class Tiles(_TileOptions, forms.RadioSelect):
    """One answer out of a few, each a tile. `columns` is "", "one" or "three"."""


class TileChecks(_TileOptions, forms.CheckboxSelectMultiple):
    """Any of a few answers, each a tile."""


class LookField(BoundField):
    """A field with the classes and ids that the templates and the error summary rely on."""

    @property
    def is_tick(self) -> bool:
        """Whether the field is one check box, whose label stands beside it."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def focus_id(self) -> str:
        """The id of the control that the error summary leads to: the first one of a group."""
        if self.use_fieldset:
            return f"{self.auto_id}_0"
        return self.id_for_label or self.auto_id

    @property
    def sentences(self) -> list[str]:
        """What is wrong, saying what to do also where a form left Django's own words."""
        plain = str(forms.Field.default_error_messages["required"])
        asked = isinstance(self.field.widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
        todo = _("Choose an answer: %(label)s") if asked else _("Fill this in: %(label)s")
        said = [str(words) for words in self.errors]
        return [todo % {"label": self.label} if words == plain else words for words in said]

    @override
    def build_widget_attrs(
        self, attrs: Mapping[str, Any], widget: forms.Widget | None = None
    ) -> dict[str, Any]:
        built: dict[str, Any] = super().build_widget_attrs(dict(attrs), widget)
        drawn = widget or self.field.widget
        if self.use_fieldset:
            # Radios and check boxes may not carry it; the group has the error in its description.
            built.pop("aria-invalid", None)
            return built
        if drawn.is_hidden or isinstance(drawn, BARE):
            return built
        own = str(drawn.attrs.get("class", ""))
        short = "short" if getattr(drawn, "input_type", "") in SHORT and not own else ""
        built["class"] = " ".join(word for word in ("in", short, own) if word)
        if getattr(drawn, "input_type", "") == "tel":
            built.setdefault("dir", "ltr")
        return built


class LookRenderer(DjangoTemplates):
    """FORM_RENDERER of the whole system."""

    form_template_name = "look/forms/form.html"
    field_template_name = "look/forms/field.html"
    bound_field_class = LookField

    @override
    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """Draw a template; a plain input is drawn here, since every form has many of them."""
        if template_name in PLAIN_INPUTS:
            return plain_input(context["widget"])
        return super().render(template_name, context, request)
