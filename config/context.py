"""Takes a request, gives what every page of the site says about itself."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str]:
    return {"site_name": settings.SITE_NAME, "postal_address": settings.POSTAL_ADDRESS}
