"""Forms of the sign-in library, changed where the city's residents come in."""

from typing import override

from allauth.account.forms import RequestLoginCodeForm

from onehall.config.accounts import city_of, resident_sign_in


class RequestCodeForm(RequestLoginCodeForm):  # type: ignore[misc]  # the library ships no types
    """A code goes to staff and to every address that has reported something to this city.

    The answer is the same for an unknown address, so nobody learns who has written to the city.
    """

    @override
    def clean_email(self) -> str:
        """The typed address; whoever reported with it can sign in from now on."""
        email: str = super().clean_email()
        if email and self._user is None:
            self._user = resident_sign_in(city_of(), email)
        return email
