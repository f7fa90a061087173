"""The addresses below /api/: every outlet's, those of the pages that are more than an outlet, schema and docs."""

from django.urls import include, path

from accounts import api as accounts
from approvals import api as approvals
from billing import api as billing
from closing import api as closing
from core.api.documents import DocumentsView, SchemaView
from dashboard import api as dashboard
from desk import api as desk
from finance import api as finance
from maturity import api as maturity
from process.api import editor, kernel, mining, segregation, steps
from process.api.outlets import routes
from process.outlet import outlets
from projects import api as projects

version_1 = [
    path("me/", accounts.MeView.as_view(), name="me"),
    path("me/language/", accounts.LanguageView.as_view(), name="me-language"),
    path("me/delegations/", accounts.DelegationView.as_view(), name="delegations"),
    path("me/delegations/<int:pk>/end/", accounts.DelegationEndView.as_view(), name="delegation-end"),
    path("notices/", accounts.NoticeView.as_view(), name="notices"),
    path("notices/read/", accounts.NoticeReadView.as_view(), name="notices-read"),
    path("inbox/", desk.InboxView.as_view(), name="inbox"),
    path("search/", desk.SearchView.as_view(), name="search"),
    path("dashboard/", dashboard.DashboardView.as_view(), name="dashboard"),
    path("maturity/coverage/", maturity.CoverageView.as_view(), name="coverage"),
    path("maturity/sheet/", maturity.SheetView.as_view(), name="coverage-sheet"),
    path("maturity/take/", maturity.SheetTakeView.as_view(), name="coverage-take"),
    path("maturity/trend/", maturity.TrendView.as_view(), name="maturity-trend"),
    path("maturity/levels/", maturity.LevelsView.as_view(), name="maturity-levels"),
    path("maturity/levels/<str:code>/", maturity.StageView.as_view(), name="maturity-stage"),
    path("maturity/levels/<str:code>/target/", maturity.TargetView.as_view(), name="maturity-target"),
    path("maturity/levels/<str:code>/assess/", maturity.AssessView.as_view(), name="maturity-assess"),
    path("approvals/", approvals.RequestsView.as_view(), name="approvals"),
    path("authority/", approvals.AuthorityView.as_view(), name="authority"),
    path("authority/load/", approvals.LoadView.as_view(), name="authority-load"),
    path("authority/what-if/", approvals.WhatIfView.as_view(), name="authority-what-if"),
    path("pick/<str:kind>/", kernel.PickView.as_view(), name="pick"),
    path("steps/<str:kind>/<int:pk>/", steps.RecordStepsView.as_view(), name="steps"),
    path("steps/<str:kind>/<int:pk>/<str:code>/confirm/", steps.StepConfirmView.as_view(), name="step-confirm"),
    path("process/", steps.MapView.as_view(), name="process-map"),
    path("process/handbook/", steps.HandbookView.as_view(), name="process-handbook"),
    path("process/events/<str:kind>/", mining.EventLogView.as_view(), name="event-log"),
    path("process/steps/<str:code>/", steps.StepSheetView.as_view(), name="process-step"),
    path("process/versions/", editor.VersionsView.as_view(), name="process-versions"),
    path("process/versions/<int:number>/", editor.VersionView.as_view(), name="process-version"),
    path("process/versions/<int:number>/roll-back/", editor.RollBackView.as_view(), name="process-roll-back"),
    path("process/draft/", editor.DraftView.as_view(), name="process-draft"),
    path("process/draft/publish/", editor.PublishView.as_view(), name="process-draft-publish"),
    path("process/draft/discard/", editor.DiscardView.as_view(), name="process-draft-discard"),
    path("process/draft/steps/", editor.NewStepView.as_view(), name="process-draft-new-step"),
    path("process/draft/steps/<str:code>/", editor.DraftStepView.as_view(), name="process-draft-step"),
    path("process/draft/steps/<str:code>/remove/", editor.RemoveView.as_view(), name="process-draft-remove-step"),
    path("segregation/", segregation.TableView.as_view(), name="segregation"),
    path("segregation/<int:pk>/", segregation.RuleView.as_view(), name="segregation-rule"),
    path("segregation/report/", segregation.ReportView.as_view(), name="segregation-report"),
    path("files/<int:pk>/", kernel.FileView.as_view(), name="file"),
    path("projects/<int:pk>/progress/", projects.ProgressView.as_view(), name="project-progress"),
    path("projects/<int:pk>/decision-sheet/", projects.DecisionSheetView.as_view(), name="project-decision-sheet"),
    path("projects/<int:pk>/evidence-pack/", projects.EvidencePackView.as_view(), name="project-evidence-pack"),
    path("projects/<int:pk>/move-preview/", projects.MovePreviewView.as_view(), name="project-move-preview"),
    path("collection/", billing.CollectionView.as_view(), name="collection"),
    path("collection/work/", billing.WorkbenchView.as_view(), name="collection-work"),
    path("collection/plan/", billing.CollectionPlanView.as_view(), name="collection-plan"),
    path("collection/plan/items/", billing.CollectionPlanItemsView.as_view(), name="collection-plan-items"),
    path("ageing/", billing.AgeingView.as_view(), name="ageing"),
    path("dunning-letters/<int:pk>/paper/", billing.LetterPaperView.as_view(), name="letter-paper"),
    path("customers/<int:pk>/statement/", billing.CustomerStatementView.as_view(), name="customer-statement"),
    path("positions/<int:case_id>/", billing.PositionView.as_view(), name="position"),
    path("learned/<int:case_id>/", closing.LearnedView.as_view(), name="learned"),
    path("books/", finance.BooksView.as_view(), name="book-list"),
    path("books/<int:pk>/", finance.BookView.as_view(), name="book-detail"),
    path("books/<int:pk>/entries/", finance.LedgerPostingsView.as_view(), name="book-entries"),
    path("books/<int:pk>/forecast/", finance.ForecastView.as_view(), name="book-forecast"),
    path("cost-sheets/<int:pk>/compare/<int:other_pk>/", finance.CompareView.as_view(), name="cost-sheet-compare"),
    path("books/<int:pk>/alerts/<int:alert_id>/explain/", finance.ExplainView.as_view(), name="alert-explain"),
    *[route for outlet in outlets() for route in routes(outlet)],
]
urlpatterns = [
    path("v1/", include((version_1, "api"))),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocumentsView.as_view(), name="api-docs"),
]
