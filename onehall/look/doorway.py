"""What every door does first: which city was asked, in which language, from where, and who is acting."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from onehall.kernel import addresses
from onehall.kernel.database import net
from onehall.look.errors import NoCityYet
from onehall.people.actor import Actor, resident
from onehall.people.queries import staff_actor
from onehall.places.models import City
from onehall.places.queries import UnknownCity, city_for_host

WITHOUT_CITY = ("/healthz", "/readyz", "/static/")
LANGUAGE_YEAR = 365 * 24 * 3600


class CityRequest(HttpRequest):
    """A request as the pages see it, for annotations."""

    city: City
    actor: Actor


class CityMiddleware:
    """Sets `request.city`, `request.actor`, the language and the city's time zone.

    A host that is no city's answers 404. `?lang=` switches the language and is remembered.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Prepare the request and pass it on."""
        if request.path.startswith(WITHOUT_CITY):
            return self.get_response(request)
        try:
            city = city_for_host(request.get_host())
        except UnknownCity as unknown:
            if not City.objects.exists():
                raise NoCityYet from unknown
            raise Http404(str(unknown)) from unknown
        net.see_city(city.id)
        asked = cast(Any, request)
        asked.city = city
        asked.actor = SimpleLazyObject(lambda: _actor(request, city))
        chosen = self._language(request, city)
        request.LANGUAGE_CODE = chosen
        # Only while this request is answered: the thread goes on to other work.
        with translation.override(chosen), timezone.override(city.time_zone):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", chosen)
        if "lang" in request.GET and chosen == request.GET["lang"]:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                chosen,
                max_age=LANGUAGE_YEAR,
                samesite="Lax",
                secure=settings.LANGUAGE_COOKIE_SECURE,
            )
        return response

    def _language(self, request: HttpRequest, city: City) -> str:
        wanted = (
            request.GET.get("lang", ""),
            request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
            translation.get_language_from_request(request),
        )
        for code in wanted:
            for known in (code, code.partition("-")[0]):
                if known in city.languages:
                    return known
        return str(city.languages[0])


def connection_of(request: HttpRequest) -> str:
    """What limits count a request under: its client's address, behind a trusted proxy too."""
    client = addresses.client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )
    return addresses.connection(client)


def _actor(request: HttpRequest, city: City) -> Actor:
    user = request.user
    if user.is_authenticated:
        staff = staff_actor(user, city)
        if staff is not None:
            return staff
    return resident(city.id)
