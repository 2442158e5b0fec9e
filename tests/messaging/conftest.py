"""A city for rows of messaging."""

import pytest

from onehall.places.models import City


@pytest.fixture
def city(db: None) -> City:
    return City.objects.create(
        slug="port-alder",
        name="Port Alder",
        languages=["en", "es"],
        hosts=["portalder.example"],
        contact={"email": "hello@portalder.example", "reply_to": "answers@portalder.example"},
    )
