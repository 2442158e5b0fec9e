"""How the sign-in library behaves here: accounts are made by the city, never by signing up."""

from typing import override

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Sign-up is closed; staff are added by an administrator or by the city pack."""

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False
