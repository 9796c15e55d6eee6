"""The running bot: fetches or receives updates until it is told to stop, and takes new content while it runs.

SIGTERM and SIGINT finish what is in hand; SIGHUP reads the content again and keeps the old one where the new is broken.
"""

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from telegram import Update
from telegram.error import TelegramError

from bot.content import ContentError
from bot.conversation import Conversation
from bot.delivery import Intake, confirm, poll
from bot.settings import Settings
from bot.telegram_app import ALLOWED_UPDATES, App, TelegramBot
from bot.webhook import PATH, Webhook

log = logging.getLogger(__name__)

FINISH_WITHIN = 7.0
"""Seconds for what is in hand when the process is told to stop; most supervisors kill after ten."""
REPORT_EVERY = 3600.0
FORGET_EVERY = 60.0


@dataclass(slots=True)
class Service:
    """One bot at work. `read` reads the content and builds a conversation from it, in a thread of its own."""

    bot: TelegramBot
    settings: Settings
    read: Callable[[], Conversation]
    _reloading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """One reload at a time: the newest content must not be replaced by an older that took longer to learn."""

    async def run(self, stop: asyncio.Event | None = None) -> None:
        """Work until a signal or `stop`. Raises InvalidToken, NetworkError, Conflict or OSError (port taken)."""
        stop = stop or asyncio.Event()
        loop = asyncio.get_running_loop()
        helpers: set[asyncio.Task[object]] = set()

        def begin(work: Awaitable[object]) -> None:
            task = asyncio.ensure_future(work)
            helpers.add(task)
            task.add_done_callback(helpers.discard)

        with contextlib.suppress(NotImplementedError, RuntimeError):
            # Windows, and loops outside of the main thread, know no signals.
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            loop.add_signal_handler(signal.SIGHUP, lambda: begin(self.reload()))
        self.bot.on_reload = self.reload
        _set_aside()
        application = self.bot.application(self.settings)
        # The bot by itself as well: where the token is wrong, the application leaves its connections open.
        async with application.bot, application:
            begin(self.bot.introduce(application))
            begin(self._report())
            begin(self._forget())
            intake = Intake(lambda update: self._handle(application, update))
            try:
                if self.settings.telegram_webhook_url:
                    await self._receive(application, intake, stop)
                else:
                    await self._fetch(application, intake, stop)
            finally:
                for task in helpers:
                    task.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
        log.info("stopped")

    async def _handle(self, application: App, update: Update) -> None:
        begin = time.perf_counter()
        await application.process_update(update)
        self.bot.metrics.took(time.perf_counter() - begin)

    async def _fetch(self, application: App, intake: Intake, stop: asyncio.Event) -> None:
        await application.bot.delete_webhook()
        log.info("fetching updates")
        await poll(application.bot, intake, ALLOWED_UPDATES, stop)
        await self._finish(intake)
        await confirm(application.bot, intake)

    async def _receive(self, application: App, intake: Intake, stop: asyncio.Event) -> None:
        settings = self.settings
        secret = settings.telegram_webhook_secret.get_secret_value() or secrets.token_urlsafe(32)
        webhook = Webhook(application.bot, intake, self.bot.metrics, secret)
        await webhook.listen(settings.telegram_webhook_listen, settings.telegram_webhook_port)
        await application.bot.set_webhook(
            settings.telegram_webhook_url.rstrip("/") + PATH, allowed_updates=ALLOWED_UPDATES, secret_token=secret
        )
        webhook.ready(True)
        log.info("receiving updates on port %d", webhook.port)
        await stop.wait()
        webhook.ready(False)
        await self._finish(intake)
        await webhook.close()

    async def _finish(self, intake: Intake) -> None:
        log.info("stopping: %d updates in hand", len(intake.tasks))
        if not await intake.finish(FINISH_WITHIN):
            log.warning("%d updates were not answered in time; they come again", len(intake.tasks))

    async def reload(self) -> str:
        """Read the content again. Returns the problems, one a line, or nothing; the old content stays where there are any."""
        async with self._reloading:
            try:
                conversation = await asyncio.to_thread(self.read)
            except ContentError as error:
                for problem in error.problems:
                    log.error("%s", problem)
                log.error("the new content is broken; the old one stays")
                return "\n".join(map(str, error.problems))
            self.bot.conversation = conversation
        _set_aside()
        log.info("new content: %d topics", len(conversation.faq.topics))
        application = self.bot.running
        if application is not None:
            with contextlib.suppress(TelegramError):
                await self.bot.introduce(application)
        return ""

    async def _forget(self) -> None:
        while True:
            await asyncio.sleep(FORGET_EVERY)
            self.bot.forget()

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY)
            log.info("%s", self.bot.metrics.summary())


def _set_aside() -> None:
    """Collect what is left of older content, and keep the present one out of the collections to come.

    One that walks through all of it stops every chat for 30 to 40 ms.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
