"""Orders, bills and accruals: every write on money out."""
