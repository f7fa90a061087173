from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("Operations")

    def ready(self) -> None:
        from operations import handover
        from process import panels
        from process.services import counter

        counter.register_taker("operations", handover.take, receiver="service")
        for title, name, position in (
            (_("Service agreements"), "service-agreement", 80),
            (_("Inspections"), "inspection", 81),
            (_("Tickets"), "ticket", 82),
        ):
            panels.register(on="projects.project", title=title, url_name=f"operations:{name}-panel", position=position)
