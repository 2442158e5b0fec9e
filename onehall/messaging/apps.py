"""The messaging room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MessagingConfig(AppConfig):
    """Names the room and registers its own handlers."""

    name = "onehall.messaging"
    label = "messaging"
    verbose_name = _("Messages")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Deliveries and housekeeping: models can be imported only now."""
        from onehall.messaging import actions, handlers, tasks, worker

        handlers.register(actions.SEND_MESSAGE, tasks.deliver)
        handlers.every("messaging.housekeeping", 60, worker.housekeeping)
