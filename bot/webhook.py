"""Updates that Telegram brings over HTTP: answered with 200 only when they are handled, so that it brings others again.

`POST /telegram` takes updates (403 without the secret), `/healthz` says that the process lives, `/readyz` that it takes
updates, `/metrics` what it counted. After python-telegram-bot's custom-webhook example, on aiohttp as its own server.
"""

import asyncio
import hmac
import json
import logging

from aiohttp import web
from telegram import Bot, Update

from bot.delivery import Intake
from bot.metrics import Metrics

log = logging.getLogger(__name__)

PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name
LONGEST_UPDATE = 1_000_000
"""Bytes; Telegram's updates are far smaller."""
CLOSE_WITHIN = 0.5
"""Seconds for requests that hang when the server is closed; what is in hand was waited for before."""


class Webhook:
    """The HTTP server. `port` is the one it listens on, which matters where 0 was asked for."""

    def __init__(self, bot: Bot, intake: Intake, metrics: Metrics, secret: str) -> None:
        self._bot, self._intake, self._metrics, self._secret = bot, intake, metrics, secret
        self._ready = False
        application = web.Application(client_max_size=LONGEST_UPDATE)
        application.add_routes(
            [
                web.post(PATH, self._take),
                web.get("/healthz", self._say_alive),
                web.get("/readyz", self._say_ready),
                web.get("/metrics", self._say_counts),
            ]
        )
        # Paths are logged by the server in front; nothing is lost by silence here.
        # Broken requests of strangers neither, with their addresses.
        silent = logging.Logger("silent", level=logging.CRITICAL)
        self._runner = web.AppRunner(application, access_log=None, logger=silent, shutdown_timeout=CLOSE_WITHIN)
        self.port = 0

    async def listen(self, address: str, port: int) -> None:
        """Begin to take requests. Raises OSError where the port is taken."""
        await self._runner.setup()
        await web.TCPSite(self._runner, address, port).start()
        self.port = self._runner.addresses[0][1]

    def ready(self, ready: bool) -> None:
        """Whether a balancer may send updates here."""
        self._ready = ready

    async def close(self) -> None:
        """Take no new requests, and finish those that came."""
        self._ready = False
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        if not hmac.compare_digest(_bytes(request.headers.get(SECRET_HEADER, "")), _bytes(self._secret)):
            return web.Response(status=403)
        try:
            update = Update.de_json(json.loads(await request.read()), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            # Telegram would bring it for ever; what cannot be read cannot be answered.
            log.warning("an update could not be read")
            return web.Response()
        task = self._intake.take(update)
        if task is not None:
            # A request that is broken off must not break off the answer.
            await asyncio.shield(task)
        return web.Response()

    async def _say_alive(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _say_ready(self, _: web.Request) -> web.Response:
        return web.Response(text="ready\n") if self._ready else web.Response(text="not yet\n", status=503)

    async def _say_counts(self, _: web.Request) -> web.Response:
        return web.Response(text=self._metrics.exposition().decode())


def _bytes(header: str) -> bytes:
    """A header as it came: what is no UTF-8 in it is kept as surrogates."""
    return header.encode(errors="surrogateescape")
