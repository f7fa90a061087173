from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    name = "delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        from delivery import handover
        from delivery.models import StatusReport
        from delivery.services import order
        from process import panels
        from process.services import counter
        from process.views import history

        # Contract to delivery is always taken by hand, even by oneself: promises are read, not assumed.
        counter.register_taker("delivery", handover.take, receiver="fr", by_hand=True)
        counter.register_returner("delivery.deliveryorder", order.returned)
        history.VALUES.setdefault("health", {}).update(StatusReport.Health.choices)
        for title, name, position in (
            (_("Delivery"), "delivery-order", 70),
            (_("Deliverables"), "deliverable", 71),
            (_("Acceptances"), "acceptance", 72),
            (_("Change orders"), "change-order", 73),
            (_("Early starts"), "early-start", 69),
        ):
            panels.register(on="projects.project", title=title, url_name=f"delivery:{name}-panel", position=position)
