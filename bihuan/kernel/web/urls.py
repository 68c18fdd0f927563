from django.urls import path

from bihuan.kernel.web import leaving, views

app_name = "web"
urlpatterns = [
    path("language", views.language, name="language"),
    path("theme", views.theme, name="theme"),
    path("exports", leaving.exports, name="exports"),
    path("exports/<uuid:link>", leaving.export, name="export"),
    path("progress/<uuid:progress_id>", views.progress, name="progress"),
    path("progress/<uuid:progress_id>/events", views.progress_events, name="progress-events"),
]
