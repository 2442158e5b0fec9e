"""In which modes the demo's own pages are there: one-press sign-in and the mailbox."""

from typing import Final

DEMO_MODES: Final = frozenset({"demo", "test", "development"})
