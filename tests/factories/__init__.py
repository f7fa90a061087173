"""Factories in LTC order; every record beyond its first state is made by services."""
