"""Every public path of the site. Links that travel in mail are short: they must fit a header line."""

from django.contrib import admin
from django.urls import include, path

from digest.views.webhooks import webhook

# Here, and not with every command: the desk is a tenth of what one takes to start.
admin.autodiscover()

urlpatterns = [
    path("", include("digest.urls")),
    path("", include("subscriptions.urls")),
    path("anymail/<path:report>", webhook),
    path("admin/", admin.site.urls),
]
