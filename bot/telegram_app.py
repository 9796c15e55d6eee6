"""Telegram update to incoming message; Reply to HTML and keyboards; wiring and errors. Decides nothing itself.

One handler for messages (new and edited), one for presses, one for whatever failed on the way. Every message and every
press gets an answer; what fails inside is answered with the fixed reply that carries the helplines. Logs name the kind
of a failure and its place in the code, never a text, a name or an id.
"""

import asyncio
import html
import logging
import re
import time
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from telegram import (
    CallbackQuery,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.constants import ChatType, MessageLimit, ParseMode
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest

from bot.conversation import (
    Command,
    Conversation,
    Incoming,
    Media,
    Question,
    Turn,
    parse_button,
)
from bot.delivery import URGENT, Delivery
from bot.feedback import Feedback
from bot.memory import NOTHING_KNOWN, Memory
from bot.metrics import Metrics
from bot.replies import Reply, Rows, spans
from bot.settings import Settings
from bot.transport import Transport

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ["message", "edited_message", "callback_query"]

CHATS_REMEMBERED = 10_000
"""Chats whose memory is kept at most; the one that was quiet longest is forgotten first."""

REPLIES_KEPT = 500
"""Replies, all of them made of the content alone, that are kept as Telegram wants them."""

V = TypeVar("V")
App = Application[Any, Any, Any, Any, Any, Any]


class _Forgetful(App):
    """An Application that gathers no ids: the library's keeps all that it ever met, for a storage that this bot has not."""

    __slots__ = ()

    def _mark_for_persistence_update(self, *, update: object = None, job: object = None) -> None:
        """Keep nothing."""


class TelegramBot:
    """Carries messages between Telegram and the conversation."""

    def __init__(
        self,
        conversation: Conversation,
        feedback: Feedback | None = None,
        clock: Callable[[], float] = time.monotonic,
        metrics: Metrics | None = None,
    ) -> None:
        """`clock` tells seconds, for the ten minutes in which a follow-up is understood, and for floods.

        `conversation` may be exchanged while the bot runs. `on_reload` is called for an administrator's `/reload` and
        returns what is wrong with the new content.
        """
        self.conversation = conversation
        self.metrics = metrics or Metrics()
        self.on_reload: Callable[[], Awaitable[str]] | None = None
        self.running: App | None = None
        self._admins: frozenset[int] = frozenset()
        self._feedback = feedback
        self._clock = clock
        self._memories = Memories()
        self._flood = Flood(FLOOD_MESSAGES)
        self._presses = Flood(FLOOD_PRESSES)

    def application(
        self, settings: Settings, request: BaseRequest | None = None, delivery: Delivery | None = None
    ) -> App:
        """The wired Application. `request` replaces the network and `delivery` its patience, for tests."""
        builder = (
            Application.builder()
            .application_class(_Forgetful)
            .token(settings.telegram_bot_token.get_secret_value())
            .base_url(f"{settings.telegram_api_url}/bot")
            .base_file_url(f"{settings.telegram_api_url}/file/bot")
            .rate_limiter(delivery or Delivery(settings.telegram_messages_per_second))
        )
        calls, polls = (request or Transport(settings.telegram_api_url) for _ in range(2))
        application: App = builder.request(calls).get_updates_request(polls).build()
        self.running = application
        self._admins = frozenset(settings.telegram_admin_ids)
        application.add_handler(
            MessageHandler(filters.UpdateType.MESSAGES & ~filters.StatusUpdate.ALL, self.on_message)
        )
        application.add_handler(CallbackQueryHandler(self.on_press))
        application.add_error_handler(self.on_error)
        return application

    async def introduce(self, application: App) -> None:
        """Tell Telegram the commands and descriptions. A server that refuses keeps the bot from nothing."""
        texts = self.conversation.faq.texts
        bot = application.bot
        calls = (
            bot.set_my_commands([(command.name, command.description) for command in texts.commands]),
            bot.set_my_description(texts.description),
            bot.set_my_short_description(texts.short_description),
        )
        for call in calls:
            try:
                await call
            except TelegramError as error:
                log.warning("the server refused the bot's description (%s); going on without", type(error).__name__)

    # --- incoming --------------------------------------------------------------------------------------------------

    async def on_message(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A new or edited message: text, command, caption or media."""
        message = update.effective_message
        if message is None:
            return
        incoming = _incoming(message, context.bot.username, context.bot.id)
        if incoming is None or (update.edited_message and isinstance(incoming, Media)):
            # Not for the bot; or a live location, which is "edited" each time it moves.
            return
        person = message.from_user.id if message.from_user else 0
        if isinstance(incoming, Command) and incoming.name == "reload" and person in self._admins and self.on_reload:
            await self._send(message, self._reloaded(await self.on_reload()), context)
            return
        allowed = self._flood.allows(message.chat.id, self._clock())
        if not allowed and not self._cannot_wait(incoming, message.chat.id):
            self.metrics.turn("slowed")
            if self._flood.tells(message.chat.id):
                await self._send(message, self.conversation.writer.slow_down(), context)
            return
        turn = self._respond(incoming, message.chat.id)
        emergency = turn.decision is not None and turn.decision.outcome == "emergency"
        calls = turn.decision is None and self.conversation.cannot_wait(incoming)
        if update.edited_message and not emergency:
            edited = self.conversation.faq.texts.edited.strip()
            turn = replace(turn, reply=replace(turn.reply, notice=f"{edited}\n{turn.reply.notice}".strip()))
        await self._send(message, turn.reply, context, urgent=emergency or calls)
        await self._record(turn)

    def _cannot_wait(self, incoming: Incoming, chat_id: int) -> bool:
        now = self._clock()
        if self._memories.get(chat_id, now).danger(now):
            return True
        return self.conversation.cannot_wait(incoming)

    def _reloaded(self, problems: str) -> Reply:
        texts = self.conversation.faq.texts
        return Reply(text=f"{texts.reload_failed}\n{problems[:3000]}" if problems else texts.reloaded)

    async def on_press(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A pressed inline button. The press is always answered, or the phone shows it as hanging."""
        query = update.callback_query
        if query is None:
            return
        urgent = (query.data or "").startswith(URGENT_ACTIONS)
        chat_id = query.message.chat.id if query.message else None
        if chat_id is not None and not urgent and not self._presses.allows(chat_id, self._clock()):
            self.metrics.turn("slowed")
            await self._acknowledge(query, "")
            return
        turn = self._respond(parse_button(query.data or ""), chat_id)
        message = query.message
        try:
            if urgent and message is not None:
                # The steps of a rescue wait for no acknowledgement that may have to be tried again.
                await self._send_to(message.chat.id, turn.reply, context, private=_private(message), urgent=True)
        finally:
            await self._acknowledge(query, turn.reply.toast)
        if urgent:
            return
        changes = turn.reply.edits or turn.reply.appends or bool(turn.reply.drops)
        known = isinstance(message, Message) and message.is_accessible
        done = changes and known and isinstance(message, Message) and await self._edit(message, turn.reply)
        if not done and message is not None and has_text(turn.reply):
            await self._send_to(message.chat.id, turn.reply, context, private=_private(message))
        await self._record(turn)

    async def _acknowledge(self, query: CallbackQuery, toast: str) -> None:
        try:
            await query.answer(toast or None)
        except TelegramError as error:
            # Too old, or a fault on the way: the person still gets what the button promised.
            log.info("a press could not be acknowledged (%s)", type(error).__name__)

    async def on_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The last resort: the fixed reply to the person, a line without their words to the operator."""
        error = context.error
        if isinstance(error, Forbidden):
            log.info("a chat is closed to the bot (blocked or left)")
            return
        self.metrics.error()
        log.error("an update failed: %s", _place(error))
        chat = update.effective_chat if isinstance(update, Update) else None
        if chat is not None:
            try:
                private = chat.type == ChatType.PRIVATE
                await self._send_to(chat.id, self.conversation.writer.failure(), context, private=private)
            except TelegramError as again:
                log.error("the fixed reply could not be sent either: %s", type(again).__name__)

    def forget(self) -> None:
        """Let go of what is remembered for long enough, also where nobody writes any more."""
        now = self._clock()
        for kept in (self._memories, self._flood, self._presses):
            kept.expire(now)

    def _respond(self, incoming: Incoming, chat_id: int | None) -> Turn:
        now = self._clock()
        known = self._memories.get(chat_id, now) if chat_id is not None else NOTHING_KNOWN
        try:
            turn = self.conversation.respond(incoming, known, now)
        except Exception as error:
            # Whatever is wrong inside, the person gets the helplines.
            self.metrics.error()
            log.error("no answer could be made: %s", _place(error))
            return Turn(self.conversation.writer.failure())
        self.metrics.turn(turn.decision.outcome if turn.decision else type(incoming).__name__.lower())
        if turn.memory is not None and chat_id is not None:
            self._memories.put(chat_id, turn.memory)
        return turn

    async def _record(self, turn: Turn) -> None:
        if not turn.events or self._feedback is None:
            return
        try:
            await asyncio.to_thread(self._feedback.record, turn.events)
        except Exception as error:
            # The person has the answer; a lost count is the operator's matter only.
            log.error("a rating was not counted: %s", type(error).__name__)

    # --- outgoing --------------------------------------------------------------------------------------------------

    async def _send(
        self, message: Message, reply: Reply, context: ContextTypes.DEFAULT_TYPE, *, urgent: bool = False
    ) -> None:
        private = _private(message)
        answered = None if private else message.message_id
        await self._send_to(message.chat.id, reply, context, private=private, answered=answered, urgent=urgent)

    async def _send_to(
        self,
        chat_id: int,
        reply: Reply,
        context: ContextTypes.DEFAULT_TYPE,
        *,
        private: bool,
        answered: int | None = None,
        urgent: bool = False,
    ) -> None:
        markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | None = inline_keyboard(reply.rows)
        if markup is None and reply.keyboard and private:
            markup = self._quick_replies()
        await context.bot.send_message(
            chat_id,
            to_html(reply, self.conversation.faq.texts.sources_title),
            parse_mode=ParseMode.HTML,
            reply_markup=markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            reply_to_message_id=answered,
            allow_sending_without_reply=True,
            rate_limit_args=URGENT if urgent else None,  # type: ignore[arg-type]  # the default context knows no limiter
        )
        for line in reply.contacts:
            try:
                await context.bot.send_contact(
                    chat_id,
                    phone_number=line.number,
                    first_name=line.name,
                    rate_limit_args=URGENT if urgent else None,  # type: ignore[arg-type]  # as above
                )
            except TelegramError as error:
                # The number stands in the message as well.
                log.warning("a contact card was not sent (%s)", type(error).__name__)

    async def _edit(self, message: Message, reply: Reply) -> bool:
        """Change the message in place; False where that is not possible and a new one must be sent."""
        markup = inline_keyboard(reply.rows) if reply.edits else _without(message.reply_markup, reply.drops)
        try:
            if not reply.edits and not reply.appends:
                await message.edit_reply_markup(markup)
                return True
            text = to_html(reply, self.conversation.faq.texts.sources_title)
            if reply.appends:
                text = f"{message.text_html}\n\n{text}"
            if _visible_length(text) > MessageLimit.MAX_TEXT_LENGTH:
                return False
            await message.edit_text(
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=markup,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except BadRequest as error:
            # Pressed twice: nothing to change, and nothing to send either. Too old to edit: a rating needs no message.
            return "not modified" in error.message.lower() or not (reply.edits or reply.appends)
        return True

    def _quick_replies(self) -> ReplyKeyboardMarkup:
        rows = [[KeyboardButton(label) for label in row] for row in self.conversation.writer.quick_replies()]
        placeholder = self.conversation.faq.texts.input_placeholder
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, is_persistent=True, input_field_placeholder=placeholder)


URGENT_ACTIONS = ("emergency:", "step:", "call:")
"""Buttons that help in this minute."""
FLOOD_MESSAGES, FLOOD_PRESSES = 20, 60
FLOOD_SECONDS = 60.0
"""More than so many messages or presses in so many seconds from one chat are not answered, unless they are an emergency."""


class Flood:
    """Counts what comes from each chat within a minute, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chats: OrderedDict[int, tuple[float, int]] = OrderedDict()
        self._told: OrderedDict[int, bool] = OrderedDict()

    def allows(self, chat_id: int, now: float) -> bool:
        """Count one; whether it is one of the first in this minute."""
        begin, count = self._chats.get(chat_id, (now, 0))
        if now - begin >= FLOOD_SECONDS:
            begin, count = now, 0
            self._told.pop(chat_id, None)
        self._chats.pop(chat_id, None)
        self._chats[chat_id] = (begin, count + 1)
        if len(self._chats) > CHATS_REMEMBERED:
            self._drop_first()
        return count < self._limit

    def expire(self, now: float) -> None:
        """Forget who was quiet for a minute."""
        while self._chats and now - next(iter(self._chats.values()))[0] >= FLOOD_SECONDS:
            self._drop_first()

    def _drop_first(self) -> None:
        gone, _ = self._chats.popitem(last=False)
        self._told.pop(gone, None)

    def tells(self, chat_id: int) -> bool:
        """Whether to say so: once in a minute."""
        told = self._told.get(chat_id, False)
        self._told[chat_id] = True
        return not told


class Memories:
    """What the conversation wants remembered, by chat: countries until the bot stops, the rest for ten minutes."""

    def __init__(self) -> None:
        self._countries: OrderedDict[int, str] = OrderedDict()
        self._recent: OrderedDict[int, Memory] = OrderedDict()

    def get(self, chat_id: int, now: float) -> Memory:
        """What is remembered of a chat. Whatever is older than ten minutes goes, whoever asks."""
        self.expire(now)
        recent = self._recent.get(chat_id, NOTHING_KNOWN)
        return replace(recent, country=self._countries.get(chat_id, ""))

    def expire(self, now: float) -> None:
        """Forget what is older than ten minutes."""
        while self._recent and not next(iter(self._recent.values())).counts(now):
            self._recent.popitem(last=False)

    def put(self, chat_id: int, memory: Memory) -> None:
        """Remember this of a chat instead of what was remembered."""
        _keep(self._countries, chat_id, memory.country)
        recent = replace(memory, country="")
        # A country changes nothing else: what is older must not stand behind what is newer.
        if recent != self._recent.get(chat_id):
            _keep(self._recent, chat_id, recent if recent.holds else None)


def _keep(kept: OrderedDict[int, V], chat_id: int, value: V | None) -> None:
    kept.pop(chat_id, None)
    if value:
        kept[chat_id] = value
    if len(kept) > CHATS_REMEMBERED:
        kept.popitem(last=False)


# --- pure translations -------------------------------------------------------------------------------------------------


def _incoming(message: Message, username: str, bot_id: int) -> Incoming | None:
    """What a message means to the conversation; None for what is not meant for the bot."""
    text = message.text or message.caption or ""
    command = re.match(r"/([A-Za-z0-9_]+)(?:@(\w+))?\s*(.*)", text, re.DOTALL)
    if command and command[2] and command[2].casefold() != username.casefold():
        return None
    if message.chat.type not in {ChatType.PRIVATE, ChatType.SENDER} and not command:
        answered = message.reply_to_message
        to_bot = answered is not None and answered.from_user is not None and answered.from_user.id == bot_id
        mention = re.compile(rf"@{re.escape(username)}\b", re.IGNORECASE)
        if not to_bot and not mention.search(text):
            return None
        text = mention.sub(" ", text).strip()
    if command:
        return Command(command[1].casefold(), command[3].strip())
    return Question(text) if text.strip() else Media()


def _private(message: MaybeInaccessibleMessage) -> bool:
    return message.chat.type == ChatType.PRIVATE


def has_text(reply: Reply) -> bool:
    """Whether there is something to send; a thank-you for a rating has only its toast."""
    return bool(reply.text or reply.sources)


def _without(markup: InlineKeyboardMarkup | None, prefix: str) -> InlineKeyboardMarkup | None:
    """A message's buttons without those whose data begins with the prefix."""
    rows = [
        [button for button in row if not str(button.callback_data or "").startswith(prefix)]
        for row in (markup.inline_keyboard if markup else ())
    ]
    kept = [row for row in rows if row]
    return InlineKeyboardMarkup(kept) if kept else None


@lru_cache(maxsize=REPLIES_KEPT)
def inline_keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """Buttons below a message; None where there are none."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.copy))
                if button.copy
                else InlineKeyboardButton(button.label, callback_data=button.action)
                for button in row
            ]
            for row in rows
        ]
    )


@lru_cache(maxsize=REPLIES_KEPT)
def to_html(reply: Reply, sources_title: str = "") -> str:
    """The reply in Telegram's HTML, within Telegram's length: the folded part goes first when it is too long."""
    for shorter in (reply, replace(reply, details=""), replace(reply, details="", sources=())):
        text = _html(shorter, sources_title)
        if _visible_length(text) <= MessageLimit.MAX_TEXT_LENGTH:
            return text
    # Only content that `check` would have refused comes here. 16-bit units: a character may take two.
    longest = MessageLimit.MAX_TEXT_LENGTH // 2
    cut = reply.text.replace("*", "").encode("utf-16-le")[: longest * 2].decode("utf-16-le", errors="ignore")
    return _html(Reply(notice=reply.notice[:500], title=reply.title[:100], text=cut, prompt=reply.prompt[:500]), "")


def _html(reply: Reply, sources_title: str) -> str:
    parts = [_marked(reply.notice), f"<b>{html.escape(reply.title)}</b>" if reply.title else "", _marked(reply.text)]
    parts += [f"<b>{_marked(reply.danger, bold=False)}</b>" if reply.danger else "", _marked(reply.prompt)]
    parts += [f"<blockquote expandable>{_marked(reply.details)}</blockquote>" if reply.details else ""]
    if reply.sources:
        links = [f'• <a href="{html.escape(one.url)}">{html.escape(one.label)}</a>' for one in reply.sources]
        parts.append("\n".join([f"<b>{html.escape(sources_title)}</b>", *links]))
    return "\n\n".join(part for part in parts if part)


def _marked(text: str, *, bold: bool = True) -> str:
    lines = []
    for line in text.splitlines():
        bullet = "• " if line.startswith("- ") else ""
        pieces = [
            f"<b>{html.escape(piece)}</b>" if strong and bold else html.escape(piece)
            for piece, strong in spans(line.removeprefix("- "))
        ]
        lines.append(bullet + "".join(pieces))
    return "\n".join(lines)


def _visible_length(text: str) -> int:
    """Length as Telegram counts it: UTF-16 units, without tags and entities."""
    return len(html.unescape(re.sub(r"<[^>]+>", "", text)).encode("utf-16-le")) // 2


def _place(error: BaseException | None) -> str:
    """An error's kind and where in the code it arose. Its message may hold a person's words and is left out."""
    frames = traceback.extract_tb(error.__traceback__) if error is not None else []
    place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"
