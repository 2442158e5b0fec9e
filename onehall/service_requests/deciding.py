"""What decides where a report goes: the facts that the rules of its service may ask about."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from onehall.casework.queries import calendar_of
from onehall.casework.rules import no_card
from onehall.catalog import routing
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.expressions import fields
from onehall.people.queries import Member, members, queues
from onehall.places.models import Asset, City

if TYPE_CHECKING:
    from onehall.service_requests.actions import NewRequest

OWNER = "asset.owner"


def queue_id(city: City, key: str) -> int:
    """The queue that a route names."""
    return next(q.id for q in queues(city) if q.key == key)


def refuse_cards(new: "NewRequest") -> None:
    """Refuse a report with the number of a payment card in any of its words."""
    told = [text for text in new.answers.values() if isinstance(text, str)]
    no_card(new.words, new.place.words, new.contact.name, *told)


def facts(
    city: City, service: ServiceDefinition, new: "NewRequest", *, now: datetime
) -> dict[str, Any]:
    """The facts of a report; the owner of its asset is read only where a rule asks."""
    asks = any(r.when is not None and OWNER in fields(r.when) for r in service.routing)
    return routing.facts_of(
        answers=new.answers,
        areas=new.place.areas,
        channel=new.channel,
        placed=new.place.lon is not None,
        at=now,
        calendar=calendar_of(city),
        owner=owner_of(city, new.place.asset_id) if asks else "",
    )


def owner_of(city: City, asset_id: int | None) -> str:
    """Who looks after a thing, as the pack says; "" when it does not."""
    if asset_id is None:
        return ""
    found = Asset.objects.filter(city_id=city.pk, pk=asset_id).values_list("facts", flat=True)
    return str((found.first() or {}).get("owner", ""))


def asset_id(city: City, kind: str, code: str) -> int | None:
    """A thing by its kind and number."""
    if not kind or not code:
        return None
    found = Asset.objects.filter(city_id=city.pk, kind=kind, code=code)
    return found.values_list("pk", flat=True).first()


def person(city: City, email: str) -> Member | None:
    """The member of staff that a rule names; None when nobody works here under that address now."""
    if not email:
        return None
    return next((m for m in members(city) if m.email.lower() == email), None)
