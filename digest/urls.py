"""Paths of the digest pages."""

from django.urls import path

from digest.views import editions, health, interests, landing, outbox, papers, previews, search, votes

app_name = "digest"
urlpatterns = [
    path("", landing.landing, name="landing"),
    path("editions/", editions.archive, name="editions"),
    path("editions/<str:kind>/<str:day>", editions.edition, name="edition"),
    path("papers/<int:pk>", papers.paper, name="paper"),
    path("papers/<int:pk>.bib", papers.bib, name="bibtex"),
    path("p/<str:token>/interests", interests.interests_page, name="interests"),
    path("v/<str:token>/<int:paper_id>/<str:which>", votes.vote, name="vote"),
    path("search/", search.search, name="search"),
    path("healthz", health.health, name="health"),
    path("readyz", health.readiness, name="readiness"),
    path("outbox/", outbox.messages, name="outbox"),
    path("outbox/<str:name>", outbox.message, name="outbox-message"),
    path("outbox/<str:name>/html", outbox.html, name="outbox-html"),
    path("previews/", previews.index, name="previews"),
    path("previews/<slug:slug>", previews.preview, name="preview"),
    path("previews/<slug:slug>/html", previews.html, name="preview-html"),
]
