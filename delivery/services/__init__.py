"""Delivery's verbs, one module per record."""
