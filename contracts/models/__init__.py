"""The contract, its lines, its payment terms and what is released of them."""

from contracts.models.contract import Contract
from contracts.models.parts import ContractLine, ContractShare, Deviation, EffectCondition, SealRecord
from contracts.models.terms import PaymentTerm, TermRelease, TermTax, TermTemplate

__all__ = [
    "Contract",
    "ContractLine",
    "ContractShare",
    "Deviation",
    "EffectCondition",
    "PaymentTerm",
    "SealRecord",
    "TermRelease",
    "TermTax",
    "TermTemplate",
]
