"""Writes of the register: customers and suppliers, one module each."""
