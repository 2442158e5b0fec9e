"""Who of the staff may see how to reach residents."""

from typing import Final

from onehall.people.actor import Actor

SEE_CONTACTS: Final = frozenset({"agent", "crew", "supervisor", "auditor", "admin"})
"""Roles that work with residents, or must be able to read everything."""


def sees_contacts(actor: Actor) -> bool:
    """Whether names, addresses and phone numbers of residents are for this person's eyes."""
    return actor.is_staff and bool(actor.roles & SEE_CONTACTS)
