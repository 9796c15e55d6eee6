"""`bot.delivery`: limits are kept, what passes is tried again, what does not is not, and nothing is confirmed too early."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from telegram import Update
from telegram.error import BadRequest, Conflict, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.delivery import (
    CHAT_BURST,
    CONFLICTS,
    FIRST_WAIT,
    GIVE_UP_AFTER,
    GROUP_BURST,
    HELD_AT_MOST,
    URGENT,
    WINDOW,
    Delivery,
    Intake,
    confirm,
    poll,
)


class Time:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += seconds


def delivery(time: Time, per_second: float = 30.0) -> Delivery:
    return Delivery(per_second, time.clock, time.sleep, chance=lambda: 0.0)


def failing(*errors: TelegramError) -> tuple[Callable[..., Awaitable[bool]], list[int]]:
    """A call that fails so, and then works; and a count of its calls."""
    left = list(errors)
    calls: list[int] = []

    async def call(*args: Any, **kwargs: Any) -> bool:
        calls.append(1)
        if left:
            raise left.pop(0)
        return True

    return call, calls


def send(sender: Delivery, call: Any, chat: int | None = 7, urgent: bool = False, endpoint: str = "sendMessage") -> Any:
    data = {} if chat is None else {"chat_id": chat}
    return sender.process_request(call, (), {}, endpoint, data, URGENT if urgent else None)


@pytest.mark.parametrize(
    "error", [NetworkError("Bad Gateway"), TimedOut(), NetworkError("aiohttp.ServerDisconnectedError")]
)
def test_what_passes_is_tried_again_with_growing_waits(error: TelegramError) -> None:
    time = Time()
    call, calls = failing(error, error, error)

    assert asyncio.run(send(delivery(time), call)) is True

    assert len(calls) == 4
    assert time.waits == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4]


def test_a_server_that_says_how_long_to_wait_is_obeyed() -> None:
    time = Time()
    call, _ = failing(RetryAfter(17))

    assert asyncio.run(send(delivery(time), call)) is True
    assert time.waits == [17.0]


@pytest.mark.parametrize("error", [BadRequest("chat not found"), Forbidden("blocked")])
def test_what_does_not_pass_is_not_tried_again(error: TelegramError) -> None:
    time = Time()
    call, calls = failing(error)

    with pytest.raises(type(error)):
        asyncio.run(send(delivery(time), call))
    assert len(calls) == 1


def test_a_message_is_given_up_in_the_end_with_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    time = Time()
    call, _ = failing(*[NetworkError("gone")] * 100)

    with pytest.raises(NetworkError):
        asyncio.run(send(delivery(time), call))

    assert GIVE_UP_AFTER / 2 < sum(time.waits) <= GIVE_UP_AFTER
    assert "sendMessage was given up after" in caplog.text


def test_one_chat_gets_a_few_messages_at_once_and_then_one_a_second() -> None:
    time = Time()
    sender = delivery(time)
    call, _ = failing()

    async def many() -> None:
        for _ in range(CHAT_BURST + 3):
            await send(sender, call)

    asyncio.run(many())
    assert time.waits == [1.0, 1.0, 1.0]


def test_a_group_gets_twenty_a_minute() -> None:
    time = Time()
    sender = delivery(time)
    call, _ = failing()

    async def many() -> None:
        for _ in range(GROUP_BURST + 20):
            await send(sender, call, chat=-100)

    asyncio.run(many())
    assert time.now == pytest.approx(60.0)


def test_all_chats_together_stay_below_the_limit() -> None:
    time = Time()
    sender = delivery(time, per_second=10)
    call, _ = failing()

    async def many() -> None:
        for chat in range(1, 31):
            await send(sender, call, chat)

    asyncio.run(many())
    assert time.now == pytest.approx(2.0)


def test_an_urgent_message_waits_for_nobody() -> None:
    time = Time()
    sender = delivery(time, per_second=1)
    call, calls = failing()

    async def many() -> None:
        for _ in range(5):
            await send(sender, call)
        time.waits.clear()
        await send(sender, call, urgent=True)

    asyncio.run(many())
    assert time.waits == []
    assert len(calls) == 6


def test_a_server_of_ones_own_has_no_limits() -> None:
    time = Time()
    sender = delivery(time, per_second=0)
    call, _ = failing()

    async def many() -> None:
        for _ in range(100):
            await send(sender, call)

    asyncio.run(many())
    assert time.waits == []


def test_within_a_chat_the_order_is_kept_while_one_is_tried_again() -> None:
    sent: list[str] = []
    time = Time()
    sender = delivery(time)

    async def yielding(seconds: float) -> None:
        await asyncio.sleep(0)

    sender._sleep = yielding
    left = [NetworkError("gone")]

    async def first() -> bool:
        if left:
            raise left.pop()
        sent.append("first")
        return True

    async def second() -> bool:
        sent.append("second")
        return True

    async def both() -> None:
        await asyncio.gather(send(sender, first), send(sender, second))

    asyncio.run(both())
    assert sent == ["first", "second"]


# --- updates --------------------------------------------------------------------------------------------------------------


class Server:
    """What `poll` asks for updates: keeps them until they are confirmed."""

    def __init__(self, *numbers: int) -> None:
        self.waiting = list(numbers)
        self.offsets: list[int] = []
        self.limits: list[int] = []
        self.fails: list[TelegramError] = []
        self.when_empty: Callable[[], None] = lambda: None

    async def get_updates(self, offset: int, limit: int, **_: object) -> list[Update]:
        self.offsets.append(offset)
        self.limits.append(limit)
        await asyncio.sleep(0)
        if self.fails:
            raise self.fails.pop(0)
        self.waiting = [number for number in self.waiting if number >= offset]
        if not self.waiting:
            self.when_empty()
        return [Update(number) for number in self.waiting[:limit]]


def run(
    server: Server, handle: Callable[[Update], Awaitable[None]], clock: Callable[[], float] | None = None
) -> Intake:
    """Poll until the server has nothing left."""

    async def polling() -> Intake:
        intake = Intake(handle, clock) if clock else Intake(handle)
        stop = asyncio.Event()
        server.when_empty = stop.set
        await asyncio.wait_for(poll(server, intake, [], stop), 20)  # type: ignore[arg-type]  # it asks for updates only
        return intake

    return asyncio.run(polling())


def test_every_update_is_handled_once_and_confirmed_afterwards() -> None:
    handled: list[int] = []
    server = Server(*range(5, 40))

    async def handle(update: Update) -> None:
        await asyncio.sleep(0)
        handled.append(update.update_id)

    intake = run(server, handle)

    assert sorted(handled) == list(range(5, 40))
    assert server.limits[0] == WINDOW
    assert intake.offset() == 40


def test_nothing_is_confirmed_before_it_is_answered() -> None:
    confirmed_before_done: list[int] = []
    done: set[int] = set()
    server = Server(1, 2, 3)

    async def handle(update: Update) -> None:
        for _ in range(5):
            confirmed_before_done.extend(
                number for number in range(1, max(server.offsets)) if number not in done and number < update.update_id
            )
            await asyncio.sleep(0.01)
        done.add(update.update_id)

    run(server, handle)
    assert confirmed_before_done == []
    assert done == {1, 2, 3}


def test_one_slow_chat_holds_up_no_other() -> None:
    handled: list[int] = []
    server = Server(*range(1, 151))

    async def handle(update: Update) -> None:
        if update.update_id == 1:
            while len(handled) < 149:  # noqa: ASYNC110  # until all others are done
                await asyncio.sleep(0.001)
        handled.append(update.update_id)

    # Each look at the clock is a tenth of a second later.
    run(server, handle, itertools.count(step=0.1).__next__)
    assert handled[-1] == 1
    assert len(handled) == 150


def test_an_update_that_is_tried_for_long_holds_up_the_confirmation_no_more() -> None:
    now = 0.0

    async def forever(update: Update) -> None:
        if update.update_id == 1:
            await asyncio.Event().wait()

    async def scenario() -> tuple[int, int]:
        nonlocal now
        intake = Intake(forever, lambda: now)
        for number in (1, 2):
            intake.take(Update(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        held = intake.offset()
        now = HELD_AT_MOST
        released = intake.offset()
        for task in intake.tasks:
            task.cancel()
        return held, released

    assert asyncio.run(scenario()) == (1, 3)


def test_after_a_quiet_week_numbers_may_begin_anew() -> None:
    async def handle(update: Update) -> None: ...

    async def scenario() -> int:
        intake = Intake(handle)
        for number in (900_000, 12):
            task = intake.take(Update(number))
            assert task
            await task
        return intake.offset()

    assert asyncio.run(scenario()) == 13


def test_faults_while_fetching_pass(caplog: pytest.LogCaptureFixture) -> None:
    handled: list[int] = []
    server = Server(1, 2)
    server.fails = [NetworkError("gone"), RetryAfter(0), Conflict("two of them"), TimedOut()]

    async def handle(update: Update) -> None:
        handled.append(update.update_id)

    run(server, handle)
    assert handled == [1, 2]


def test_a_second_copy_of_the_bot_is_an_error_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(seconds: float, stop: asyncio.Event) -> None: ...

    monkeypatch.setattr("bot.delivery._pause", at_once)
    server = Server(1)
    server.fails = [Conflict("two of them") for _ in range(CONFLICTS)]

    async def handle(update: Update) -> None: ...

    with pytest.raises(Conflict):
        run(server, handle)


def test_a_handler_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def handle(update: Update) -> None:
        raise RuntimeError("secret words")

    intake = run(Server(1, 2), handle)

    assert intake.offset() == 3
    assert "an update could not be handled: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_the_last_updates_are_confirmed_at_the_end() -> None:
    server = Server(1)

    async def handle(update: Update) -> None: ...

    async def scenario() -> None:
        intake = Intake(handle)
        intake.take(Update(1))
        assert await intake.finish(1.0)
        await confirm(server, intake)  # type: ignore[arg-type]  # it asks for updates only

    asyncio.run(scenario())
    assert server.offsets == [2]
