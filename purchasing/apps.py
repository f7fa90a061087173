from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PurchasingConfig(AppConfig):
    name = "purchasing"
    verbose_name = _("Purchasing")

    def ready(self) -> None:
        from finance.services import period
        from process import panels, segregation
        from purchasing.models import Bill, PurchaseOrder
        from purchasing.services import accrual

        period.register_accrual(accrual.accrue)
        panels.register(
            on="projects.project",
            title=_("Purchase orders"),
            url_name="purchasing:purchase-order-panel",
            position=60,
        )
        panels.register(on="projects.project", title=_("Supplier bills"), url_name="purchasing:bill-panel", position=61)
        for model, field in ((Bill, "order"), (Bill, "supplier"), (PurchaseOrder, "supplier")):
            segregation.relate(model, field)
