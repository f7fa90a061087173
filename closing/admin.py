"""Final accounts in the back room: read-only."""

from django.contrib import admin

from closing.models import Closing
from process.admin import RecordAdmin

admin.site.register(Closing, RecordAdmin)
