"""The back room: look-up only."""

from django.contrib import admin

from process.admin import RecordAdmin
from solutions.models import Poc, Quote, Solution, Tender

admin.site.register([Solution, Quote, Tender, Poc], RecordAdmin)
