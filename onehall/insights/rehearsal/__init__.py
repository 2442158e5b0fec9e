"""Rehearsing a draft: real cases played through the set-up of today and through another one, side by side.

Both sides are played by the same rules, so that a difference comes from the draft and not from what people
decided otherwise. Nothing is written: `stored.read_only` holds the database to that.
"""

from onehall.insights.rehearsal.rehearse import rehearse
from onehall.insights.rehearsal.report import Report, from_doc
from onehall.insights.rehearsal.setups import Setup, of_city, of_pack

__all__ = ["Report", "Setup", "from_doc", "of_city", "of_pack", "rehearse"]
