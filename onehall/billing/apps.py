"""The billing room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    """Names the room, registers its recurring work and takes what payment providers tell."""

    name = "onehall.billing"
    label = "billing"
    verbose_name = _("Billing")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Open attempts every five minutes, penalties and reminders every hour, what the provider says every day."""
        from onehall.billing import events, tasks
        from onehall.messaging import handlers

        handlers.register(events.TOPIC, events.work)
        handlers.every("billing.sweep", 300, tasks.sweep)
        handlers.every("billing.plans", 3600, tasks.keep_plans)
        handlers.every("billing.penalties", 3600, tasks.add_penalties)
        handlers.every("billing.reminders", 3600, tasks.remind)
        handlers.every("billing.payouts", 21_600, tasks.take_payouts)
        handlers.every("billing.look_again", 86_400, tasks.look_again)
        handlers.every("billing.proof", 86_400, tasks.prove)
