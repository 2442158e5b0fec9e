"""Whether the days that finance closed are as they were."""

from collections.abc import Iterator

from django.db.models import Count

from onehall.billing.models import DayClose, JournalLine
from onehall.places.models import City


def changed(*, city: City) -> Iterator[str]:
    """A sentence for each closed day that has other entries now, or other sums."""
    counts = dict(
        JournalLine.objects.filter(city=city)
        .order_by()
        .values_list("entry__on")
        .annotate(n=Count("entry", distinct=True))
    )
    for day in DayClose.objects.filter(city=city).order_by("on"):
        if counts.get(day.on, 0) != day.entries:
            yield (
                f"The closed day {day.on.isoformat()} has {counts.get(day.on, 0)} entries now,"
                f" and had {day.entries} when it was closed."
            )
