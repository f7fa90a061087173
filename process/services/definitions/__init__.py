"""The L3 catalogue as versioned data: reading and checking files, drafts, publishing, moving running cases."""

from process.services.definitions.checking import Company, binders, known_actions, known_company
from process.services.definitions.drafts import (
    current_draft,
    discard_draft,
    publish_draft,
    remove_step,
    start_draft,
    write_step,
)
from process.services.definitions.moving import MOVERS, move_case, preview_move
from process.services.definitions.publishing import (
    Delivery,
    Difference,
    check,
    deliver,
    differences,
    publish,
    read_catalogue,
    roll_back,
)
from process.services.definitions.reading import read_artefacts

__all__ = [
    "MOVERS",
    "Company",
    "Delivery",
    "Difference",
    "binders",
    "check",
    "current_draft",
    "deliver",
    "differences",
    "discard_draft",
    "known_actions",
    "known_company",
    "move_case",
    "preview_move",
    "publish",
    "publish_draft",
    "read_artefacts",
    "read_catalogue",
    "remove_step",
    "roll_back",
    "start_draft",
    "write_step",
]
