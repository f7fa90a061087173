"""Collection for programs."""

from billing.api.collection import (
    AgeingView,
    CollectionView,
    CustomerStatementView,
    LetterPaperView,
    PositionView,
    WorkbenchView,
)
from billing.api.plan import CollectionPlanItemsView, CollectionPlanView

__all__ = [
    "AgeingView",
    "CollectionPlanItemsView",
    "CollectionPlanView",
    "CollectionView",
    "CustomerStatementView",
    "LetterPaperView",
    "PositionView",
    "WorkbenchView",
]
