"""Takes what the desk's door enqueues; calls one service each."""

from __future__ import annotations

from celery import shared_task


@shared_task(ignore_result=True)
def mail_password_link(address: str) -> None:
    from config.door.passwords import mail_link  # which enqueues this

    mail_link(address)
