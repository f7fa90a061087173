"""Every write on solutions, quotes, tenders and proofs of concept: one module per record."""
