"""Delivery's tables: the order with its plan, deliverables, acceptances, changes and early starts."""

from delivery.models.acceptance import Acceptance, AcceptanceRelease
from delivery.models.change import ChangeCost, ChangeLine, ChangeOrder
from delivery.models.deliverable import Deliverable
from delivery.models.early import EarlyStart
from delivery.models.order import DeliveryOrder, Milestone, Risk, Shipment, StatusReport, WorkRecord

__all__ = [
    "Acceptance",
    "AcceptanceRelease",
    "ChangeCost",
    "ChangeLine",
    "ChangeOrder",
    "Deliverable",
    "DeliveryOrder",
    "EarlyStart",
    "Milestone",
    "Risk",
    "Shipment",
    "StatusReport",
    "WorkRecord",
]
