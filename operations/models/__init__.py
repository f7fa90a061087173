"""Operations' tables: the service agreement with the installed base, inspections and tickets."""

from operations.models.agreement import InstalledItem, ServiceAgreement
from operations.models.inspection import Inspection
from operations.models.ticket import REOPEN_DAYS, SlaPolicy, Ticket

__all__ = ["REOPEN_DAYS", "Inspection", "InstalledItem", "ServiceAgreement", "SlaPolicy", "Ticket"]
