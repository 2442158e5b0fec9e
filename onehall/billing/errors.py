"""Refusals of billing, worded for people."""


class BillingRefused(Exception):
    """What was asked for can not be done with this money. `str()` is a sentence for the person who asked."""


class NoBilling(BillingRefused):
    """The city takes no payments here."""
