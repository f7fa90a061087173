from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        from approvals.forms import OpinionForm
        from process.outlet import default_verb_forms

        default_verb_forms["approve"] = OpinionForm
