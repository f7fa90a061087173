"""回款计划与实际: what was to come in month by month, what came in, from what, and what is behind."""
