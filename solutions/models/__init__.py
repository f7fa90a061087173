"""方案、报价与投标: the solution with its bid package, quotes in revisions, tenders and proofs of concept."""

from solutions.models.poc import Poc
from solutions.models.quote import Quote, QuoteLine
from solutions.models.solution import Solution
from solutions.models.tender import Tender

__all__ = ["Poc", "Quote", "QuoteLine", "Solution", "Tender"]
