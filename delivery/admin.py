"""Delivery in the back room: read-only."""

from django.contrib import admin

from delivery.models import Acceptance, ChangeOrder, Deliverable, DeliveryOrder, EarlyStart
from process.admin import RecordAdmin

for model in (DeliveryOrder, Deliverable, Acceptance, ChangeOrder, EarlyStart):
    admin.site.register(model, RecordAdmin)
