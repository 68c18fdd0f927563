"""Public pages: nouns."""

from django.urls import include, path

from bihuan.modules.public import views

public_patterns = [
    path("public/", views.home, name="home"),
    path("public/declare", views.declare, name="declare"),
    path("public/status", views.status, name="status"),
    path("public/trips/<slug:reference>", views.trip, name="trip"),
    path("public/advice", views.advice, name="advice"),
    path("public/checkpoint", views.checkpoint, name="checkpoint"),
    path("public/checkpoint.txt", views.checkpoint_note, name="checkpoint_note"),
    path("p/<str:token>", views.person, name="person"),
    path("p/<str:token>/appeal", views.appeal, name="appeal"),
    path("p/<str:token>/tickets", views.ticket, name="ticket"),
]
urlpatterns = [path("", include((public_patterns, "public")))]
