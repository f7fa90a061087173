"""立项: the project, the spine that every stage's record hangs on, from initiation to closing."""

from projects.models.parts import ResourceNeed, StageEntry, VariantStage
from projects.models.project import EARLY_STAGES, GATES, Level, Project

__all__ = ["EARLY_STAGES", "GATES", "Level", "Project", "ResourceNeed", "StageEntry", "VariantStage"]
