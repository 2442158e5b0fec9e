"""Forms of the sign-in library, in this system's words and open to the city's residents."""

from typing import Any, override

from allauth.account import forms as library
from django import forms
from django.utils.translation import gettext_lazy as _

from onehall.config.accounts import city_of, resident_sign_in

LABELS = {
    "login": _("E-mail"),
    "email": _("E-mail"),
    "password": _("Password"),
    "code": _("Code from the e-mail"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
    "oldpassword": _("Password until now"),
}


class Spoken(forms.Form):
    """A label above each field and nothing written inside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name in ("password", "password1", "oldpassword", "login"):
                field.help_text = ""
            if name == "code":
                field.widget.attrs |= {"class": "short", "autocapitalize": "characters"}


class SignInForm(Spoken, library.LoginForm):  # type: ignore[misc]  # the library ships no types
    """E-mail and password, for staff."""


class RequestCodeForm(Spoken, library.RequestLoginCodeForm):  # type: ignore[misc]
    """A code goes to staff and to every address that has reported something to this city.

    The answer is the same for an unknown address, so nobody learns who has written to the city.
    """

    @override
    def clean_email(self) -> str:
        """The typed address; whoever reported with it can sign in from now on."""
        email: str = super().clean_email()
        form: Any = self
        if email and form._user is None:  # noqa: SLF001  (what the library's views read)
            form._user = resident_sign_in(city_of(), email)  # noqa: SLF001
        return email


class ConfirmCodeForm(Spoken, library.ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code that was sent."""


class ResetPasswordForm(Spoken, library.ResetPasswordForm):  # type: ignore[misc]
    """Where to send the code for a new password."""


class ConfirmResetForm(Spoken, library.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    """The code for a new password."""


class NewPasswordForm(Spoken, library.ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password."""


class ChangePasswordForm(Spoken, library.ChangePasswordForm):  # type: ignore[misc]
    """The old password and the new one."""


class AgainForm(Spoken, library.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""
