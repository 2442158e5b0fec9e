"""Who of the staff fills a form in, as signed text in the form: who it was can be said while no session can be read.

It holds for a shift, and only in the browser that the form was drawn for. What it lets somebody do is looked up when the
report is recorded, not before.
"""

from dataclasses import asdict
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac

from onehall.look.doorway import CityRequest
from onehall.people.actor import Actor
from onehall.people.models import User
from onehall.people.queries import staff_actor
from onehall.places.models import City
from onehall.service_requests.waiting import Agent

FIELD: Final = "agent"
HOURS: Final = 12
_SALT: Final = "report-agent"


def sign(request: CityRequest) -> str:
    """The text for a form that somebody of the staff is shown; "" without a session."""
    actor, browser = request.actor, _browser(request)
    if actor.user_id is None or not browser:
        return ""
    agent = Agent(user=actor.user_id, city=request.city.pk, name=actor.name, call=False)
    return signing.dumps([asdict(agent), browser], salt=_SALT, compress=True)


def read(request: HttpRequest, *, call: bool) -> Agent | None:
    """Who a form was drawn for; None when it is forged, of another browser or of an earlier shift. No query."""
    try:
        said, browser = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=HOURS * 3600)
        agent = Agent(**said | {"call": call})
    except (signing.BadSignature, TypeError, ValueError):
        return None
    here = _browser(request)
    return agent if here and constant_time_compare(browser, here) else None


def actor_of(agent: Agent, city: City) -> tuple[Any, Actor] | None:
    """The user and what they may do now; None for somebody who left, or of another city."""
    user = User.objects.filter(pk=agent.user).first()
    actor = staff_actor(user, city) if agent.city == city.pk else None
    return None if actor is None else (user, actor)


def _browser(request: HttpRequest) -> str:
    """What tells browsers apart, without saying the session; "" for one that nobody is signed in with."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return salted_hmac(_SALT, session, algorithm="sha256").hexdigest()[:32] if session else ""
