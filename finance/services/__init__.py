"""Every write on money inside a deal, one module per record."""
