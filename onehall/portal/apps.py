"""The portal room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Names the room."""

    name = "onehall.portal"
    label = "portal"
    verbose_name = _("Resident pages")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Reports that came while the database was away, every ten seconds."""
        from onehall.messaging import handlers
        from onehall.portal import recording

        handlers.every("portal.waiting", 10, recording.record_waiting, everywhere=True)
