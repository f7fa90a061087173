from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        from approvals.forms import OpinionForm
        from approvals.models import Decision
        from approvals.pages import figures, opinions
        from process import outlet
        from process.views import history

        outlet.default_verb_forms["approve"] = OpinionForm
        outlet.default_tables.append(opinions)
        for verb in ("approve", "send_back", "reject"):
            outlet.default_verb_facts[verb] = figures
        history.VALUES["opinion"] = dict(Decision.Opinion.choices)
