"""Stripe Checkout: the payer is sent to Stripe's own pages, so that no card number passes through here."""
