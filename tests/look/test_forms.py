"""Forms: label, hint, error above the input, input; the summary says the same sentence."""

from django import forms
from django.template import Context, Template

from onehall.look.forms import Choice, LookRenderer, TileChecks, Tiles


class Example(forms.Form):
    default_renderer = LookRenderer

    size = forms.ChoiceField(
        label="How big is it?",
        choices=[("s", Choice("Small", hint="a plate", icon="plate")), ("l", "Large")],
        widget=Tiles(columns="three"),
    )
    risk = forms.MultipleChoiceField(
        choices=[("bike", "Bicycles")], required=False, widget=TileChecks()
    )
    email = forms.EmailField(
        label="E-mail",
        help_text="For the <b>receipt</b>",
        error_messages={"invalid": "Type an e-mail, like name@example.com"},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    copy = forms.BooleanField(label="Send me a copy", required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False)


def page(form: forms.Form) -> str:
    html = Template("{% load look %}{% errors form %}{{ form }}").render(Context({"form": form}))
    return " ".join(html.split())


def test_an_untouched_form_has_no_summary():
    html = page(Example())
    assert "errors-title" not in html
    assert "aria-invalid" not in html


def test_optional_is_written_and_required_is_not_starred():
    html = page(Example())
    assert html.count("(optional)") == 2
    assert "*" not in html


def test_controls_carry_their_classes():
    html = page(Example())
    assert 'class="in"' in html
    assert 'class="in short" dir="ltr"' in html
    assert 'type="hidden" name="key" id="id_key"' in html
    assert html.count('class="tile"') == 4


def test_tiles_show_hint_and_drawing():
    html = page(Example())
    assert "<small>a plate</small>" in html
    assert "#i-plate" in html
    assert 'class="tiles three"' in html
    assert "<fieldset" in html
    assert "<legend" in html


def test_help_is_escaped_and_described():
    html = page(Example())
    assert "&lt;b&gt;receipt" in html
    assert 'aria-describedby="id_email_helptext"' in html


def test_summary_and_field_say_the_same_and_the_link_leads_there():
    html = page(Example({"email": "alvarez@"}))
    assert "2 things to put right" in html
    assert html.count("Type an e-mail, like name@example.com") == 2
    assert 'href="#id_email"' in html
    assert 'href="#id_size_0"' in html
    assert 'id="id_size_0"' in html
    assert html.count("Choose an answer: How big is it?") == 2


def test_the_error_stands_above_the_input_and_describes_it():
    html = page(Example({"email": "alvarez@", "size": "s"}))
    assert "One thing to put right" in html
    assert html.index('id="id_email_error"') < html.index('name="email"')
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'aria-invalid="true"' in html


def test_what_was_typed_stays():
    html = page(Example({"email": "alvarez@", "size": "l", "copy": "on"}))
    assert 'value="alvarez@"' in html
    assert (
        'value="l" required id="id_size_1" checked' in html
        or 'value="l" id="id_size_1" required checked' in html
    )


def test_choices_still_compare_as_words():
    assert Choice("Small", hint="x") == "Small"
    assert str(Choice("Small")) == "Small"
