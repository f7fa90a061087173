"""Routes of projects; the page, the board and the decision sheet stand before the generic ones."""

from django.urls import path

from projects import views

app_name = "projects"
urlpatterns = [
    path("projects/board/", views.stage_board, name="project-board"),
    path("projects/<int:pk>/", views.project_page, name="project-detail"),
    path("projects/<int:pk>/decision-sheet/", views.decision_sheet, name="decision-sheet"),
    *views.ProjectOutlet.urls(),
]
