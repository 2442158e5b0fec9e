"""What every page knows: the city, the languages it can be read in, and the two links of the header."""

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from onehall.billing import queries as billing
from onehall.kernel.clock import now as read_clock
from onehall.look import maps
from onehall.look.parts import Language
from onehall.places.models import City
from onehall.service_requests import notices

if TYPE_CHECKING:
    from django.http import HttpRequest


def page(request: "HttpRequest") -> dict[str, Any]:
    """Template variables of the page frames. `city` is None where no city answers, such as on /healthz."""
    city = getattr(request, "city", None)
    return {
        "city": city,
        "city_notice": notices.told(city, read_clock()) if city is not None else None,
        "languages": languages(request, city),
        "shades": SimpleLazyObject(
            lambda: maps.shades(city) if city is not None else maps.Shades()
        ),
        "home_url": _address("portal:home", otherwise="/"),
        "mine_url": _address("portal:mine"),
        "pay_url": _address("portal:pay") if _bills(city) else "",
        "brand_url": _address("portal:brand") if city is not None and city.brand else "",
    }


def _bills(city: Any) -> bool:
    """Whether a city sends bills, so that there is something to pay."""
    return isinstance(city, City) and billing.billing_of(city).setup is not None


def languages(request: "HttpRequest", city: Any) -> list[Language]:
    """The city's languages, each with a link to this same page in it."""
    codes = list(city.languages) if city is not None else [code for code, _ in settings.LANGUAGES]
    now = translation.get_language() or ""
    current = now if now in codes else now.partition("-")[0]
    query = request.GET.copy()
    query.pop("lang", None)
    return [
        Language(
            code=code,
            name=own_name(code),
            url=f"{request.path}?{urlencode([*query.items(), ('lang', code)])}",
            current=code == current,
        )
        for code in codes
    ]


@cache
def own_name(code: str) -> str:
    """A language's name in itself; the code where there is none."""
    try:
        name = str(translation.get_language_info(code)["name_local"])
    except KeyError:
        return code
    return name[:1].upper() + name[1:]


def _address(name: str, *, otherwise: str = "") -> str:
    return _found(get_urlconf() or settings.ROOT_URLCONF, name, otherwise)


@cache
def _found(urlconf: str, name: str, otherwise: str) -> str:
    # The frames are below the doors, so they ask for a page by name and do without it when it is not there.
    try:
        return reverse(name, urlconf)
    except NoReverseMatch:
        return otherwise
