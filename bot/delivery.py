"""Nothing is lost on the way: sends are repeated until they arrive, updates confirmed only when they are answered.

`Delivery` sends within Telegram's limits and again after a fault; an urgent message waits for nobody. `Intake` handles
updates side by side and knows up to which all are done. `poll` fetches them, and confirms no further than that: what
was in hand when the process died comes again. This room knows Telegram's transport and nothing of what is said.
"""

import asyncio
import contextlib
import itertools
import logging
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter

log = logging.getLogger(__name__)

URGENT = 1
"""As `rate_limit_args`: this message goes before all others and waits for no limit of ours."""

# https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
CHAT_PER_SECOND, CHAT_BURST = 1.0, 3
GROUP_PER_SECOND, GROUP_BURST = 20 / 60, 5

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
GIVE_UP_AFTER = 120.0
"""Seconds of waiting after which a message is given up, with a line in the log."""
GIVE_UP_EARLY = {"getMe": 8.0, "answerCallbackQuery": 10.0}
"""A start that hangs tells the operator nothing; a press is acknowledged within seconds or not at all."""
CHATS_KNOWN = 5_000

WINDOW = 10
"""Updates fetched at a time."""
PATIENCE = 0.25
"""Seconds for which new updates wait for the ones before them to be done."""
HELD_AT_MOST = 30.0
"""Seconds after which an update that is still being retried holds up the confirmation of later ones no more."""
CROWDED, HELD_CROWDED = 80, 5.0
"""The same where so many later updates are known: the server gives at most 100 unconfirmed ones, so that one chat's slow
sends would keep all others from being fetched. What only waits for its turn among many chats is sent sooner than that."""
LONG_POLL = 30
UPDATES_REMEMBERED = 10_000
CONFLICTS = 5

Result = bool | dict[str, Any] | list[dict[str, Any]]


@dataclass(slots=True)
class _Bucket:
    """A token bucket that may be overdrawn: who comes later waits longer, in the order of coming."""

    per_second: float
    burst: float
    tokens: float
    at: float

    def reserve(self, now: float) -> float:
        """Take one token; the seconds to wait until it is there."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_second) - 1
        self.at = now
        return max(0.0, -self.tokens / self.per_second)


@dataclass(slots=True)
class _Chat:
    bucket: _Bucket
    order: asyncio.Lock = field(default_factory=asyncio.Lock)


class Delivery(BaseRateLimiter[int]):
    """Sends within Telegram's limits, in order within a chat, and again after faults that pass."""

    def __init__(
        self,
        per_second: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`per_second` messages over all chats; 0 for a server of one's own, which has no limits."""
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._unlimited = per_second <= 0
        self._all = _Bucket(per_second, per_second, per_second, clock())
        self._chats: OrderedDict[Any, _Chat] = OrderedDict()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to stop."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Result]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Result:
        """Make the call when its turn has come, and again while it fails in a way that passes."""
        chat_id = data.get("chat_id")
        if chat_id is None or rate_limit_args == URGENT:
            if not self._unlimited and chat_id is not None:
                self._all.reserve(self._clock())
            return await self._persist(callback, args, kwargs, endpoint)
        chat = self._chat(chat_id)
        async with chat.order:
            if not self._unlimited:
                now = self._clock()
                wait = max(chat.bucket.reserve(now), self._all.reserve(now))
                if wait > 0:
                    await self._sleep(wait)
            return await self._persist(callback, args, kwargs, endpoint)

    def _chat(self, chat_id: Any) -> _Chat:
        known = self._chats.get(chat_id)
        if known is None:
            group = isinstance(chat_id, int) and chat_id < 0
            rate, burst = (GROUP_PER_SECOND, GROUP_BURST) if group else (CHAT_PER_SECOND, CHAT_BURST)
            known = self._chats[chat_id] = _Chat(_Bucket(rate, burst, burst, self._clock()))
        self._chats.move_to_end(chat_id)
        if len(self._chats) > CHATS_KNOWN:
            oldest = next(iter(self._chats))
            if not self._chats[oldest].order.locked():
                del self._chats[oldest]
        return known

    async def _persist(
        self, callback: Callable[..., Coroutine[Any, Any, Result]], args: Any, kwargs: dict[str, Any], endpoint: str
    ) -> Result:
        waited = 0.0
        for attempt in itertools.count():
            try:
                return await callback(*args, **kwargs)
            except BadRequest:
                # What is wrong with the call itself does not pass. (A BadRequest is a NetworkError to the library.)
                raise
            except RetryAfter as error:
                wait = _seconds(error)
                reason: TelegramError = error
            except NetworkError as error:
                wait = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt)
                reason = error
            wait *= 1 + 0.25 * self._chance()
            if waited + wait > GIVE_UP_EARLY.get(endpoint, GIVE_UP_AFTER):
                log.error("%s was given up after %d tries (%s)", endpoint, attempt + 1, type(reason).__name__)
                raise reason
            log.info("%s failed (%s), again in %.1f s", endpoint, type(reason).__name__, wait)
            waited += wait
            await self._sleep(wait)
        raise AssertionError("unreachable")


@dataclass(slots=True)
class _InHand:
    task: asyncio.Task[None]
    since: float


class Intake:
    """Handles updates side by side, each once, and knows which are done."""

    def __init__(
        self, handle: Callable[[Update], Awaitable[None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._handle = handle
        self._clock = clock
        self._in_hand: dict[int, _InHand] = {}
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._last = -1

    def take(self, update: Update) -> asyncio.Task[None] | None:
        """Begin to handle an update; None where that was done before. A task that runs already is given again."""
        number = update.update_id
        if number in self._in_hand:
            return self._in_hand[number].task
        if number in self._seen:
            return None
        self._seen[number] = None
        self._last = number
        if len(self._seen) > UPDATES_REMEMBERED:
            self._seen.popitem(last=False)
        task = asyncio.create_task(self._run(update))
        self._in_hand[number] = _InHand(task, self._clock())
        return task

    async def _run(self, update: Update) -> None:
        try:
            await self._handle(update)
        except Exception as error:
            # The bot's own error handling has failed as well; the update is lost to it, the others are not.
            log.error("an update could not be handled: %s", type(error).__name__)
        finally:
            self._in_hand.pop(update.update_id, None)

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """What is in hand now."""
        return [one.task for one in self._in_hand.values()]

    def offset(self) -> int:
        """The first update id that may not be confirmed yet; 0 before there was any."""
        now = self._clock()
        held = [
            number
            for number, one in self._in_hand.items()
            if now - one.since < (HELD_AT_MOST if self._last - number < CROWDED else HELD_CROWDED)
        ]
        # The last one and not the highest: after a quiet week the server begins anew with any number.
        return min(held) if held else self._last + 1

    def beyond(self, offset: int) -> int:
        """How many updates from `offset` on are known already: a server sends them again while they are unconfirmed."""
        return sum(number >= offset for number in self._seen)

    async def finish(self, seconds: float) -> bool:
        """Wait for what is in hand; whether all of it was done in time."""
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=seconds)
        return not self.tasks


async def poll(bot: Bot, intake: Intake, allowed_updates: Sequence[str], stop: asyncio.Event) -> None:
    """Fetch updates until `stop`. A Conflict (somebody else polls, or a webhook is set) is raised after a few tries."""
    failures = conflicts = 0
    while not stop.is_set():
        offset = intake.offset()
        known = intake.beyond(offset)
        try:
            updates = await _unless_stopped(
                bot.get_updates(
                    offset=offset,
                    limit=min(100, WINDOW + known),
                    timeout=0 if intake.tasks else LONG_POLL,
                    allowed_updates=allowed_updates,
                ),
                stop,
            )
        except Conflict:
            conflicts += 1
            if conflicts >= CONFLICTS:
                raise
            log.warning("somebody else fetches this bot's updates, or a webhook is set; trying again")
            await _pause(3.0, stop)
            continue
        except NetworkError as error:
            failures += 1
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures, 8)) if failures > 3 else 0.1
            log.info("fetching updates failed (%s), again in %.1f s", type(error).__name__, wait)
            await _pause(wait, stop)
            continue
        except RetryAfter as error:
            await _pause(_seconds(error), stop)
            continue
        failures = conflicts = 0
        before = set(intake.tasks)
        new = [task for update in updates or () if (task := intake.take(update)) and task not in before]
        if new:
            await asyncio.wait(new, timeout=PATIENCE)
        elif intake.tasks:
            # Only what is being retried: fetch again when it is done, or to see what has come meanwhile.
            await asyncio.wait(intake.tasks, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)


def _seconds(error: RetryAfter) -> float:
    """How long the server says to wait."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


async def confirm(bot: Bot, intake: Intake) -> None:
    """Tell the server what was handled, so that the next start does not handle it again."""
    if offset := intake.offset():
        try:
            await bot.get_updates(offset=offset, limit=1, timeout=0)
        except TelegramError as error:
            log.warning("the last updates could not be confirmed and may come again (%s)", type(error).__name__)


async def _unless_stopped(work: Coroutine[Any, Any, Any], stop: asyncio.Event) -> Any:
    """The result, or None where the stop came first."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None
    return task.result()


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    """Wait, but not beyond the stop."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=seconds)
