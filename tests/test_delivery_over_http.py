"""A whole bot process against a Bot API that fails, and that is killed: everybody gets an answer.

The benchmark beside these (`tests/benchmarks/delivery.py`) runs the same with more chats.
"""

import itertools
import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot_api import BotApi, BotProcess, serving, until, update
from tests.conftest import HELPLINES, LIBRARY, SAFETY

CHATS = range(1, 101)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("library.yaml", LIBRARY), ("_helplines.yaml", HELPLINES), ("_safety.yaml", SAFETY)):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[BotApi]:
    with serving(BotApi(faults=getattr(request, "param", 0.0))) as server:
        yield server


def ask_all(api: BotApi) -> None:
    for chat in CHATS:
        api.say(chat, "when is the library open")


def unanswered(api: BotApi) -> list[int]:
    return [chat for chat in CHATS if not api.sent[chat]]


@pytest.mark.parametrize("api", [0.2], indirect=True)
def test_with_a_fault_in_five_calls_everybody_is_answered_once(api: BotApi, folder: Path) -> None:
    ask_all(api)
    bot = BotProcess(api, folder)

    assert until(lambda: not unanswered(api), 60), f"{len(unanswered(api))} unanswered"
    code, log = bot.end(signal.SIGTERM)

    assert code == 0, log
    assert max(api.sent.values()) == 1


def test_killed_in_the_middle_the_next_start_answers_the_rest(api: BotApi, folder: Path) -> None:
    ask_all(api)
    first = BotProcess(api, folder)
    assert until(lambda: sum(api.sent.values()) >= 30)
    first.end(signal.SIGKILL)
    assert unanswered(api), "the kill came too late to show anything"

    second = BotProcess(api, folder)

    assert until(lambda: not unanswered(api)), f"{len(unanswered(api))} unanswered"
    assert second.end(signal.SIGTERM)[0] == 0
    assert sum(count > 1 for count in api.sent.values()) <= 10, "at most what was in hand comes twice"


def test_told_to_stop_it_finishes_what_is_in_hand_and_answers_nobody_twice(api: BotApi, folder: Path) -> None:
    ask_all(api)
    first = BotProcess(api, folder)
    assert until(lambda: sum(api.sent.values()) >= 30)
    code, log = first.end(signal.SIGTERM)
    assert code == 0, log
    assert "stopped" in log

    second = BotProcess(api, folder)

    assert until(lambda: not unanswered(api))
    assert second.end(signal.SIGTERM)[0] == 0
    assert max(api.sent.values()) == 1


def test_a_hangup_brings_new_content_and_keeps_the_old_where_the_new_is_broken(api: BotApi, folder: Path) -> None:
    bot = BotProcess(api, folder)
    chats = itertools.count(2)  # who asks twice is not given the same answer again
    api.say(1, "when is the library open")
    assert until(lambda: "Nine to five." in api.texts.get(1, ""))

    (folder / "library.yaml").write_text(LIBRARY.replace("Nine to five.", "Ten to six."))
    bot.process.send_signal(signal.SIGHUP)
    assert until(lambda: _asked(api, next(chats)) == "Ten to six.")

    (folder / "library.yaml").write_text("- id: [")
    bot.process.send_signal(signal.SIGHUP)
    # Some rounds: the content is read beside them, and a stop would break that off.
    assert {_asked(api, next(chats)) for _ in range(20)} == {"Ten to six."}
    code, log = bot.end(signal.SIGTERM)
    assert code == 0
    assert "the new content is broken; the old one stays" in log


def _asked(api: BotApi, chat: int) -> str:
    """What the bot says now about the opening hours."""
    before = api.sent[chat]
    api.say(chat, "when is the library open")
    assert until(lambda: api.sent[chat] > before)
    return next((line for line in ("Nine to five.", "Ten to six.") if line in api.texts[chat]), "")


def test_by_webhook_an_update_is_taken_only_with_the_secret_and_confirmed_when_answered(
    api: BotApi, folder: Path
) -> None:
    bot = BotProcess(
        api,
        folder,
        TELEGRAM_WEBHOOK_URL="https://bot.example",
        TELEGRAM_WEBHOOK_LISTEN="127.0.0.1",
        TELEGRAM_WEBHOOK_PORT="0",
    )
    assert bot.process.stderr
    line = next(line for line in bot.process.stderr if "receiving updates on port" in line)
    base = f"http://127.0.0.1:{line.split()[-1]}"
    assert api.webhook["url"] == "https://bot.example/telegram"
    secret = api.webhook["secret"]
    assert len(secret) > 20

    assert _status(f"{base}/telegram", update(1, 1, "when is the library open"), "") == 403
    assert _status(f"{base}/telegram", update(1, 1, "when is the library open"), "wrong") == 403
    assert api.sent[1] == 0
    assert _status(f"{base}/telegram", update(1, 1, "when is the library open"), secret) == 200
    assert api.sent[1] == 1, "the answer was sent before the 200"
    assert _status(f"{base}/telegram", update(1, 1, "when is the library open"), secret) == 200
    assert api.sent[1] == 1, "brought again, it is not answered again"
    assert _status(f"{base}/telegram", {"what": "is this"}, secret) == 200
    for path, words in (("healthz", "ok"), ("readyz", "ready"), ("metrics", 'bot_turns_total{outcome="answer"} 1.0')):
        with urllib.request.urlopen(f"{base}/{path}") as answer:  # noqa: S310  # our own address
            assert words in answer.read().decode()
    assert bot.end(signal.SIGTERM)[0] == 0


def _status(url: str, body: object, secret: str) -> int:
    headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  # our own address
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
