"""Routes of projects: an own page and an own board; the decision sheet and the first screen stand before the verbs."""

from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("projects/<int:pk>/decision-sheet/", views.decision_sheet, name="decision-sheet"),
    path("projects/<int:pk>/evidence-pack/", views.evidence_pack, name="evidence-pack"),
    path("projects/<int:pk>/first-screen/", views.first_screen, name="first-screen"),
    *views.ProjectOutlet.urls(detail=views.project_page, board=views.stage_board),
]
