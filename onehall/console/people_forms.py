"""What somebody is in the city, as a form: name, roles, department, queues, areas."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.forms import Choice, TileChecks
from onehall.people import permissions
from onehall.people.models import Membership
from onehall.people.queries import departments, queues
from onehall.places import areas
from onehall.places.models import LIMIT_LAYER

MARK: Final = ":"
"""Between a layer and a code in the value of a box."""


class PersonForm(forms.Form):
    """Fields of one person. Whether it is allowed is the action's to say; its words land on top."""

    def __init__(
        self, data: Any = None, *, request: CityRequest, found: Membership | None, named: bool
    ) -> None:
        super().__init__(data, initial=_initial(found), use_required_attribute=False)
        if found is None:
            self.fields["email"] = forms.EmailField(
                label=_("E-mail"),
                max_length=254,
                help_text=_("They sign in with it, and the invitation goes there."),
            )
        if named:
            self.fields["name"] = forms.CharField(
                label=_("Name"),
                max_length=120,
                help_text=_("As colleagues know it. It stands on everything they do."),
            )
        self.fields["roles"] = forms.MultipleChoiceField(
            label=_("Roles"), choices=_roles(), widget=TileChecks(columns="one")
        )
        self.fields["department"] = forms.ChoiceField(
            label=_("Department"),
            choices=[("", _("The whole city")), *_departments(request)],
            required=False,
        )
        self.fields["queues"] = forms.MultipleChoiceField(
            label=_("Queues they serve"),
            help_text=_("Nothing ticked: all queues of the department."),
            choices=_queues(request),
            required=False,
            widget=TileChecks(columns="three"),
        )
        places = _areas(request)
        if places:
            self.fields["areas"] = forms.MultipleChoiceField(
                label=_("Only cases in these areas"),
                help_text=_("Nothing ticked: the whole city."),
                choices=places,
                required=False,
                widget=TileChecks(columns="three"),
            )

    @property
    def given(self) -> dict[str, Any]:
        """What the actions take, after `is_valid`."""
        cleaned = self.cleaned_data
        within: dict[str, list[str]] = {}
        for value in cleaned.get("areas", []):
            layer, _mark, code = value.partition(MARK)
            within.setdefault(layer, []).append(code)
        return {
            "roles": cleaned["roles"],
            "department_key": cleaned["department"],
            "queue_keys": cleaned["queues"],
            "areas": within,
        }


def _initial(found: Membership | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "name": found.user.name,
        "roles": found.roles,
        "department": found.department.key if found.department else "",
        "queues": found.queue_keys,
        "areas": [f"{layer}{MARK}{code}" for layer, codes in found.areas.items() for code in codes],
    }


def _roles() -> list[tuple[str, Choice]]:
    return [
        (role, Choice(permissions.words_of(role), hint=permissions.about(role)))
        for role in permissions.ROLES
    ]


def _departments(request: CityRequest) -> list[tuple[str, str]]:
    default = request.city.language
    return [
        (d.key, pick(d.name, request.LANGUAGE_CODE, default)) for d in departments(request.city)
    ]


def _queues(request: CityRequest) -> list[tuple[str, Choice]]:
    language, default = request.LANGUAGE_CODE, request.city.language
    return [
        (
            q.key,
            Choice(
                pick(q.name, language, default),
                hint=pick(q.department_name, language, default),
                icon=q.icon,
            ),
        )
        for q in queues(request.city)
        if q.active
    ]


def _areas(request: CityRequest) -> list[tuple[str, Choice]]:
    city, language = request.city, request.LANGUAGE_CODE
    return [
        (
            f"{facts.layer}{MARK}{facts.code}",
            Choice(
                city.words(facts.name, language) or facts.code,
                hint=areas.layer_label(city, facts.layer, language),
            ),
        )
        for facts in areas.index_of(city).facts
        if facts.layer != LIMIT_LAYER
    ]


def area_words(request: CityRequest, within: Mapping[str, list[str]]) -> str:
    """Names of the areas that somebody's work is limited to."""
    return ", ".join(
        areas.label(request.city, layer, code, request.LANGUAGE_CODE)
        for layer, codes in within.items()
        for code in codes
    )
