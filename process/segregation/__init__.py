"""职责分离: what the table of two acts that no person does both of says about an act, before it and after it.

A rule names two acts. They meet on one record, or on two records of which one points to the other by a field that
its app has named (`relate`). Who did what is read from the log, so nothing but the log has to be believed.
"""

from process.segregation.acts import BuiltIn, act_label, acts, acts_of, built_in, kind_of, meet, relate
from process.segregation.before import barred_people, bars, bars_of_many, forget, meanings, meant, one_at_a_time
from process.segregation.conflicts import Conflict, Deed, codes, conflicts
from process.segregation.report import (
    Breach,
    Scope,
    breaches,
    broken_since_forbidden,
    may_read_report,
    told,
)

__all__ = [
    "Breach",
    "BuiltIn",
    "Conflict",
    "Deed",
    "Scope",
    "act_label",
    "acts",
    "acts_of",
    "barred_people",
    "bars",
    "bars_of_many",
    "breaches",
    "broken_since_forbidden",
    "built_in",
    "codes",
    "conflicts",
    "forget",
    "kind_of",
    "may_read_report",
    "meanings",
    "meant",
    "meet",
    "one_at_a_time",
    "relate",
    "told",
]
