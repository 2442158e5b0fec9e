"""The payment provider of a city, as a gateway."""

from onehall.billing import queries
from onehall.billing.gateways import choosing
from onehall.billing.gateways.protocol import Gateway
from onehall.places.models import City


def gateway_of(city: City, provider: str = "") -> Gateway | None:
    """The gateway that a city pays by now, or the one that `provider` names; None where this machine has no keys for it.

    An attempt is asked about at the provider that it was begun at, though the city has chosen another since.
    """
    setup = queries.billing_of(city).setup
    if setup is None:
        return None
    document = {"provider": provider or setup.provider}
    return choosing.choose(document, city=city.slug, access=choosing.access()).gateway
