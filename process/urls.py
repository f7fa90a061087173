from django.urls import path

from process.handovers import HandoverOutlet
from process.improvements import ImprovementOutlet
from process.views import event_log, handbook, kernel, process_draft, process_map, segregation

app_name = "process"
urlpatterns = [
    *HandoverOutlet.urls(),
    *ImprovementOutlet.urls(),
    path("pick/<str:kind>/", kernel.pick, name="pick"),
    path("files/<int:pk>/", kernel.download, name="file"),
    path("process/", process_map.process_map, name="map"),
    path("process/handbook/", handbook.handbook, name="handbook"),
    path("process/events/<str:kind>/", event_log.event_log, name="event-log"),
    path("segregation/", segregation.table, name="segregation"),
    path("segregation/new/", segregation.rule, name="segregation-new-rule"),
    path("segregation/<int:pk>/", segregation.rule, name="segregation-rule"),
    path("segregation/report/", segregation.report, name="segregation-report"),
    path("segregation/report/export/", segregation.export, name="segregation-export"),
    path("process/steps/<str:code>/", process_map.step_sheet, name="step"),
    path("process/versions/", process_map.versions, name="versions"),
    path("process/versions/<int:number>/", process_map.version, name="version"),
    path("process/versions/<int:number>/roll-back/", process_draft.roll_back, name="roll-back"),
    path("process/draft/", process_draft.draft, name="draft"),
    path("process/draft/publish/", process_draft.publish, name="draft-publish"),
    path("process/draft/discard/", process_draft.discard, name="draft-discard"),
    path("process/draft/steps/new/", process_draft.step, name="draft-new-step"),
    path("process/draft/steps/<str:code>/", process_draft.step, name="draft-step"),
    path("process/draft/steps/<str:code>/remove/", process_draft.remove, name="draft-remove-step"),
]
