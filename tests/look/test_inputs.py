"""Inputs that are drawn in Python are what Django's own templates draw."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from onehall.look.forms import PLAIN_INPUTS, LookRenderer

DJANGO = DjangoTemplates()
ATTRS: dict[str, Any] = {"id": "x", "class": 'a "b"', "required": True, "hidden": False, "max": 3}
WIDGETS = (
    forms.TextInput(),
    forms.EmailInput(),
    forms.NumberInput(),
    forms.PasswordInput(render_value=True),
    forms.HiddenInput(),
    forms.URLInput(),
    forms.DateInput(),
    forms.TimeInput(),
    forms.SearchInput(),
    forms.TelInput(),
)


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda w: type(w).__name__)
@pytest.mark.parametrize("value", [None, "", 'it\'s <b> & "q"', 7, "07:30"])
def test_a_plain_input(widget: forms.Widget, value: Any) -> None:
    assert widget.template_name in PLAIN_INPUTS
    ours = widget.render("name", value, ATTRS, LookRenderer())
    assert ours == widget.render("name", value, ATTRS, DJANGO).strip()
