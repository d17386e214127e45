"""Takes many messages; gives one call with all of them, each whole and for one recipient, and an answer for each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin

import requests
from anymail.message import AnymailStatus
from django.core.mail import EmailMessage

from digest.delivery.outcomes import Fault, Outcome, Result
from digest.delivery.transports import answers, faults, providers
from digest.delivery.transports.base import Message, TransportUnavailable

if TYPE_CHECKING:
    from digest.delivery.transports.connections import Connection


class Item(NamedTuple):
    """One message of a call: its key, itself, and what Anymail would have sent for it alone."""

    key: int
    message: Message
    email: EmailMessage
    payload: Any
    request: dict[str, Any]

    @property
    def size(self) -> int:
        return len(self.request["data"])


def carry(connection: Connection, jobs: list[tuple[int, Message]]) -> list[tuple[int, Result]]:
    try:
        connection.open()
    except TransportUnavailable as error:
        return [(key, error.result) for key, _ in jobs]
    done: list[tuple[int, Result]] = []
    items = []
    for key, message in jobs:
        built = _built(connection, key, message)
        items.append(built) if isinstance(built, Item) else done.append((key, built))
    for call in _calls(items, connection.provider):
        if _is_pointless(done):
            done += [(item.key, _never_left(done[-1][1])) for item in call]
        else:
            done += _call(connection, call)
    return done


def _built(connection: Connection, key: int, message: Message) -> Item | Result:
    """Anymail's own payload for the message, so that its form stays Anymail's."""
    backend, provider = connection.backend, connection.provider
    connection.exchange.begin()
    try:
        email = providers.fitted(message.as_email(), provider, message.uid)
        payload = backend.build_message_payload(email, backend.send_defaults)
        if provider.batch is None or payload.get_api_endpoint() != provider.batch.single:
            return connection.carry_one(message)  # a template or another of the provider's ways is set
        return Item(key, message, email, payload, payload.get_request_params(backend.api_url))
    except Exception as error:
        return faults.result_of(error, connection.exchange, message.recipient)


def _calls(items: list[Item], provider: providers.Provider) -> Iterator[list[Item]]:
    """Within the provider's limits of number and size."""
    batch = provider.batch
    call: list[Item] = []
    for item in items:
        if batch and call and sum(one.size for one in call) + item.size > batch.octets:
            yield call
            call = []
        call.append(item)
    if call:
        yield call


def _call(connection: Connection, items: list[Item]) -> list[tuple[int, Result]]:
    result = _post(connection, items)
    if isinstance(result, Result) and connection.would_tell_again(result):
        result = _post(connection, items)
    if isinstance(result, list):
        return [(item.key, _of_item(connection, item, answer)) for item, answer in zip(items, result, strict=True)]
    if result.outcome is Outcome.REJECTED:  # nobody was accepted, and one of them is to blame
        return _one_by_one(connection, items)
    return [(item.key, result) for item in items]


def _post(connection: Connection, items: list[Item]) -> list[requests.Response] | Result:
    """The answers for each, or what became of them all."""
    exchange, batch = connection.exchange, connection.provider.batch
    assert batch is not None  # noqa: S101
    exchange.begin(_key(items) if connection.provider.repeats else "")
    request = items[0].request
    try:
        response = connection.backend.session.request(
            request["method"],
            urljoin(connection.backend.api_url, batch.path),
            data=("[" + ",".join(item.request["data"] for item in items) + "]").encode(),
            headers=request["headers"] | batch.headers,
            timeout=connection.backend.timeout,
        )
    except Exception as error:
        return faults.result_of(error, exchange)
    parts = _parts(response, len(items)) if response.ok and response.status_code < 300 else None
    words = f"The provider's answer to a call with {len(items)} messages: {response.status_code} {exchange.text}"
    return parts if parts is not None else answers.of_reply(exchange, words, "")


def _key(items: list[Item]) -> str:
    return sha256("".join(item.message.uid for item in items).encode()).hexdigest()


def _parts(response: requests.Response, number: int) -> list[requests.Response] | None:
    """One answer for each message, in order; None if they cannot be told apart."""
    try:
        answer = response.json()
    except ValueError:
        return None
    parts = _of_list(answer) if isinstance(answer, list) else _of_two_lists(answer, number)
    return parts if parts is not None and len(parts) == number else None


def _of_list(answer: list[Any]) -> list[requests.Response]:
    """Postmark: an entry for each message, with an ErrorCode if it was refused."""
    return [_response(422 if isinstance(one, dict) and one.get("ErrorCode") else 200, one) for one in answer]


def _of_two_lists(answer: Any, number: int) -> list[requests.Response] | None:
    """Resend: `data` with those that were accepted, `errors` with the places of those that were not."""
    try:
        refused = {int(one["index"]): one for one in answer.get("errors") or []}
        accepted = list(answer["data"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if len(accepted) + len(refused) != number or not refused.keys() <= set(range(number)):
        return None
    taken = iter(accepted)
    return [_response(422, refused[i]) if i in refused else _response(200, next(taken)) for i in range(number)]


def _response(status: int, content: Any) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw = status, BytesIO(json.dumps(content).encode())
    return response


def _of_item(connection: Connection, item: Item, response: requests.Response) -> Result:
    """As Anymail reads the answer to a single message."""
    backend, exchange = connection.backend, connection.exchange
    status: Any = AnymailStatus()
    item.email.anymail_status = status  # type: ignore[attr-defined]
    exchange.answered(response.status_code, {}, response.text)
    try:
        backend.raise_for_status(response, item.payload, item.email)
        status.set_recipient_status(backend.parse_recipient_status(response, item.payload, item.email))
    except Exception as error:
        return faults.result_of(error, exchange, item.message.recipient)
    return answers.of_status(item.email, exchange, item.message.recipient)


def _one_by_one(connection: Connection, items: list[Item]) -> list[tuple[int, Result]]:
    done: list[tuple[int, Result]] = []
    for item in items:
        result = _never_left(done[-1][1]) if _is_pointless(done) else connection.carry_one(item.message)
        done.append((item.key, result))
    return done


def _is_pointless(done: list[tuple[int, Result]]) -> bool:
    """Whether the next call would fare no better than the last."""
    if not done:
        return False
    result = done[-1][1]
    return result.outcome in (Outcome.RETURNED, Outcome.UNKNOWN) and result.fault is not Fault.MESSAGE


def _never_left(last: Result) -> Result:
    return last._replace(outcome=Outcome.RETURNED, provider_message_id="")
