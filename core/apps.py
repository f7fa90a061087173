"""The ground floor as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    """Money, numbers, paging, search, calendar: what every floor stands on and no floor owns."""

    name = "core"
    label = "core"
    verbose_name = _("Basic data")
    default_auto_field = "django.db.models.BigAutoField"
