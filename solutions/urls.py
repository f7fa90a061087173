"""Routes of solutions, quotes, tenders and proofs of concept."""

from solutions.views import PocOutlet, QuoteOutlet, SolutionOutlet, TenderOutlet

app_name = "solutions"
urlpatterns = [
    *SolutionOutlet.urls(),
    *QuoteOutlet.urls(),
    *TenderOutlet.urls(),
    *PocOutlet.urls(),
]
