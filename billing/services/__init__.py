"""Every write of billing; the verbs of each record stand in the module of its name."""

from billing.services.receivable import adjust, make_eligible, open_lines, unrelease

__all__ = ["adjust", "make_eligible", "open_lines", "unrelease"]
