"""The as-is inventory in the back room: read-only."""

from django.contrib import admin

from maturity.models import Practice
from process.admin import RecordAdmin

admin.site.register(Practice, RecordAdmin)
