"""Bank files: what a bank exports, read line by line in flat memory, refused in one sentence where it is hostile.

`BankFile` is the way in. Nothing here writes; layouts (which column means what) are data.
"""

from billing.bankfiles.layouts import Layout
from billing.bankfiles.lines import BankLine, Problem
from billing.bankfiles.reading import BankFile

__all__ = ["BankFile", "BankLine", "Layout", "Problem"]
