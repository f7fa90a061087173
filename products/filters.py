"""Filters of the catalogue."""

import django_filters

from products.models import Product


class ProductFilter(django_filters.FilterSet):
    """By tax rate and currency."""

    class Meta:
        model = Product
        fields = ["tax_code", "currency"]
