"""Whether the days that finance closed are as they were: as many entries, and the same export to the last bit."""

from collections.abc import Iterator

from django.db.models import Count

from onehall.billing import exporting
from onehall.billing.models import DayClose, JournalEntry
from onehall.billing.read_export import again
from onehall.places.models import City


def changed(*, city: City) -> Iterator[str]:
    """A sentence for each closed day that has other entries now, or another check sum."""
    entries = JournalEntry.objects.filter(city=city).order_by()
    counts = dict(entries.values_list("on").annotate(n=Count("pk")))
    for day in DayClose.objects.filter(city=city).order_by("on"):
        name, there = day.on.isoformat(), counts.get(day.on, 0)
        if there != day.entries:
            yield f"The closed day {name} has {there} entries now, and had {day.entries} when it was closed."
        elif exporting.made(city, day.on, day.on, again(day.export)).sha256 != day.sha256:
            yield f"The entries of the closed day {name} are others than when it was closed."
