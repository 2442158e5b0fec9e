"""The billing room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Names the room and takes what payment providers tell."""

    name = "onehall.billing"
    label = "billing"
    verbose_name = _("Billing")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Handle the outbox topic of webhooks."""
        from onehall.billing import events
        from onehall.messaging import handlers

        handlers.register(events.TOPIC, events.work)
