"""Exports for process mining: what happened on which deal, as XES (IEEE 1849) and as OCEL 2.0.

From the log, the case's records and the handovers alone; only deals and records that the reader may see, without notes,
amounts and addresses. People have stable pseudonyms, and names only for those with the right to see them. Deals are
read a few at a time, so that memory stays flat however long the log is.
"""
