"""Every public path of the site. Links that travel in mail are short: they must fit a header line."""

from django.contrib import admin
from django.urls import include, path

# Here, and not with every command: the desk is a tenth of what one takes to start.
admin.autodiscover()

urlpatterns = [
    path("", include("digest.urls")),
    path("", include("subscriptions.urls")),
    path("anymail/", include("digest.views.webhooks")),
    path("admin/", admin.site.urls),
]
