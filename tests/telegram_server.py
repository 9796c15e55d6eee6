"""Telegram without Telegram: a server that records what the bot calls and holds it to the Bot API's rules, and a phone.

The server answers like the Bot API and keeps every message as the person would see it. What Telegram would refuse it
refuses too (400), and keeps as a violation; `opened` fails the test that caused one.
"""

import asyncio
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from telegram import Update
from telegram.error import NetworkError
from telegram.request import BaseRequest, RequestData

from bot.delivery import Delivery
from bot.settings import Settings
from bot.telegram_app import App, TelegramBot

BOT_ID = 42
BOT_NAME = "faq_test_bot"
TOKEN = "123456:not-a-real-token"  # noqa: S105  # nobody's
PERSON = {"id": 770011, "is_bot": False, "first_name": "Zaphira", "last_name": "Quillon", "username": "zaphira_q"}
PRIVATE = {"id": 770011, "type": "private", "first_name": "Zaphira", "username": "zaphira_q"}
GROUP = {"id": -1009, "type": "supergroup", "title": "Night shift"}


@dataclass(frozen=True, slots=True)
class Failure:
    """How the server fails a call; code 0 means that it cannot be reached at all."""

    code: int
    description: str


BLOCKED = Failure(403, "Forbidden: bot was blocked by the user")
NOT_MODIFIED = Failure(
    400,
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message",
)
CANT_EDIT = Failure(400, "Bad Request: message can't be edited")
QUERY_TOO_OLD = Failure(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
REFUSED_TOKEN = Failure(401, "Unauthorized")
NO_SUCH_METHOD = Failure(404, "Not Found")
REFUSED = Failure(400, "Bad Request: chat not found")
UNREACHABLE = Failure(0, "the line is dead")


# --- Telegram's HTML ---------------------------------------------------------------------------------------------------

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[a-zA-Z][\w-]*)(?P<rest>[^<>]*)>"
    r"|&(?P<entity>#[0-9]+|#x[0-9a-fA-F]+|lt|gt|amp|quot);"
    r"|(?P<char>[^<&])",
    re.DOTALL,
)
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}


class RuleBrokenError(AssertionError):
    """The bot asked for what Telegram refuses."""


def units(text: str) -> int:
    """A text's length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def parse_html(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The visible text and its entities, or RuleBrokenError for what Telegram cannot parse."""
    text = ""
    entities: list[dict[str, Any]] = []
    open_tags: list[tuple[str, dict[str, Any]]] = []
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        _rule(token is not None, f"unescaped {source[at : at + 12]!r}")
        assert token is not None
        at = token.end()
        if token["char"]:
            text += token["char"]
        elif token["entity"]:
            text += _character(token["entity"])
        elif token["close"]:
            _rule(bool(open_tags) and open_tags[-1][0] == token["tag"], f"</{token['tag']}> closes nothing")
            _, entity = open_tags.pop()
            entity["length"] = units(text) - entity["offset"]
            entities += [entity] if entity["length"] else []
        else:
            entity = _entity(token["tag"], token["rest"].strip(), [tag for tag, _ in open_tags])
            open_tags.append((token["tag"], entity | {"offset": units(text)}))
    _rule(not open_tags, f"<{open_tags[-1][0] if open_tags else ''}> is never closed")
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, entities


def _character(entity: str) -> str:
    if entity in _NAMED:
        return _NAMED[entity]
    return chr(int(entity[2:], 16) if entity[1] == "x" else int(entity[1:]))


def _entity(tag: str, attributes: str, around: Sequence[str]) -> dict[str, Any]:
    _rule(tag in TAGS, f"<{tag}> is no tag that Telegram knows")
    if tag == "a":
        link = re.fullmatch(r'href="([^"]*)"', attributes)
        _rule(link is not None, f"<a {attributes}>")
        assert link is not None
        _rule(bool(re.match(r"(https?|tg)://\S+$", link[1])), f"{link[1]!r} is no address that Telegram links")
        url = re.sub(r"&([^;]+);", lambda found: _character(found[1]), link[1])
        return {"type": "text_link", "url": url}
    if tag == "blockquote":
        _rule("blockquote" not in around, "a blockquote inside a blockquote")
        _rule(attributes in {"", "expandable"}, f"<blockquote {attributes}>")
        return {"type": "expandable_blockquote" if attributes else "blockquote"}
    _rule(not attributes, f"<{tag} {attributes}>")
    return {"type": TAGS[tag]}


def _rule(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuleBrokenError(otherwise)


# --- the rules ---------------------------------------------------------------------------------------------------------


def _check_length(name: str, value: object, low: int, high: int) -> None:
    _rule(isinstance(value, str), f"{name} must be text, not {value!r}")
    length = units(str(value))
    _rule(low <= length <= high, f"{name} has {length} characters, allowed are {low} to {high}")


def check_text(parameters: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The text of a message as shown, or RuleBrokenError."""
    text = str(parameters.get("text", ""))
    entities: list[dict[str, Any]] = []
    if parameters.get("parse_mode") == "HTML":
        text, entities = parse_html(text)
    _rule(parameters.get("parse_mode") in {None, "HTML"}, f"parse mode {parameters.get('parse_mode')!r}")
    _rule(bool(text.strip()), "message text is empty")
    _check_length("text", text, 1, 4096)
    _rule(len(entities) <= 100, f"{len(entities)} entities")
    return text, entities


def check_markup(markup: Mapping[str, Any] | None, *, inline_only: bool = False) -> None:
    """RuleBrokenError where a keyboard is one that Telegram refuses."""
    if markup is None:
        return
    inline = "inline_keyboard" in markup
    _rule(inline or "keyboard" in markup, f"not a keyboard: {markup}")
    _rule(inline or not inline_only, "an edited message can only carry buttons")
    rows = markup["inline_keyboard"] if inline else markup["keyboard"]
    _rule(inline or bool(rows), "an empty reply keyboard")
    _rule(sum(len(row) for row in rows) <= 100, "more than 100 buttons")
    for row in rows:
        _rule(1 <= len(row) <= 8, f"{len(row)} buttons in a row")
        for button in row:
            _rule(bool(button.get("text", "").strip()), f"a button without text: {button}")
            if inline:
                _check_button(button)
    if "input_field_placeholder" in markup:
        _check_length("placeholder", markup["input_field_placeholder"], 1, 64)


def _check_button(button: Mapping[str, Any]) -> None:
    does = button.keys() & {"callback_data", "copy_text", "url"}
    _rule(len(does) == 1, f"a button must do exactly one thing: {button}")
    if "callback_data" in button:
        size = len(button["callback_data"].encode())
        _rule(1 <= size <= 64, f"callback_data has {size} bytes: {button['callback_data']!r}")
    if "copy_text" in button:
        _check_length("copy_text", button["copy_text"].get("text"), 1, 256)
    if "url" in button:
        _rule(bool(re.match(r"(https?|tg)://", button["url"])), f"button to {button['url']!r}")


def check_commands(commands: Sequence[Mapping[str, Any]]) -> None:
    """RuleBrokenError where a list of commands is one that Telegram refuses."""
    _rule(len(commands) <= 100, f"{len(commands)} commands")
    for command in commands:
        _rule(bool(re.fullmatch(r"[a-z0-9_]{1,32}", command["command"])), f"command {command['command']!r}")
        _check_length("a command's description", command["description"], 1, 256)


# --- the server --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot."""

    method: str
    parameters: dict[str, Any]

    @property
    def html(self) -> str:
        """The text as the bot wrote it."""
        return str(self.parameters.get("text", ""))

    @property
    def text(self) -> str:
        """The text as a person sees it."""
        return parse_html(self.html)[0] if self.parameters.get("parse_mode") == "HTML" else self.html

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        """The inline buttons, row by row."""
        markup: dict[str, Any] = self.parameters.get("reply_markup") or {}
        return list(markup.get("inline_keyboard", []))

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """The inline buttons."""
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        """What stands on the inline buttons."""
        return [button["text"] for button in self.buttons]

    @property
    def actions(self) -> list[str]:
        """What the inline buttons send when pressed."""
        return [button["callback_data"] for button in self.buttons if "callback_data" in button]

    @property
    def keyboard(self) -> list[list[str]]:
        """The labels of the reply keyboard, row by row."""
        markup: dict[str, Any] = self.parameters.get("reply_markup") or {}
        return [[button["text"] for button in row] for row in markup.get("keyboard", [])]


async def at_once(seconds: float) -> None:
    """Takes the place of `asyncio.sleep`: waits not at all."""


class TelegramServer(BaseRequest):
    """Takes the place of the network under a real Application."""

    def __init__(self, when_idle: Callable[[], None] | None = None) -> None:
        """`when_idle`: called when the bot asks for updates and none are waiting."""
        self.when_idle = when_idle
        self.messages: dict[int, dict[str, Any]] = {}
        """Every message that the bot sent, as it is now."""
        self.waiting: list[dict[str, Any]] = []
        """Updates for the next getUpdates."""
        self.pressed: list[str] = []
        self._calls: list[Call] = []
        self._violations: list[str] = []
        self._failures: defaultdict[str, list[Failure]] = defaultdict(list)
        self._answered: Counter[str] = Counter()
        self._last_message = 1000
        self._methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "deleteWebhook": lambda _: True,
            "sendMessage": self._send_message,
            "sendContact": self._send_contact,
            "editMessageText": self._edit_message_text,
            "editMessageReplyMarkup": lambda parameters: self._change(parameters, {}),
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_my_commands,
            "setMyDescription": self._set_my_description,
            "setMyShortDescription": self._set_my_short_description,
        }

    # --- what a test says to it ---

    @property
    def calls(self) -> list[Call]:
        """Every call so far, but for getMe."""
        return [call for call in self._calls if call.method != "getMe"]

    def fail_once(self, method: str, failure: Failure) -> None:
        """The next call of this method fails; said twice, the next two do."""
        self._failures[method].append(failure)

    def violations(self) -> list[str]:
        """Every rule that was broken, unanswered presses among them."""
        answered = self._answered
        late = [f"press {query} was answered {answered[query]} times" for query in self.pressed if answered[query] != 1]
        return self._violations + late

    def next_id(self) -> int:
        """A number for a new message."""
        self._last_message += 1
        return self._last_message

    # --- what the library asks of it ---

    @property
    def read_timeout(self) -> float | None:
        """Never waited for."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = None,
        write_timeout: object = None,
        connect_timeout: object = None,
        pool_timeout: object = None,
    ) -> tuple[int, bytes]:
        """Record the call and answer it."""
        name = url.rpartition("/")[2]
        call = Call(name, dict(request_data.parameters) if request_data else {})
        self._calls.append(call)
        failures = self._failures[name]
        lost = bool(failures) and not failures[0].code
        if name == "answerCallbackQuery" and not lost:
            self._answered[call.parameters["callback_query_id"]] += 1
        try:
            _rule(name in self._methods, f"the Bot API knows no method {name!r}, or this server does not")
            if failures:
                return self._failed(failures.pop(0))
            result = self._methods[name](call.parameters)
        except RuleBrokenError as broken:
            self._violations.append(f"{name}: {broken}")
            return self._failed(Failure(400, f"Bad Request: {broken}"))
        if isinstance(result, Failure):
            return self._failed(result)
        return 200, json.dumps({"ok": True, "result": result}).encode()

    @staticmethod
    def _failed(failure: Failure) -> tuple[int, bytes]:
        if not failure.code:
            raise NetworkError(failure.description)
        body = {"ok": False, "error_code": failure.code, "description": failure.description}
        return failure.code, json.dumps(body).encode()

    # --- the methods, named as Telegram names them ---

    def _get_me(self, parameters: Mapping[str, Any]) -> object:
        return {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": "FAQ",
            "username": BOT_NAME,
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _get_updates(self, parameters: Mapping[str, Any]) -> object:
        updates, self.waiting = self.waiting, []
        if not updates and self.when_idle:
            self.when_idle()
        return updates

    def _send_message(self, parameters: Mapping[str, Any]) -> object:
        text, entities = check_text(parameters)
        check_markup(parameters.get("reply_markup"))
        return self._keep(parameters, {"text": text, "entities": entities})

    def _send_contact(self, parameters: Mapping[str, Any]) -> object:
        _rule(bool(re.fullmatch(r"\+?[\d -]{3,}", parameters["phone_number"])), f"contact {parameters}")
        _check_length("a contact's name", parameters["first_name"], 1, 64)
        contact = {"phone_number": parameters["phone_number"], "first_name": parameters["first_name"]}
        return self._keep(parameters, {"contact": contact})

    def _edit_message_text(self, parameters: Mapping[str, Any]) -> object:
        text, entities = check_text(parameters)
        return self._change(parameters, {"text": text, "entities": entities})

    def _answer_callback_query(self, parameters: Mapping[str, Any]) -> object:
        if "text" in parameters:
            _check_length("the answer to a press", parameters["text"], 0, 200)
        return True

    def _set_my_commands(self, parameters: Mapping[str, Any]) -> object:
        check_commands(parameters["commands"])
        return True

    def _set_my_description(self, parameters: Mapping[str, Any]) -> object:
        _check_length("description", parameters["description"], 0, 512)
        return True

    def _set_my_short_description(self, parameters: Mapping[str, Any]) -> object:
        _check_length("short description", parameters["short_description"], 0, 120)
        return True

    def _keep(self, parameters: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
        chat = GROUP if parameters["chat_id"] == GROUP["id"] else PRIVATE
        author = {"id": BOT_ID, "is_bot": True, "first_name": "FAQ", "username": BOT_NAME}
        message = {"message_id": self.next_id(), "date": 1_800_000_000, "chat": chat, "from": author, **content}
        markup: dict[str, Any] = parameters.get("reply_markup") or {}
        if "inline_keyboard" in markup:
            message["reply_markup"] = markup
        self.messages[message["message_id"]] = message
        return message

    def _change(self, parameters: Mapping[str, Any], content: Mapping[str, Any]) -> object:
        markup = parameters.get("reply_markup")
        check_markup(markup, inline_only=True)
        old = self.messages.get(parameters["message_id"])
        if old is None:
            return Failure(400, "Bad Request: message to edit not found")
        new = {key: value for key, value in old.items() if key != "reply_markup"} | dict(content)
        if markup and markup["inline_keyboard"]:
            new["reply_markup"] = markup
        if new == old:
            return NOT_MODIFIED
        self.messages[new["message_id"]] = new
        return new


# --- the phone ---------------------------------------------------------------------------------------------------------


class Phone:
    """One person in one chat with the bot. Every action returns the calls that the bot made because of it."""

    def __init__(
        self, bot: TelegramBot, application: App, server: TelegramServer, runner: asyncio.Runner, chat: dict[str, Any]
    ) -> None:
        self.bot = bot
        self.application = application
        self.server = server
        self.chat = chat
        self._runner = runner

    def say(self, text: str, **extra: object) -> list[Call]:
        """Send a text."""
        return self.send(text=text, **extra)

    def send(self, **content: object) -> list[Call]:
        """Send anything: `voice=…`, `photo=…, caption=…`, `reply_to_message=…`."""
        return self.feed({"update_id": 1, "message": self.message(**content)})

    def edit(self, **content: object) -> list[Call]:
        """Change a message that was sent before."""
        return self.feed({"update_id": 1, "edited_message": self.message(edit_date=1_800_000_001, **content)})

    def press(self, label: str) -> list[Call]:
        """Press the button with this label in the newest message that has one."""
        for message in reversed(self.server.messages.values()):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label:
                        return self.press_data(button["callback_data"], message)
        raise AssertionError(f"no button {label!r} on the screen")

    def press_data(self, data: str | None, message: Mapping[str, Any] | None = None, **extra: object) -> list[Call]:
        """Press a button with this data, be it there or not."""
        query = f"query-{len(self.server.pressed)}"
        self.server.pressed.append(query)
        pressed = {"id": query, "from": PERSON, "chat_instance": "1", **extra}
        pressed |= {"data": data} if data is not None else {}
        pressed |= {"message": message} if message is not None else {}
        return self.feed({"update_id": 1, "callback_query": pressed})

    def message(self, **content: object) -> dict[str, Any]:
        """A message of the person's as Telegram writes it."""
        head = {"message_id": self.server.next_id(), "date": 1_800_000_000, "chat": self.chat, "from": PERSON}
        return {**head, **content}

    def feed(self, update: dict[str, Any]) -> list[Call]:
        """Hand an update to the application."""
        before = len(self.server.calls)
        self._runner.run(self.application.process_update(Update.de_json(update, self.application.bot)))
        return self.server.calls[before:]

    def introduce(self) -> list[Call]:
        """What the bot does when it starts."""
        before = len(self.server.calls)
        self._runner.run(self.bot.introduce(self.application))
        return self.server.calls[before:]

    def fail_outside_of_updates(self, error: Exception) -> list[Call]:
        """Something fails while no message is in hand, as when polling breaks."""
        before = len(self.server.calls)
        self._runner.run(self.application.process_error(None, error))
        return self.server.calls[before:]

    def screen(self) -> list[dict[str, Any]]:
        """The bot's messages as the person sees them now, oldest first."""
        return list(self.server.messages.values())


def settings_for_tests(**changes: Any) -> Settings:
    """Settings that read no `.env`."""
    return Settings(_env_file=None, telegram_bot_token=SecretStr(TOKEN), **changes)  # type: ignore[call-arg]  # pydantic-settings' own argument


@contextmanager
def opened(bot: TelegramBot, chat: dict[str, Any] = PRIVATE, **settings: Any) -> Iterator[Phone]:
    """A phone that talks to this bot. At the end, no rule of Telegram's may have been broken."""
    server = TelegramServer()
    application = bot.application(settings_for_tests(**settings), request=server, delivery=Delivery(0, sleep=at_once))
    with asyncio.Runner() as runner:
        runner.run(application.initialize())
        try:
            yield Phone(bot, application, server, runner, chat)
        finally:
            runner.run(application.shutdown())
    assert server.violations() == []
