from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GuidanceConfig(AppConfig):
    name = "guidance"
    verbose_name = _("Customer guidance")

    def ready(self) -> None:
        from guidance import handover, services
        from guidance.models import Requirement
        from process import panels
        from process.services import counter
        from process.views import history

        counter.register_taker("guidance", handover.take, receiver="sr")
        counter.register_returner("guidance.guidanceplan", services.returned)
        # The codes of requirements stand in the package of the handover too.
        history.VALUES.setdefault("priority", {}).update(Requirement.Priority.choices)
        history.VALUES.setdefault("answer", {}).update(Requirement.Answer.choices)
        panels.register(
            on="projects.project",
            title=_("Customer guidance"),
            url_name="guidance:guidance-plan-panel",
            position=30,
        )
