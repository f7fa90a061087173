"""The kernel's tables: case, seats, records, log, counter, steps and files."""

from process.models.case import Case, CaseRecord, Seat
from process.models.files import Attachment
from process.models.handover import Handover
from process.models.improvement import Improvement
from process.models.log import LogEntry
from process.models.record import RecordQuerySet, Reviewed, StageRecord
from process.models.saved import SavedView
from process.models.segregation import SegregationRule
from process.models.steps import AboutStep, ProcessDraft, ProcessVersion, StepDefinition, StepRecord

__all__ = [
    "AboutStep",
    "Attachment",
    "Case",
    "CaseRecord",
    "Handover",
    "Improvement",
    "LogEntry",
    "ProcessDraft",
    "ProcessVersion",
    "RecordQuerySet",
    "Reviewed",
    "SavedView",
    "Seat",
    "SegregationRule",
    "StageRecord",
    "StepDefinition",
    "StepRecord",
]
