"""The kernel room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class KernelConfig(AppConfig):
    """Names the room."""

    name = "onehall.kernel"
    label = "kernel"
    verbose_name = _("Foundation")
    default_auto_field = "django.db.models.BigAutoField"
