"""The setup room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SetupConfig(AppConfig):
    """Names the room."""

    name = "onehall.setup"
    label = "setup"
    verbose_name = _("Set-up")
    default_auto_field = "django.db.models.BigAutoField"
