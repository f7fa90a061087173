"""Writes of the exchange: taking history in."""
