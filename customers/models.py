"""The party register: customers with their contacts, and suppliers."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.actor import Actor
from accounts.models import User
from core.dictionary import TermField
from core.errors import Reason
from core.text import clean_text, search_text
from customers import names
from process.machine import State, StateField, States, verb
from process.models import StageRecord

# Beside the owner: the roles that keep the register in order.
KEEPERS = ("commercial", "finance", "legal", "director", "lead_manager", "sysadmin")


class Party(StageRecord):
    """What a customer and a supplier have in common: a name that is one of a kind, a tax id, an address, a bank."""

    shown_by = ("title",)

    tax_id = models.CharField(_("unified social credit code"), max_length=30, blank=True)
    name_key = models.CharField(max_length=200, editable=False, default="")
    name_core = models.CharField(max_length=200, editable=False, default="")
    region = models.CharField(_("region"), max_length=60, blank=True)
    country = models.CharField(_("country"), max_length=60, blank=True, default="中国")
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    bank = models.CharField(_("bank"), max_length=120, blank=True)
    bank_account = models.CharField(_("bank account"), max_length=60, blank=True)

    class Meta(StageRecord.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visibility(cls, user: User) -> Q:
        """The register is common to everyone who works here."""
        return Q()

    def clean(self) -> None:
        """One company stands in the register once."""
        if self.tax_id and not names.is_tax_id(self.tax_id):
            raise ValidationError({"tax_id": _now("This is no tax id: 15 to 20 letters and digits are expected.")})

    def duplicate_reasons(self, accept_similar: bool = False) -> list[Reason]:
        """Why this would be the same company twice: the same tax id always, a similar name until it is accepted."""
        others = type(self)._default_manager.exclude(pk=self.pk)
        same = others.filter(tax_id=self.tax_id).first() if self.tax_id else None
        if same is not None:
            text = _now("%(name)s has this tax id already.") % {"name": same.title}
            return [Reason(text, same.get_absolute_url())]
        if accept_similar:
            return []
        text = _now("A similar name is registered: %(name)s. Give a note to register this one all the same.")
        alike = others.filter(Q(name_key=self.name_key) | Q(name_core=self.name_core))[:5]
        return [Reason(text % {"name": one.title}, one.get_absolute_url()) for one in alike]


class Customer(Party):
    """A customer: end user, signing customer, payer or invoicing title of deals."""

    class Tier(models.TextChoices):
        STRATEGIC = "S", _("S strategic")
        KEY = "A", _("A key")
        NORMAL = "B", _("B normal")
        TAIL = "C", _("C long tail")

    class Credit(models.TextChoices):
        A = "A", _("A very good")
        B = "B", _("B good")
        C = "C", _("C limited")
        D = "D", _("D cash only")
        FROZEN = "frozen", _("Frozen")

    states = States(
        State("active", _("Active"), "green"),
        State("blocked", _("Blocked"), "red", idle=True),
    )
    code_prefix = "CU"
    tracked = False
    edit_who = ("owner", *KEEPERS, "@is_account_manager")

    state = StateField(states)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    industry = TermField("industry", _("industry"))
    ownership = TermField("ownership", _("ownership"))
    size = TermField("size", _("company size"))
    tier = models.CharField(_("tier"), max_length=1, choices=Tier, default=Tier.NORMAL)
    credit = models.CharField(_("credit class"), max_length=10, choices=Credit, default=Credit.B)
    is_public_body = models.BooleanField(_("public body"), default=False)
    invoice_address = models.CharField(_("invoice address"), max_length=300, blank=True)

    class Meta(Party.Meta):
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(fields=["tax_id"], condition=~Q(tax_id=""), name="one_customer_per_tax_id"),
        ]
        indexes = [
            *Party.Meta.indexes,
            models.Index(fields=["name_key"], name="customer_by_name"),
            models.Index(fields=["name_core"], name="customer_by_core"),
        ]

    def searchable(self) -> str:
        return search_text(self.code, self.title, self.short_name, self.tax_id)

    def is_account_manager(self, actor: Actor) -> bool:
        """Whether the actor is one of the account managers, who keep their customers' data together."""
        return actor.user is not None and actor.user.has_role("ar")

    def edit_checks(self) -> list[str]:
        """A customer is not its own parent, however far up."""
        seen, above = {self.pk}, self.parent
        while above is not None:
            if above.pk in seen:
                return [_now("A customer cannot be part of itself.")]
            seen.add(above.pk)
            above = above.parent
        return []

    def decision_facts(self, actor: Actor) -> list[tuple[str, str]]:
        return [(_now("Tier"), self.get_tier_display()), (_now("Credit class"), self.get_credit_display())]

    @verb(source="active", target="blocked", label=_("Block"), who=KEEPERS, note=True, danger=True)
    def block(self) -> None:
        """No new business with this customer until it is unblocked."""

    @verb(source="blocked", target="active", label=_("Unblock"), who=KEEPERS, note=True, primary=True)
    def unblock(self) -> None:
        """Business with this customer goes on."""


class ContactQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ContactQuerySet":
        """Contacts of the register, which is common to all who do business."""
        return self if user.sees_business else self.none()


class Contact(models.Model):
    """A person at a customer."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("customer")
    )
    name = models.CharField(pgettext_lazy("person", "name"), max_length=80)
    job = models.CharField(_("job"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    is_decider = models.BooleanField(_("decides"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    search_text = models.CharField(max_length=300, default="", editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def __str__(self) -> str:
        return f"{self.name} ({self.job})" if self.job else self.name

    @property
    def is_reachable(self) -> bool:
        """Somebody to be reached by phone or mail."""
        return bool(clean_text(self.phone).strip() or self.email)


class Supplier(Party):
    """Who we buy from."""

    class Taxpayer(models.TextChoices):
        GENERAL = "general", _("general taxpayer")
        SMALL = "small", _("small-scale taxpayer")

    states = States(
        State("active", _("Active"), "green"),
        State("blocked", _("Blocked"), "red", idle=True),
    )
    code_prefix = "SP"
    tracked = False
    open_who = ("purchasing", "finance", "commercial")
    edit_who = ("owner", "purchasing", *KEEPERS)

    state = StateField(states)
    taxpayer = models.CharField(_("taxpayer kind"), max_length=10, choices=Taxpayer, default=Taxpayer.GENERAL)
    is_sme = models.BooleanField(
        _("small or medium enterprise"),
        default=False,
        help_text=_("The law limits how long a small or medium enterprise may wait for its money."),
    )
    contact_name = models.CharField(_("contact person"), max_length=80, blank=True)

    class Meta(Party.Meta):
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.UniqueConstraint(fields=["tax_id"], condition=~Q(tax_id=""), name="one_supplier_per_tax_id"),
        ]
        indexes = [
            *Party.Meta.indexes,
            models.Index(fields=["name_key"], name="supplier_by_name"),
            models.Index(fields=["name_core"], name="supplier_by_core"),
        ]

    def searchable(self) -> str:
        return search_text(self.code, self.title, self.tax_id)

    @verb(source="active", target="blocked", label=_("Block"), who=("purchasing", *KEEPERS), note=True, danger=True)
    def block(self) -> None:
        """Nothing more is ordered here until it is unblocked."""

    @verb(source="blocked", target="active", label=_("Unblock"), who=("purchasing", *KEEPERS), note=True, primary=True)
    def unblock(self) -> None:
        """Ordering here goes on."""
