"""A stand-in for Telegram's Bot API over real HTTP on the loopback address, with faults on request.

It keeps updates until they are confirmed, as Telegram does, and counts what each chat was sent.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web

TOKEN = "123456:stand-in"  # noqa: S105  # nobody's
FAULTS = ("500", "502", "429", "drop")


class BotApi:
    """The server. Everything that tests read is safe to read from another thread."""

    def __init__(self, faults: float = 0.0, seed: int = 1) -> None:
        """`faults`: the share of calls (but the bot's start) that fail, one of four ways each."""
        self.faults = faults
        self.sent: Counter[int] = Counter()
        self.texts: dict[int, str] = {}
        self.called: Counter[str] = Counter()
        self.webhook: dict[str, str] = {}
        self._chance = random.Random(seed)  # noqa: S311  # faults, not secrets
        self._updates: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._next = 1000
        self.port = 0

    def say(self, chat: int, text: str) -> None:
        """Somebody writes to the bot."""
        with self._lock:
            self._next += 1
            self._updates.append(update(self._next, chat, text))

    @property
    def unconfirmed(self) -> int:
        """Updates that the bot has not confirmed."""
        return len(self._updates)

    async def answer(self, method: str, call: dict[str, Any], request: tornado.web.RequestHandler) -> None:
        """Answer one call."""
        self.called[method] += 1
        failing = method not in {"getMe", "deleteWebhook", "setWebhook"} and self._chance.random() < self.faults
        fault = self._chance.choice(FAULTS) if failing else ""
        # A call that fails with 502 or a dropped line never came through; nothing is sent twice because of it.
        if fault == "drop":
            request._auto_finish = False  # there is nobody left to answer
            stream = request.request.connection.detach()  # type: ignore[union-attr]  # a plain HTTP/1 connection
            stream.close()
            return
        if fault:
            request.set_status(int(fault))
            body: dict[str, Any] = {"ok": False, "error_code": int(fault), "description": "a fault"}
            if fault == "429":
                body["parameters"] = {"retry_after": 1}
            request.finish(body)
            return
        request.finish({"ok": True, "result": await self._result(method, call)})

    async def _result(self, method: str, call: dict[str, Any]) -> object:
        if method == "getMe":
            return {"id": 42, "is_bot": True, "first_name": "FAQ", "username": "faq_test_bot"}
        if method == "getUpdates":
            return await self._get_updates(call)
        if method == "setWebhook":
            self.webhook = {"url": call["url"], "secret": call.get("secret_token", "")}
        if method == "sendMessage":
            chat = int(call["chat_id"])
            with self._lock:
                self.sent[chat] += 1
                self.texts[chat] = call["text"]
                self._next += 1
                number = self._next
            return {"message_id": number, "date": 1_800_000_000, "chat": {"id": chat, "type": "private"}, "text": "x"}
        return True

    async def _get_updates(self, call: dict[str, Any]) -> list[dict[str, Any]]:
        offset = int(call.get("offset", 0))
        with self._lock:
            self._updates = [one for one in self._updates if one["update_id"] >= offset]
        until = time.monotonic() + float(call.get("timeout", 0))
        while not self._updates and time.monotonic() < until:  # noqa: ASYNC110  # `say` is called from another thread
            await asyncio.sleep(0.01)
        return self._updates[: int(call.get("limit", 100))]


def update(number: int, chat: int, text: str) -> dict[str, Any]:
    """A private message as Telegram writes it."""
    who = {"id": chat, "is_bot": False, "first_name": "Somebody"}
    message = {"message_id": number, "date": 1_800_000_000, "chat": {"id": chat, "type": "private"}, "from": who}
    return {"update_id": number, "message": message | {"text": text}}


class _Handler(tornado.web.RequestHandler):
    def initialize(self, api: BotApi) -> None:
        self._api = api

    async def post(self, method: str) -> None:
        if self.request.headers.get("Content-Type", "").startswith("application/json"):
            call = json.loads(self.request.body or b"{}")
        else:
            call = {name: values[-1].decode() for name, values in self.request.body_arguments.items()}
        await self._api.answer(method, call, self)


@contextmanager
def serving(api: BotApi) -> Iterator[BotApi]:
    """The server at work, in a thread of its own."""
    ready = threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(done.set))
        application = tornado.web.Application(
            [(rf"/bot{TOKEN}/(\w+)", _Handler, {"api": api})], log_function=lambda handler: None
        )
        server = tornado.httpserver.HTTPServer(application)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        api.port = sockets[0].getsockname()[1]
        server.add_sockets(sockets)
        ready.set()
        await done.wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield api
    finally:
        stop[0]()
        thread.join()


class BotProcess:
    """`python -m bot` as an operator starts it, against the stand-in."""

    def __init__(self, api: BotApi, folder: Path, **settings: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TELEGRAM_")}
        environment |= {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": f"http://127.0.0.1:{api.port}",
            "TELEGRAM_MESSAGES_PER_SECOND": "0",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **settings,
        }
        self.process = subprocess.Popen(  # noqa: S603  # this very Python
            [sys.executable, "-m", "bot", "--faq", str(folder)],
            env=environment,
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal and wait; the exit code and the log."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=20)
        return self.process.returncode, log


def until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until something holds; whether it does."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.005)
    return holds()
