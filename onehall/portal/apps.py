"""The portal room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    """Names the room."""

    name = "onehall.portal"
    label = "portal"
    verbose_name = _("Resident pages")
    default_auto_field = "django.db.models.BigAutoField"
