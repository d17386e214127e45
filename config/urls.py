"""Every public path of the site. Links that travel in mail are short: they must fit a header line."""

from django.contrib import admin
from django.urls import include, path
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.door import passwords, second_factor
from digest.views.webhooks import webhook

# Here, and not with every command: the desk is a tenth of what one takes to start.
admin.autodiscover()
# The pages that come with django-otp show secrets and recovery codes, and add devices to any account. Each account sets
# up its own factor; `manage.py reset_second_factor` takes one away.
admin.site.unregister([TOTPDevice, StaticDevice])

urlpatterns = [
    path("", include("digest.urls")),
    path("", include("subscriptions.urls")),
    path("anymail/<path:report>", webhook),
    # Before the desk's own, which take every other address below it; their names are those that its pages look for.
    path("admin/password/", passwords.ask, name="admin_password_reset"),
    path("admin/password/asked/", passwords.DoneView.as_view(), name="admin_password_reset_done"),
    path("admin/password/changed/", passwords.CompleteView.as_view(), name="admin_password_reset_complete"),
    path("admin/password/<uidb64>/<token>/", passwords.ConfirmView.as_view(), name="admin_password_reset_confirm"),
    path("admin/second-factor/", second_factor.ask, name="desk_second_factor"),
    path("admin/second-factor/set-up/", second_factor.set_up, name="desk_second_factor_setup"),
    path("admin/", admin.site.urls),
]
