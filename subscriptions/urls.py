"""Paths of the reader's pages. The personal ones are short: they travel in mail headers."""

from django.urls import path

from subscriptions import views

app_name = "subscriptions"
urlpatterns = [
    path("subscribe", views.subscribe, name="subscribe"),
    path("subscribe/done", views.subscribed, name="subscribed"),
    path("c/<str:token>", views.confirm, name="confirm"),
    path("c/<str:token>/again", views.confirm_again, name="confirm_again"),
    path("n/<str:token>", views.refuse, name="refuse"),
    path("p/<str:token>", views.preferences, name="preferences"),
    path("p/<str:token>/data", views.data, name="data"),
    path("d/<str:token>", views.own_data, name="own_data"),
    path("d/<str:token>/paperboy.json", views.export, name="export"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/again", views.subscribe_again, name="subscribe_again"),
]
