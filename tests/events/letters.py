"""Mails as servers and people send them back: what Postfix, Exchange, Exim, qmail and feedback loops write."""

from __future__ import annotations

from textwrap import dedent

from digest.models import Delivery

DIGEST = """\
Return-Path: <{sender}>
Received: by mail.example.org (Postfix) id 4A1B; Tue, 14 Jul 2026 05:00:01 +0000
From: Paperboy <digest@example.org>
To: {recipient}
Subject: Attention is not all you need
Message-ID: <{uid}@example.org>
List-ID: Paperboy <digest.example.org>
"""


def _mail(text: str, **values: object) -> bytes:
    filled = dedent(text).lstrip("\n")
    for name, value in values.items():
        filled = filled.replace("{" + name + "}", str(value))
    return filled.replace("\n", "\r\n").encode()


def _about(delivery: Delivery | None, recipient: str) -> dict[str, str]:
    """`uid`, `recipient` and the digest's own headers."""
    uid = str(delivery.uid) if delivery else "00000000-0000-4000-8000-000000000000"
    address = recipient or (delivery.subscriber.email if delivery and delivery.subscriber else "x@example.org")
    sender = f"bounces+{uid.replace('-', '')}@example.org"
    digest = DIGEST.format(sender=sender, recipient=address, uid=uid)
    return {"digest": digest, "uid": uid, "recipient": address, "sender": sender}


def postfix(
    delivery: Delivery | None,
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <reader@example.net>: Recipient address rejected: User unknown",
    action: str = "failed",
    recipient: str = "",
    to: str = "",
) -> bytes:
    """What Postfix's bounce(8) sends to the envelope sender."""
    about = _about(delivery, recipient)
    return _mail(
        """
        Return-Path: <>
        Received: by mail.example.org (Postfix) id 9C2D; Tue, 14 Jul 2026 05:00:09 +0000 (UTC)
        Date: Tue, 14 Jul 2026 05:00:09 +0000 (UTC)
        From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
        Subject: Undelivered Mail Returned to Sender
        To: {to}
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4A1B.1784005209/mail.example.org"
        Content-Transfer-Encoding: 8bit
        Message-Id: <20260714050009.9C2D@mail.example.org>

        This is a MIME-encapsulated message.

        --4A1B.1784005209/mail.example.org
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        This is the mail system at host mail.example.org.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients. It's attached below.

        <{recipient}>: host mx.example.net[192.0.2.7] said: {diagnostic} (in reply to
            RCPT TO command)

        --4A1B.1784005209/mail.example.org
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mail.example.org
        X-Postfix-Queue-ID: 4A1B
        X-Postfix-Sender: rfc822; {sender}
        Arrival-Date: Tue, 14 Jul 2026 05:00:01 +0000 (UTC)

        Final-Recipient: rfc822; {recipient}
        Original-Recipient: rfc822;{recipient}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx.example.net
        Diagnostic-Code: {diagnostic}

        --4A1B.1784005209/mail.example.org
        Content-Description: Undelivered Message Headers
        Content-Type: text/rfc822-headers
        Content-Transfer-Encoding: 8bit

        {digest}
        --4A1B.1784005209/mail.example.org--
        """,
        **{**about, "to": to or about["sender"], "status": status, "diagnostic": diagnostic, "action": action},
    )


def exchange(delivery: Delivery) -> bytes:
    """With the whole message, and an address in UTF-8 (RFC 6533)."""
    return _mail(
        """
        From: <postmaster@example.net>
        To: {sender}
        Date: Tue, 14 Jul 2026 05:01:00 +0000
        Content-Type: multipart/report; report-type=delivery-status; boundary="_a_"
        Message-ID: <9@example.net>
        Subject: Undeliverable: Attention is not all you need
        Auto-Submitted: auto-replied

        --_a_
        Content-Type: text/html

        <p>Your message couldn't be delivered.</p>

        --_a_
        Content-Type: message/global-delivery-status

        Reporting-MTA: dns;EX01.example.net

        Original-recipient: utf-8;{recipient}
        Final-recipient: utf-8;{recipient}
        Action: failed
        Status: 5.1.10
        Diagnostic-code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

        --_a_
        Content-Type: message/rfc822

        {digest}
        Twenty papers for you.

        --_a_--
        """,
        **_about(delivery, ""),
    )


def exim(delivery: Delivery, recipient: str = "") -> bytes:
    """In plain words, as Exim 4.8 and older."""
    return _mail(
        """
        Return-path: <>
        From: Mail Delivery System <Mailer-Daemon@mx.example.net>
        To: {sender}
        X-Failed-Recipients: {recipient}
        Auto-Submitted: auto-replied
        Subject: Mail delivery failed: returning message to sender
        Message-Id: <E1-0001@mx.example.net>
        Date: Tue, 14 Jul 2026 05:00:09 +0000

        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          {recipient}
            550 5.1.1 no such user

        ------ This is a copy of the message, including all the headers. ------

        {digest}
        """,
        **_about(delivery, recipient),
    )


def qmail(delivery: Delivery) -> bytes:
    return _mail(
        """
        Return-Path: <>
        Date: 14 Jul 2026 05:00:09 -0000
        From: MAILER-DAEMON@mx.example.net
        To: {sender}
        Subject: failure notice

        Hi. This is the qmail-send program at mx.example.net.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <{recipient}>:
        Sorry, no mailbox here by that name. (#5.1.1)

        --- Below this line is a copy of the message.

        {digest}
        """,
        **_about(delivery, ""),
    )


def feedback(delivery: Delivery, kind: str = "abuse", recipient: str = "", named: bool = True) -> bytes:
    """A complaint in the Abuse Reporting Format."""
    about = _about(delivery, recipient)
    line = f"Original-Rcpt-To: {about['recipient']}\n        " if named else ""
    return _mail(
        """
        From: <feedback@isp.example.net>
        Date: Tue, 14 Jul 2026 06:00:00 +0000
        Subject: FW: Attention is not all you need
        To: <abuse@example.org>
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report; boundary="part"
        Message-ID: <77@isp.example.net>

        --part
        Content-Type: text/plain; charset="US-ASCII"

        This is an email abuse report.

        --part
        Content-Type: message/feedback-report

        Feedback-Type: {kind}
        User-Agent: SomeGenerator/1.0
        Version: 1
        Original-Mail-From: <{sender}>
        {line}Source-IP: 192.0.2.1

        --part
        Content-Type: message/rfc822
        Content-Disposition: inline

        {digest}
        Twenty papers for you.

        --part--
        """.replace("{line}", line),
        **{**about, "kind": kind},
    )


def out_of_office(delivery: Delivery, *, says_so: bool = True) -> bytes:
    return _mail(
        """
        Return-Path: <>
        From: Ada Lovelace <{recipient}>
        To: {sender}
        Subject: Automatic reply: delivery failed to reach me
        {header}In-Reply-To: <{uid}@example.org>
        References: <{uid}@example.org>

        I am away, and could not be delivered. <{uid}@example.org> 550 5.1.1
        """.replace("{header}", "Auto-Submitted: auto-replied\n        " if says_so else ""),
        **_about(delivery, ""),
    )


def note(to: str, *headers: str, sender: str = "reader@example.net") -> bytes:
    """A mail that a person, or their mail program, writes."""
    lines = [f"From: {sender}", f"To: {to}", "Subject: unsubscribe", *headers, "", "unsubscribe", ""]
    return "\r\n".join(lines).encode()
