"""Thirteen of Anymail's providers (Amazon SES has its own tests): settings, answers, and how to read a request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from digest.delivery.outcomes import Fault, Outcome
from tests.delivery.anymail.provider import Reply, Request

ADA = "ada@example.org"
REFUSED = (Outcome.REJECTED, Fault.MESSAGE)
SHUT_OUT = (Outcome.RETURNED, Fault.CREDENTIALS)
LATER = (Outcome.DEFERRED, Fault.MESSAGE)
IN_DOUBT = (Outcome.UNKNOWN, Fault.PROVIDER)

Verdict = tuple[Outcome, Fault]


@dataclass
class Sent:
    """What a request carries, in one shape for all."""

    to: list[str]
    headers: dict[str, str]
    metadata: dict[str, str] | None
    text: str
    html: str

    def __post_init__(self) -> None:
        self.headers = {name.lower(): value for name, value in self.headers.items()}


@dataclass
class Known:
    keys: dict[str, str]
    accepts: Callable[[str], Reply]
    read: Callable[[Request], Sent]
    message_id: str = "m-1"  # empty: Anymail makes one up
    inside: list[tuple[Reply, Verdict]] = field(default_factory=list)


def named(entries: list[dict[str, str]], name: str, value: str) -> dict[str, str]:
    return {entry[name]: entry[value] for entry in entries}


def read_brevo(request: Request) -> Sent:
    data = request.data
    custom = json.loads(data["headers"]["X-Mailin-custom"])
    return Sent([to["email"] for to in data["to"]], data["headers"], custom, data["textContent"], data["htmlContent"])


def read_mailersend(request: Request) -> Sent:
    data = request.data
    return Sent(
        [to["email"] for to in data["to"]], named(data["headers"], "name", "value"), None, data["text"], data["html"]
    )


def read_mailgun(request: Request) -> Sent:
    data = request.data
    headers = {name[2:]: value for name, value in data.items() if name.startswith("h:")}
    metadata = {name[2:]: value for name, value in data.items() if name.startswith("v:")}
    return Sent([data["to"]], headers, metadata, data["text"], data["html"])


def read_mailjet(request: Request) -> Sent:
    (message,), shared = request.data["Messages"], request.data["Globals"]
    to = [to["Email"] for to in message["To"]]
    return Sent(to, shared["Headers"], json.loads(shared["EventPayload"]), shared["TextPart"], shared["HTMLPart"])


def read_mailtrap(request: Request) -> Sent:
    data = request.data
    to = [to["email"] for to in data["to"]]
    return Sent(to, data["headers"], data["custom_variables"], data["text"], data["html"])


def read_mandrill(request: Request) -> Sent:
    data = request.data["message"]
    return Sent([to["email"] for to in data["to"]], data["headers"], data["metadata"], data["text"], data["html"])


def read_postal(request: Request) -> Sent:
    data = request.data
    return Sent(data["to"], data["headers"], None, data["plain_body"], data["html_body"])


def read_postmark(request: Request) -> Sent:
    data = request.data
    headers = named(data["Headers"], "Name", "Value")
    return Sent([data["To"]], headers, data["Metadata"], data["TextBody"], data["HtmlBody"])


def read_resend(request: Request) -> Sent:
    data = request.data
    metadata = json.loads(data["headers"]["X-Metadata"])
    return Sent(data["to"], data["headers"], metadata, data["text"], data["html"])


def read_scaleway(request: Request) -> Sent:
    data = request.data
    headers = named(data["additional_headers"], "key", "value")
    to = [to["email"] for to in data["to"]]
    return Sent(to, headers, json.loads(headers["X-Metadata"]), data["text"], data["html"])


def read_sendgrid(request: Request) -> Sent:
    data = request.data
    (personal,) = data["personalizations"]
    contents = named(data["content"], "type", "value")
    metadata = {name: value for name, value in data["custom_args"].items() if name != "anymail_id"}
    to = [to["email"] for to in personal["to"]]
    return Sent(to, data["headers"], metadata, contents["text/plain"], contents["text/html"])


def read_sparkpost(request: Request) -> Sent:
    data, content = request.data, request.data["content"]
    to = [recipient["address"]["email"] for recipient in data["recipients"]]
    return Sent(to, content["headers"], data["metadata"], content["text"], content["html"])


def read_unisender_go(request: Request) -> Sent:
    data = request.data["message"]
    to = [recipient["email"] for recipient in data["recipients"]]
    return Sent(to, data["headers"], data["global_metadata"], data["body"]["plaintext"], data["body"]["html"])


def postmark_error(code: int, words: str) -> dict[str, Any]:
    return {"ErrorCode": code, "Message": words}


def mailjet_error(code: str, words: str) -> dict[str, Any]:
    return {"Messages": [{"Status": "error", "Errors": [{"ErrorCode": code, "ErrorMessage": words}]}]}


KNOWN = {
    "brevo": Known(
        {"API_KEY": "x"},
        lambda to: Reply(201, {"messageId": "m-1"}),
        read_brevo,
        inside=[
            (Reply(201, {"code": "?"}), IN_DOUBT),
            (Reply(400, {"code": "duplicate_parameter", "message": "seen"}), (Outcome.UNKNOWN, Fault.MESSAGE)),
            (Reply(400, {"code": "invalid_parameter", "message": "valid sender email required"}), SHUT_OUT),
            (Reply(400, {"code": "invalid_parameter", "message": "email is not valid in to"}), REFUSED),
        ],
    ),
    "mailersend": Known(
        {"API_TOKEN": "x"},
        lambda to: Reply(202, b"", {"X-Message-Id": "m-1", "Content-Type": "text/html; charset=UTF-8"}),
        read_mailersend,
        inside=[
            (
                Reply(
                    202,
                    {"warnings": [{"type": "ALL_SUPPRESSED", "recipients": [{"email": ADA}]}]},
                    {"X-Message-Id": "m-1"},
                ),
                REFUSED,
            ),
            (Reply(202, {"message": "hm"}), IN_DOUBT),
            (Reply(422, {"message": "The from.email domain must be verified in your account."}), SHUT_OUT),
        ],
    ),
    "mailgun": Known(
        {"API_KEY": "x"},
        lambda to: Reply(200, {"id": "m-1", "message": "Queued. Thank you."}),
        read_mailgun,
        inside=[
            (Reply(200, {"id": "m-1", "message": "Perhaps."}), IN_DOUBT),
            (Reply(200, b"Mailgun Magnificent API", {"Content-Type": "text/html"}), SHUT_OUT),
            (Reply(400, {"message": f"to parameter is not a valid address: {ADA}"}), REFUSED),
        ],
    ),
    "mailjet": Known(
        {"API_KEY": "x", "SECRET_KEY": "x"},
        lambda to: Reply(200, {"Messages": [{"Status": "success", "To": [{"Email": to, "MessageID": "m-1"}]}]}),
        read_mailjet,
        inside=[
            (Reply(200, mailjet_error("mj-0013", f"'{ADA}' is an invalid email address.")), REFUSED),
            (Reply(400, mailjet_error("mj-0013", f"'{ADA}' is an invalid email address.")), REFUSED),
            (Reply(400, mailjet_error("send-0008", "The sender is not an authorized sender email address")), SHUT_OUT),
        ],
    ),
    "mailtrap": Known(
        {"API_TOKEN": "x"},
        lambda to: Reply(200, {"success": True, "message_ids": ["m-1"]}),
        read_mailtrap,
        inside=[
            (Reply(200, {"success": False, "errors": ["'to' address is invalid"]}), REFUSED),
            (Reply(400, {"success": False, "errors": ["'from' address is not yours"]}), SHUT_OUT),
        ],
    ),
    "mandrill": Known(
        {"API_KEY": "x"},
        lambda to: Reply(200, [{"email": to, "status": "sent", "_id": "m-1"}]),
        read_mandrill,
        inside=[
            (Reply(200, [{"email": ADA, "status": "rejected", "reject_reason": "unsub", "_id": "m-1"}]), REFUSED),
            (Reply(200, []), IN_DOUBT),
            (
                Reply(500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "no"}),
                SHUT_OUT,
            ),
            (Reply(500, {"status": "error", "code": -2, "name": "ValidationError", "message": "email"}), REFUSED),
            (Reply(500, {"status": "error", "code": -50, "name": "GeneralError", "message": "oh"}), IN_DOUBT),
        ],
    ),
    "postal": Known(
        {},
        lambda to: Reply(200, {"status": "success", "data": {"messages": {to: {"id": "m-1", "token": "t"}}}}),
        read_postal,
        inside=[
            (Reply(200, {"status": "error", "data": {"code": "InvalidServerAPIKey"}}), SHUT_OUT),
            (Reply(200, {"status": "error", "data": {"code": "UnauthenticatedFromAddress"}}), SHUT_OUT),
            (Reply(200, {"status": "parameter-error", "data": {"message": "to is too long"}}), REFUSED),
            (Reply(200, {"status": "success", "data": {}}), IN_DOUBT),
        ],
    ),
    "postmark": Known(
        {"SERVER_TOKEN": "x"},
        lambda to: Reply(200, {"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "To": to}),
        read_postmark,
        inside=[
            (Reply(422, postmark_error(300, f"Invalid 'To' address: '{ADA}'.")), REFUSED),
            (Reply(200, postmark_error(300, f"Invalid 'To' address: '{ADA}'.")), REFUSED),
            (Reply(422, postmark_error(400, "The 'From' address you supplied is not a Sender Signature")), SHUT_OUT),
            (Reply(422, postmark_error(412, "While your account is pending approval, ...")), SHUT_OUT),
            (Reply(422, postmark_error(406, f"Found inactive addresses: {ADA}. Inactive recipients are")), REFUSED),
            (Reply(422, postmark_error(300, "Invalid metadata content.")), REFUSED),
        ],
    ),
    "resend": Known(
        {"API_KEY": "x"},
        lambda to: Reply(200, {"id": "m-1"}),
        read_resend,
        inside=[
            (Reply(200, {"message": "hm"}), IN_DOUBT),
            (Reply(422, {"name": "validation_error", "message": "Invalid `to` field."}), REFUSED),
            (Reply(422, {"name": "invalid_from_address", "message": "Invalid from field"}), SHUT_OUT),
            (Reply(409, {"name": "invalid_idempotent_request"}), (Outcome.UNKNOWN, Fault.MESSAGE)),
        ],
    ),
    "scaleway": Known(
        {"SECRET_KEY": "x", "PROJECT_ID": "p"},
        lambda to: Reply(200, {"emails": [{"id": "m-1", "mail_rcpt": to, "status": "new"}]}),
        read_scaleway,
        inside=[
            (Reply(200, {"emails": [{"id": "m-1", "mail_rcpt": ADA, "status": "failed"}]}), REFUSED),
            (Reply(200, {"emails": []}), IN_DOUBT),
        ],
    ),
    "sendgrid": Known(
        {"API_KEY": "x"},
        lambda to: Reply(202, b""),
        read_sendgrid,
        message_id="",
        inside=[
            (
                Reply(400, {"errors": [{"message": "Not a valid address.", "field": "to.0.email"}]}),
                REFUSED,
            ),
            (Reply(400, {"errors": [{"message": "does not match a verified Sender Identity"}]}), SHUT_OUT),
        ],
    ),
    "sparkpost": Known(
        {"API_KEY": "x"},
        lambda to: Reply(
            200, {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "m-1"}}
        ),
        read_sparkpost,
        inside=[
            (
                Reply(200, {"results": {"total_rejected_recipients": 1, "total_accepted_recipients": 0, "id": "m"}}),
                REFUSED,
            ),
            (Reply(400, {"errors": [{"message": "Unconfigured Sending Domain", "code": "7001"}]}), SHUT_OUT),
            (Reply(420, {"errors": [{"message": "Exceed Sending Limit (daily)"}]}), (Outcome.RETURNED, Fault.PROVIDER)),
        ],
    ),
    "unisender_go": Known(
        {"API_KEY": "x"},
        lambda to: Reply(200, {"status": "success", "job_id": "j-1", "emails": [to]}),
        read_unisender_go,
        message_id="",
        inside=[
            (Reply(200, {"status": "success", "emails": [], "failed_emails": {ADA: "unsubscribed"}}), REFUSED),
            (Reply(200, {"status": "success", "emails": [], "failed_emails": {ADA: "temporary_unavailable"}}), LATER),
            (Reply(200, {"status": "success"}), IN_DOUBT),
            (Reply(400, {"status": "error", "code": 204, "message": "No valid recipients"}), REFUSED),
        ],
    ),
}
INSIDE = [(name, reply, verdict) for name, known in KNOWN.items() for reply, verdict in known.inside]


def anymail_settings(name: str, url: str) -> dict[str, str]:
    values = {**KNOWN[name].keys, "API_URL": url, "API_KEY": "x"}
    return {f"{name.upper()}_{key}": value for key, value in values.items()}
