from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("authority/", views.authority_page, name="authority"),
    *views.SpecialApprovalOutlet.urls(),
    *views.AuthorityLetterOutlet.urls(),
]
