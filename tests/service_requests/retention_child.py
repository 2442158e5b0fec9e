"""A run of the rules of retention in a process of its own, for the test that kills it: SLUG SIZE NOW."""

import sys
from datetime import datetime

import django

if __name__ == "__main__":
    django.setup()
    from onehall.places.models import City
    from onehall.service_requests import retention

    slug, size, now = sys.argv[1:]
    retention.BATCH = int(size)  # type: ignore[misc]

    def tell(count: int) -> None:
        """One line per batch, for the parent to count."""
        sys.stdout.write(f"{count}\n")
        sys.stdout.flush()

    retention.carry_out(City.objects.get(slug=slug), now=datetime.fromisoformat(now), seen=tell)
