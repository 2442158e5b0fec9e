"""Example values for the page that shows every part. Used by the desk's gallery and by the tests."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from onehall.look import sprite
from onehall.look.forms import Choice, LookRenderer, TileChecks, Tiles
from onehall.look.parts import Count, Picture, Series, Station
from onehall.look.tones import BY_CATEGORY

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAKq7vAAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


class ExampleForm(forms.Form):
    """One field of each kind."""

    default_renderer = LookRenderer

    size = forms.ChoiceField(
        label=_("How big is it?"),
        choices=[
            ("plate", Choice("A plate", hint="10 inches", icon="plate")),
            ("tire", Choice("A car tire", hint="2 feet", icon="tire")),
            ("more", Choice("Bigger", hint="or several", icon="area")),
        ],
        widget=Tiles(columns="three"),
    )
    risk = forms.MultipleChoiceField(
        label=_("Is anyone at risk?"),
        required=False,
        choices=[("bike", "Bicycles have to swerve"), ("car", "It has damaged a car")],
        widget=TileChecks(columns="one"),
    )
    words = forms.CharField(
        label=_("Anything else?"),
        help_text=_("Your words stay private until we have checked them."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    email = forms.EmailField(
        label=_("E-mail for the receipt"),
        error_messages={
            "required": _("Type the e-mail for your receipt, like name@example.com"),
            "invalid": _("Type the e-mail for your receipt, like name@example.com"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Mobile number"),
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=[("en", "English"), ("es", "Español")]
    )
    copy = forms.BooleanField(label=_("Send me a copy"), required=False)


def examples(now: datetime) -> Mapping[str, Any]:
    """What the gallery template needs. `now` is aware; every other time hangs on it."""
    hours = timedelta(hours=1)
    past, week = now - 72 * hours, now - 168 * hours
    return {
        "now": now,
        "recent": now - timedelta(minutes=9),
        "earlier": now - 5 * hours,
        "past": past,
        "due": now + 72 * hours,
        "stations": [
            Station(label="Received", at=week, status="past"),
            Station(label="Checked", at=past, status="past"),
            Station(label="In work", at=now, status="now"),
            Station(label="Fixed"),
        ],
        "ended": [
            Station(label="Received", at=week, status="past"),
            Station(label="Checked", at=past, status="past"),
            Station(label="Fixed", at=now, status="now"),
        ],
        "before": Picture(src=PIXEL, alt="Before: a deep hole", title="Before, by you", at=past),
        "after": Picture(src=PIXEL, alt="After: a smooth road", title="After, by Crew 4", at=now),
        "facts": [
            ("How big", "A car tire, about 2 feet"),
            ("At risk", "Bicycles swerve around it"),
        ],
        "figures": [("1,284", "problems closed"), ("91%", "closed with an after photo")],
        "counts": [
            Count(value=12, words="late", href="#", tone="late"),
            Count(value=1284, words="closed", href="#", note="before: 1,190"),
        ],
        "days": ["Nov 22", "Nov 23", "Nov 24", "Nov 25"],
        "lines": [
            Series(name="New", values=[9, 31, 28, 12]),
            Series(name="Closed", values=[14, 22, 30, 17], stroke="dashed"),
        ],
        "trail": [("Streets inbox", "#"), ("2026-04817", "")],
        "categories": sorted(BY_CATEGORY.items()),
        "icons": sorted(sprite.icons()),
        "lengths": [2.4, 11.0, 82.0, 650.0, 2400.0],
        "form": ExampleForm(),
        "refused": ExampleForm({"email": "alvarez@"}, prefix="again"),
    }
