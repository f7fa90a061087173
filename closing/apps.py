from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClosingConfig(AppConfig):
    name = "closing"
    verbose_name = _("Final accounts")

    def ready(self) -> None:
        from closing import handover
        from process import panels
        from process.services import counter

        counter.register_taker("closing", handover.take, receiver="pfc")
        panels.register(on="projects.project", title=_("Final accounts"), url_name="closing:closing-panel", position=90)
        lessons = _("Learned from closed projects")
        panels.register(on="finance.costsheet", title=lessons, url_name="closing:learned-panel")
