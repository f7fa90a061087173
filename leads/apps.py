from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadsConfig(AppConfig):
    name = "leads"
    verbose_name = _("Leads")

    def ready(self) -> None:
        from leads import services
        from process import panels
        from process.services import counter

        counter.register_returner("leads.lead", services.returned)
        panels.register(on="projects.project", title=_("Lead"), url_name="leads:lead-panel", position=10)
