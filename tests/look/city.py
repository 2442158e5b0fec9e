"""A city as the page frames see it: plain values, no database."""

from types import SimpleNamespace

SPRINGFIELD = SimpleNamespace(
    name="Springfield",
    time_zone="America/Los_Angeles",
    languages=["en", "es"],
    brand={},
    notice={},
    revision=3,
    emergency={
        "number": "911",
        "words": {"en": "A live wire? Call 911 first.", "es": "Llame al 911."},
    },
    contact={"phone": "555-0140", "phone_hours": {"en": "weekdays 8 to 6", "es": "de 8 a 6"}},
)
