"""How the sign-in library behaves here: accounts are made by the city, never by signing up."""

import secrets
from typing import Any, override

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context as allauth_context
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from onehall.kernel import clock
from onehall.kernel.rows import select
from onehall.look.doorway import connection_of
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewMessage
from onehall.people import actions as people
from onehall.people.models import User
from onehall.people.queries import staff_actor
from onehall.places.models import City


def city_of(request: HttpRequest | None = None) -> City:
    """The city whose page is being asked for."""
    asked: Any = request or allauth_context.request
    city: City = asked.city
    return city


def resident_sign_in(city: City, email: str) -> AbstractBaseUser | None:
    """The sign-in of a resident who has reported something with this address; None for strangers."""
    user: AbstractBaseUser | None = people.admit_resident(
        city_id=city.id, email=email, language=get_language() or "", now=clock.now()
    )
    return user


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # the library ships no types
    """Signing in as the library does it; who is signed in is read with one plain statement."""

    @override
    def get_user(self, user_id: int) -> User | None:
        """The user of a session, as long as the sign-in is not switched off."""
        found = select(User, "WHERE id = %s AND is_active", [user_id])
        return found[0] if found else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library ships no types
    """Sign-up is closed: staff are added by the city, residents come in with a code for their address."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("This e-mail and password do not belong together. Try again."),
        "incorrect_code": _("That is not the code. Type the one from the newest mail."),
        "rate_limited": _("That was too often. Wait a few minutes, then try again."),
        "too_many_login_attempts": _("That was too often. Wait a few minutes, then try again."),
    }

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    @override
    def get_client_ip(self, request: HttpRequest) -> str:
        """What the limits of signing in count: the same connection as everywhere else."""
        return connection_of(request)

    @override
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send through the city's own outbox, so that codes leave, retry and show up like all other mail."""
        city = city_of()
        words = context | {"request": allauth_context.request, "email": email, "city": city}
        mail = self.render_mail(template_prefix, email, words)
        messaging.send_message(
            message=NewMessage(
                city_id=city.id,
                key=f"{messaging.ACCOUNT}{secrets.token_hex(12)}",
                to_address=email,
                language=get_language() or city.languages[0],
                subject=mail.subject,
                body_text=str(mail.body) + "\n",
            ),
            now=clock.now(),
        )

    @override
    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Staff go to their desk, residents to their reports."""
        staff = staff_actor(request.user, city_of(request))
        if staff is None:
            return "/mine"
        return "/desk/work" if staff.roles <= {"crew", "contractor"} else "/desk"
