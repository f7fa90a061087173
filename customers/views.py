"""Pages of customers and suppliers."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.filters import CustomerFilter, SupplierFilter
from customers.forms import ContactForm, CustomerForm, RemoveContactForm, SupplierForm
from customers.models import KEEPERS, Contact, Customer, Supplier
from customers.services import customer as customer_services
from customers.services import supplier as supplier_services
from process import show
from process.outlet import Outlet
from process.shapes import Act, Row, Table

_CONTACT_WHO = ("owner", *KEEPERS, "@is_account_manager")


class CustomerOutlet(Outlet):
    """The customer register."""

    model = Customer
    services = customer_services
    form = CustomerForm
    filterset = CustomerFilter
    icon = "building"
    columns = ("code", "title", "tier", "credit", "industry", "region", "owner", "state")
    related = ("owner", "industry")
    facts = (
        (_("Company"), ("title", "short_name", "tax_id", "parent", "industry", "ownership", "size", "is_public_body")),
        (_("Our view"), ("tier", "credit", "owner", "department")),
        (_("Address"), ("region", "country", "address", "phone", "email")),
        (_("Invoice and bank"), ("invoice_address", "bank", "bank_account")),
    )
    acts = {
        "add_contact": Act(_("Add contact"), ContactForm, who=_CONTACT_WHO),
        "remove_contact": Act(_("Contact has left"), RemoveContactForm, who=_CONTACT_WHO),
    }
    sorts = {"code": ("code", "id"), "name": ("title", "id")}
    create_label = _("New customer")
    empty_text = _("Everyone we sell to stands here once. Register a customer, or qualify a lead.")

    def tables(self, record: Any, user: User) -> list[Table]:
        """The people at the customer."""
        columns = [show.column(Contact, name) for name in ("name", "job", "phone", "email", "is_decider")]
        contacts = record.contacts.filter(is_active=True).order_by("name")[:100]
        rows = [Row([show.cell(one, column.key) for column in columns]) for one in contacts]
        return [Table(_("Contacts"), columns, rows, id="contacts", empty_text=_("Nobody is named here yet."))]


class SupplierOutlet(Outlet):
    """The supplier register."""

    model = Supplier
    services = supplier_services
    form = SupplierForm
    filterset = SupplierFilter
    icon = "truck"
    columns = ("code", "title", "taxpayer", "is_sme", "region", "state")
    facts = (
        (_("Company"), ("title", "tax_id", "taxpayer", "is_sme", "contact_name", "phone", "email")),
        (_("Address"), ("region", "country", "address")),
        (_("Bank"), ("bank", "bank_account")),
    )
    sorts = {"code": ("code", "id"), "name": ("title", "id")}
    create_label = _("New supplier")
    empty_text = _("Everyone we buy from stands here. Register a supplier before ordering.")
