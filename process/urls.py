from django.urls import path

from process.handovers import HandoverOutlet
from process.views import kernel

app_name = "process"
urlpatterns = [
    *HandoverOutlet.urls(),
    path("pick/<str:kind>/", kernel.pick, name="pick"),
    path("files/<int:pk>/", kernel.download, name="file"),
]
