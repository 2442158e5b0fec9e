"""The casework room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaseworkConfig(AppConfig):
    """Names the room and registers its recurring work."""

    name = "onehall.casework"
    label = "casework"
    verbose_name = _("Casework")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Timers every 20 seconds, forgotten drafts and old presences every hour; reminders to the staff."""
        from onehall.casework import handing, tasks, telling, telling_bodies
        from onehall.messaging import handlers

        handlers.register(telling.STAFF_TOPIC, telling.tell_staff)

        handlers.every("casework.timers", 20, tasks.sweep_some, everywhere=True)
        handlers.every("casework.ladders", 60, tasks.sweep_ladders)
        handlers.register(handing.TOPIC, telling_bodies.tell_body)
        handlers.every("casework.bodies", 600, tasks.sweep_bodies)
        handlers.every("casework.drafts", 3600, tasks.purge_drafts)
        handlers.every("casework.presence", 3600, tasks.purge_presence)
        handlers.every("casework.for_you", 30, tasks.mail_for_you)
        handlers.every("casework.for_you_purge", 3600, tasks.purge_for_you)
