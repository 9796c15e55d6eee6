"""Measures delivery against the stand-in Bot API: faults, kills, stops, and throughput beside a bare echo bot.

    python -m tests.benchmarks.delivery

Takes about ten minutes, most of them for the last line. The bot runs as its operator starts it, with the shipped content.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot import content
from tests.bot_api import TOKEN, BotApi, BotProcess, serving, until

FOLDER = content.shipped_folder()
QUESTIONS = [topic.questions[0] for topic in content.load().topics]

ECHO = """
    import logging, sys
    from telegram.ext import Application, MessageHandler, filters
    async def echo(update, context):
        await update.message.reply_text(update.message.text)
    application = Application.builder().token(sys.argv[1]).base_url(sys.argv[2] + "/bot").build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.run_polling()
"""


def usual(chat: int) -> str:
    """A wording of the FAQ, which the bot decides once and then remembers."""
    return QUESTIONS[chat % len(QUESTIONS)]


def unheard(chat: int) -> str:
    """A question that no chat has asked before, nor the FAQ."""
    return f"hi, number {chat} here, {QUESTIONS[chat % len(QUESTIONS)]}"


def ask(api: BotApi, chats: range, question: Callable[[int], str] = usual) -> None:
    """One question of each chat."""
    for chat in chats:
        api.say(chat, question(chat))


def answered(api: BotApi, chats: range) -> int:
    """Chats with at least one answer."""
    return sum(bool(api.sent[chat]) for chat in chats)


def faults() -> str:
    """A fifth of all calls fail, 200 chats."""
    with serving(BotApi(faults=0.2)) as api:
        chats = range(1, 201)
        ask(api, chats)
        bot = BotProcess(api, FOLDER)
        until(lambda: answered(api, chats) == len(chats), 120)
        bot.end(signal.SIGTERM)
        return f"{len(chats) - answered(api, chats)} of {len(chats)} unanswered, {_twice(api, chats)} twice"


def kills() -> str:
    """Killed in the middle of 300 chats, three times over."""
    lost = twice = 0
    for _ in range(3):
        with serving(BotApi()) as api:
            chats = range(1, 301)
            ask(api, chats)
            bot = BotProcess(api, FOLDER)
            until(lambda: answered(api, chats) >= 100)  # noqa: B023  # used within the round
            bot.end(signal.SIGKILL)
            bot = BotProcess(api, FOLDER)
            until(lambda: answered(api, chats) == len(chats), 60)  # noqa: B023
            bot.end(signal.SIGTERM)
            lost += len(chats) - answered(api, chats)
            twice += _twice(api, chats)
    return f"{lost} of 900 unanswered, {twice} twice ({twice / 900:.1%})"


def stop() -> str:
    """SIGTERM in the middle of 300 chats, and a new start."""
    with serving(BotApi()) as api:
        chats = range(1, 301)
        ask(api, chats)
        bot = BotProcess(api, FOLDER)
        until(lambda: answered(api, chats) >= 100)
        code, _ = bot.end(signal.SIGTERM)
        bot = BotProcess(api, FOLDER)
        until(lambda: answered(api, chats) == len(chats), 60)
        bot.end(signal.SIGTERM)
        return f"exit {code}, {len(chats) - answered(api, chats)} of 300 unanswered, {_twice(api, chats)} twice"


def throughput(question: Callable[[int], str] = usual, *, echo: bool = False) -> tuple[float, float]:
    """Answers a second under load, and the 99th percentile of the wait of a single message, in milliseconds."""
    with serving(BotApi()) as api:
        if echo:
            program = [sys.executable, "-c", textwrap.dedent(ECHO), TOKEN, f"http://127.0.0.1:{api.port}"]
            process = subprocess.Popen(program, stderr=subprocess.DEVNULL, text=True)  # noqa: S603  # this very Python
        else:
            process = BotProcess(api, FOLDER).process
        api.say(1, QUESTIONS[0])
        until(lambda: api.sent[1] > 0)
        waits = []
        for chat in range(2, 202):
            begin = time.perf_counter()
            api.say(chat, question(chat))
            until(lambda: api.sent[chat] > 0)  # noqa: B023  # used within the round
            waits.append((time.perf_counter() - begin) * 1000)
        chats = range(1000, 3000)
        begin = time.perf_counter()
        ask(api, chats, question)
        until(lambda: answered(api, chats) == len(chats), 120)
        rate = len(chats) / (time.perf_counter() - begin)
        process.terminate()
        process.wait(20)
        return rate, statistics.quantiles(waits, n=100)[98]


def memory() -> str:
    """Resident memory after 1,000 and after 100,000 messages, every second one never heard before."""
    with serving(BotApi()) as api:
        bot = BotProcess(api, FOLDER)
        sizes = []
        done = 0
        for total in (1_000, 100_000):
            while done < total:
                chats = range(done + 1, done + 501)
                ask(api, chats, lambda chat: (usual, unheard)[chat % 2](chat))
                until(lambda: answered(api, chats) == len(chats), 60)  # noqa: B023  # used within the round
                done += 500
            status = Path(f"/proc/{bot.process.pid}/status").read_text()
            sizes.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
        bot.end(signal.SIGTERM)
        return f"{sizes[0]:.0f} MiB, then {sizes[1]:.0f} MiB ({sizes[1] / sizes[0] - 1:+.1%})"


def _twice(api: BotApi, chats: range) -> int:
    return sum(api.sent[chat] > 1 for chat in chats)


def rows() -> Iterator[tuple[str, str]]:
    """Each scenario with what was measured."""
    yield "one call in five fails, 200 chats", faults()
    yield "kill -9 under load, three rounds of 300 chats", kills()
    yield "SIGTERM under load, 300 chats", stop()
    bare, bare_late = throughput(echo=True)
    for name, question in (("wordings of the FAQ", usual), ("never heard before", unheard)):
        rate, late = throughput(question)
        yield f"answers a second, {name}", f"{rate:.0f} (a bare echo bot {bare:.0f}: {rate / bare:.2f} of it)"
        yield f"99th percentile of a single reply, {name}", f"{late:.0f} ms (echo bot {bare_late:.0f} ms)"
    yield "memory after 1,000 and 100,000 messages", memory()


def main() -> None:
    """Run everything, and print each line as soon as it is known."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for scenario, measured in rows():
        print(f"{scenario}: {measured}", flush=True)


if __name__ == "__main__":
    main()
