"""Updates that Telegram brings over HTTP: answered with 200 only when they are handled, so that it brings others again.

`POST /telegram` takes updates (403 without the secret), `/healthz` says that the process lives, `/readyz` that it takes
updates, `/metrics` what it counted. After python-telegram-bot's custom-webhook example, on tornado as its own server.
"""

import hmac
import json
import logging
from collections.abc import Callable

import tornado.httpserver
import tornado.netutil
import tornado.web
from telegram import Bot, Update

from bot.delivery import Intake
from bot.metrics import Metrics

log = logging.getLogger(__name__)

PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
LONGEST_UPDATE = 1_000_000
"""Bytes; Telegram's updates are far smaller."""


class _Updates(tornado.web.RequestHandler):
    def initialize(self, bot: Bot, intake: Intake, secret: str) -> None:
        self._bot, self._intake, self._secret = bot, intake, secret

    async def post(self) -> None:
        if not hmac.compare_digest(self.request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode()):
            self.set_status(403)
            return
        try:
            update = Update.de_json(json.loads(self.request.body), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            # Telegram would bring it for ever; what cannot be read cannot be answered.
            log.warning("an update could not be read")
            return
        task = self._intake.take(update)
        if task is not None:
            await task


class _Text(tornado.web.RequestHandler):
    def initialize(self, says: Callable[[], tuple[int, bytes]]) -> None:
        self._says = says

    def get(self) -> None:
        status, body = self._says()
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.write(body)


class Webhook:
    """The HTTP server. `port` is the one it listens on, which matters where 0 was asked for."""

    def __init__(self, bot: Bot, intake: Intake, metrics: Metrics, secret: str) -> None:
        self._ready = False
        application = tornado.web.Application(
            [
                (PATH, _Updates, {"bot": bot, "intake": intake, "secret": secret}),
                ("/healthz", _Text, {"says": lambda: (200, b"ok\n")}),
                ("/readyz", _Text, {"says": lambda: (200, b"ready\n") if self._ready else (503, b"not yet\n")}),
                ("/metrics", _Text, {"says": lambda: (200, metrics.exposition())}),
            ],
            # Paths are logged by the server in front; nothing is lost by silence here.
            log_function=lambda handler: None,
        )
        self._server = tornado.httpserver.HTTPServer(application, max_buffer_size=LONGEST_UPDATE)
        self.port = 0

    def listen(self, address: str, port: int) -> None:
        """Begin to take requests. Raises OSError where the port is taken."""
        sockets = tornado.netutil.bind_sockets(port, address)
        self.port = sockets[0].getsockname()[1]
        self._server.add_sockets(sockets)

    def ready(self, ready: bool) -> None:
        """Whether a balancer may send updates here."""
        self._ready = ready

    async def close(self) -> None:
        """Take no new requests, and finish those that came."""
        self._ready = False
        self._server.stop()
        await self._server.close_all_connections()
