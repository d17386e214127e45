"""Keeps counts in Redis: a hash a limit, and a script a call, which Redis runs without anything in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from digest.delivery.throttling.counting import AHEAD, LEASE, Order, State, StoreUnavailable, Verdict
from digest.delivery.throttling.windows import HORIZON, Counter

PREFIX = "paperboy:throttle:"
# A worker that waits for Redis longer than this puts its messages off.
TIMEOUT = 2.0

_TAKE = """
local asked, now = cjson.decode(ARGV[1]), tonumber(ARGV[2])
local horizon, ahead = tonumber(ARGV[3]), tonumber(ARGV[4])
local windows, used, promised, waiting, blocked = {}, {}, {}, {}, {}
for place, key in ipairs(KEYS) do
    local counter = asked.counters[place]
    local state = redis.call('HMGET', key, 'window', 'used', 'promised')
    local window = tonumber(state[1] or '0')
    if window >= counter.begins and window <= now + ahead then
        windows[place], used[place] = window, tonumber(state[2] or '0')
    else
        windows[place], used[place] = counter.begins, 0
    end
    promised[place] = math.min(math.max(tonumber(state[3] or '0'), counter.ends), counter.ends + horizon)
    waiting[place] = 0
end
for number, group in ipairs(asked.messages) do
    local places, full = asked.groups[group + 1], nil
    for _, place in ipairs(places) do
        if used[place + 1] >= asked.counters[place + 1].quota then full = place end
    end
    if full then
        waiting[full + 1] = waiting[full + 1] + 1
    else
        for _, place in ipairs(places) do used[place + 1] = used[place + 1] + 1 end
    end
    blocked[number] = full or -1
end
local begins = {}
for place, key in ipairs(KEYS) do
    local counter = asked.counters[place]
    begins[place] = string.format('%.6f', promised[place])
    redis.call('HSET', key, 'window', string.format('%.1f', windows[place]), 'used', string.format('%d', used[place]),
        'promised', string.format('%.6f', promised[place] + waiting[place] * counter.step))
    redis.call('EXPIRE', key, counter.keep)
end
return {table.concat(blocked, ' '), table.concat(begins, ' ')}
"""
_GIVE_BACK = """
for place, key in ipairs(KEYS) do
    local state = redis.call('HMGET', key, 'window', 'used')
    if state[1] == ARGV[2 * place - 1] then
        local left = math.max(0, tonumber(state[2]) - tonumber(ARGV[2 * place]))
        redis.call('HSET', key, 'used', string.format('%d', left))
    end
end
"""
_CONNECTIONS = """
local run, wanted, cap = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local now, lease = tonumber(ARGV[4]), tonumber(ARGV[5])
local leases, others = redis.call('HGETALL', KEYS[1]), 0
for place = 1, #leases, 2 do
    local number, ends = string.match(leases[place + 1], '(%S+) (%S+)')
    if leases[place] == run or tonumber(ends) <= now then
        redis.call('HDEL', KEYS[1], leases[place])
    else
        others = others + tonumber(number)
    end
end
local granted = math.max(0, math.min(wanted, cap - others))
if granted > 0 then
    redis.call('HSET', KEYS[1], run, string.format('%d %.6f', granted, now + lease))
    redis.call('EXPIRE', KEYS[1], string.format('%d', lease * 2))
end
return granted
"""


class RedisStore:
    """Raises StoreUnavailable for whatever keeps Redis from answering."""

    def __init__(self, url: str) -> None:
        # Once more at once: a connection may only be found broken by using it.
        self.client = Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 1)
        )
        self._take, self._give_back, self._connections = map(
            self.client.register_script, (_TAKE, _GIVE_BACK, _CONNECTIONS)
        )

    def take(self, order: Order, now: float) -> Verdict:
        keys = [PREFIX + counter.key for counter in order.counters]
        asked = {
            "counters": [
                # A little longer than the window and the promises last.
                {**counter._asdict(), "keep": int(2 * counter.length + HORIZON)}
                for counter in order.counters
            ],
            "groups": order.groups,
            "messages": order.messages,
        }
        blocked, promised = _answered(self._take, keys, [json.dumps(asked), f"{now:.6f}", HORIZON, AHEAD])
        # Two strings instead of hundreds of numbers: the client reads a reply value by value.
        return Verdict([int(place) for place in blocked.split()], [float(begins) for begins in promised.split()])

    def give_back(self, numbers: Sequence[tuple[Counter, int]]) -> None:
        keys = [PREFIX + counter.key for counter, _ in numbers]
        _answered(
            self._give_back, keys, [value for each, number in numbers for value in (f"{each.begins:.1f}", number)]
        )

    def states(self, keys: Sequence[str]) -> list[State]:
        with _reached(), self.client.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.hmget(PREFIX + key, ["window", "used", "promised"])
            stored = cast("list[list[bytes | None]]", pipeline.execute())
        return [State(float(window or 0), int(used or 0), float(promised or 0)) for window, used, promised in stored]

    def connections(self, key: str, run: UUID, wanted: int, cap: int, now: float) -> int:
        return int(_answered(self._connections, [PREFIX + key], [run.hex, wanted, cap, f"{now:.6f}", LEASE]))

    def connections_used(self, key: str, now: float) -> int:
        with _reached():
            leases = cast("list[bytes]", self.client.hvals(PREFIX + key))
        return sum(int(number) for number, until in map(bytes.split, leases) if float(until) > now)


@lru_cache(maxsize=4)
def store(url: str) -> RedisStore:
    """One pool of connections a process; it begins anew in a process that was forked."""
    return RedisStore(url)


def _answered(script: Callable[..., Any], keys: list[str], arguments: list[Any]) -> Any:
    with _reached():
        return script(keys=keys, args=arguments)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error
