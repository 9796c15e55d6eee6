"""The command line, and the only place where everything is put together.

Without a command the bot starts on Telegram; `chat`, `ask`, `check` and `bench` need no token and no network.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__, content, fitted
from bot.conversation import Conversation, Question
from bot.faq import Faq
from bot.replies import plain
from bot.safety import CLASSIFIER

if TYPE_CHECKING:
    from bot.evaluation import Report

DESCRIPTION = """\
A bot that answers questions from a folder of YAML, with a number to call under every answer.

  python -m bot chat          try it here, without token and network
  python -m bot               run it on Telegram (TELEGRAM_BOT_TOKEN from the environment or .env)
  python -m bot ask "…"       one decision per question, for scripts (--json, --explain)
  python -m bot check         find every mistake in the content
  python -m bot eval FILE     measure it on labelled messages: what is answered, what is confused with what
  python -m bot bench         measure start, speed and memory on this machine
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code says whether it went well. Expected errors are one line and exit 1."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except content.ContentError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = "1 problem" if len(error.problems) == 1 else f"{len(error.problems)} problems"
        print(f"{count} in {error.place}, to be mended first.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output went away ("| head"): nothing is wrong on our side.
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(run=_telegram)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--faq",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="another folder of YAML instead of the shipped one",
    )
    # Also before the command: `python -m bot --faq DIR` runs that folder on Telegram.
    parser.add_argument("--faq", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="")

    chat = commands.add_parser("chat", parents=[common], help="talk to the bot in this terminal")
    chat.set_defaults(run=_chat)

    ask = commands.add_parser("ask", parents=[common], help="one decision per argument, or per line of standard input")
    ask.add_argument("text", nargs="*", help="a question; without one, each line of standard input is one")
    ask.add_argument("--json", action="store_true", help="one JSON object a line (the contract is in the README)")
    ask.add_argument("--explain", action="store_true", help="show what was understood, and why")
    ask.set_defaults(run=_ask)

    check = commands.add_parser("check", parents=[common], help="find every mistake in the content")
    check.add_argument("--strict", action="store_true", help="warnings are errors too, as before a release")
    check.add_argument("--list", action="store_true", help="list topics with grade, words, phrasings and sources")
    check.set_defaults(run=_check)

    evaluation = commands.add_parser(
        "eval",
        parents=[common],
        help="measure it on labelled messages",
        description='Each line of a FILE is {"text": "…", "label": "…"}. A label is a topic\'s id (A|B where either is '
        "right), OOS, GREETING, THANKS, CALL, HARMFUL, NEAR_CRISIS or CRISIS_….",
    )
    evaluation.add_argument("file", nargs="*", type=Path, help="labelled messages, one JSON object a line")
    evaluation.add_argument("--cross-validate", action="store_true", help="leave each phrasing of the FAQ out in turn")
    evaluation.add_argument("--json", action="store_true", help="one JSON object, for machines")
    evaluation.set_defaults(run=_eval)

    bench = commands.add_parser("bench", parents=[common], help="measure start, speed and memory on this machine")
    bench.set_defaults(run=_bench)
    return parser


# --- the bot -------------------------------------------------------------------------------------------------------------


def _conversation(folder: Path | None, *, ratings: bool = False) -> Conversation:
    return fitted.conversation(content.load(folder), ratings=ratings, tell=_tell_first_start)


def _tell_first_start() -> None:
    if sys.stderr.isatty():
        print("Learning the questions. This takes one to three minutes, the first time only.", file=sys.stderr)


def _telegram(arguments: argparse.Namespace) -> int:
    # The library's own way to ask for durations as such, without a warning for each.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    # Imported here, so that the terminal commands start fast and need none of it.
    from telegram.error import Conflict, InvalidToken, NetworkError

    from bot.feedback import Feedback
    from bot.service import Service
    from bot.settings import SettingsError, load_settings
    from bot.telegram_app import TelegramBot
    from bot.transport import ProxyError

    try:
        settings = load_settings()
        feedback = Feedback(settings.database_url, date.today) if settings.database_url else None
    except (SettingsError, ValueError) as error:
        message = str(error) if isinstance(error, SettingsError) else f"DATABASE_URL is wrong: {error}"
        print(f"{message} (`python -m bot chat` needs no settings)", file=sys.stderr)
        return 1
    token = settings.telegram_bot_token.get_secret_value()
    _log_to_stderr(settings.log_level, settings.log_format, token)
    folder = arguments.faq or (Path(settings.faq_dir) if settings.faq_dir else None)

    def read() -> Conversation:
        conversation = _conversation(folder, ratings=feedback is not None)
        conversation.warm_up()
        return conversation

    if hasattr(signal, "SIGHUP"):
        # "Reload" while the content is being learned for the first time: it is being read.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        asyncio.run(Service(TelegramBot(read(), feedback), settings, read).run())
    except KeyboardInterrupt:
        pass
    except InvalidToken:
        print("TELEGRAM_BOT_TOKEN was refused by the server: copy it again from BotFather.", file=sys.stderr)
        return 1
    except ProxyError as error:
        print(f"{error}: give the address of one that speaks HTTP, or none.", file=sys.stderr)
        return 1
    except Conflict:
        print("Another copy of this bot fetches its updates, or a webhook is set: stop one of them.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"port {settings.telegram_webhook_port} cannot be opened: {error.strerror}", file=sys.stderr)
        return 1
    except NetworkError as error:
        reason = str(error).replace(token, "…")
        print(f"{settings.telegram_api_url} cannot be reached: {reason}", file=sys.stderr)
        return 1
    finally:
        if feedback:
            feedback.close()
    return 0


class _Lines(logging.Formatter):
    """One line a record, for people or as JSON, with the bot's token blotted out wherever a library put it."""

    def __init__(self, token: str, *, as_json: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._token = token
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if self._as_json:
            parts = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
            line = json.dumps({"time": self.formatTime(record), **parts}, ensure_ascii=False)
        return line.replace(self._token, "<token>")


def _log_to_stderr(level: str, form: str, token: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(token, as_json=form == "json"))
    logging.basicConfig(level=level, handlers=[handler])
    # They log addresses (the token is in them), and python-telegram-bot whole updates, at INFO and below.
    for name in ("aiohttp", "telegram"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _chat(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from bot.console import Chat

    console = Console(highlight=False)
    chat = Chat(_conversation(arguments.faq), console)
    if sys.stdin.isatty():
        chat.greet()
        chat.run(chat.prompt())
    else:
        chat.run(sys.stdin)
    return 0


# --- tools ---------------------------------------------------------------------------------------------------------------


def _ask(arguments: argparse.Namespace) -> int:
    conversation = _conversation(arguments.faq)
    lines: Iterable[str] = arguments.text or (line.rstrip("\r\n") for line in sys.stdin)
    for text in lines:
        turn = conversation.respond(Question(text))
        decision = turn.decision or conversation.decide(text)
        if arguments.json:
            print(
                json.dumps(
                    {
                        "text": text,
                        "outcome": decision.outcome,
                        "topics": _with_wider(conversation.faq, decision.topics),
                        "emergency": decision.emergency,
                        "caution": decision.caution,
                        "confidence": decision.confidence,
                        "ranking": _by_wider(conversation.faq, decision.ranking),
                        "reply": plain(turn.reply),
                    },
                    ensure_ascii=False,
                ),
                flush=True,
            )
        else:
            refusal = decision.finding.refusal
            what = [decision.emergency] if decision.emergency else [refusal.id] if refusal else decision.topics
            named = f": {', '.join(what)}" if what else ""
            print(f"{decision.outcome}{named} ({decision.confidence:.2f})  {text}", flush=True)
        if arguments.explain:
            for line in _explained(conversation, text):
                print(f"    {line}", file=sys.stderr if arguments.json else sys.stdout)
    return 0


def _with_wider(faq: Faq, topics: Iterable[str]) -> list[str]:
    """Each topic, after the wider one that it is part of: a program may count by either."""
    return list(dict.fromkeys(name for topic in topics for name in (faq.intent(topic), topic)))


def _by_wider(faq: Faq, ranking: Iterable[tuple[str, float]]) -> list[list[str | float]]:
    """The ranking of the wider topics, each with its best score."""
    best: dict[str, float] = {}
    for topic, score in ranking:
        best.setdefault(faq.intent(topic), score)
    return [[topic, score] for topic, score in list(best.items())[:5]]


def _explained(conversation: Conversation, text: str) -> Iterable[str]:
    decision = conversation.decide(text)
    for hit in decision.finding.hits:
        yield f"safety: rule {hit.owner}.{hit.rule} fired on “{hit.words}”"
    for hit, guard in decision.finding.excused:
        how = "is only doubtful to the" if guard == CLASSIFIER else "was excused by guard"
        yield f"safety: rule {hit.owner}.{hit.rule} on “{hit.words}” {how} “{guard}”"
    explanation = conversation.explain(text)
    reading = explanation.verdict.reading
    yield f"read as: {' | '.join(' '.join(sentence) for sentence in reading.sentences)}"
    for old, new in reading.repairs:
        yield f"repaired: {old} → {new}"
    scores = dict(explanation.verdict.ranking)
    for label, phrasing, cosine, shared in explanation.nearest:
        common = f", shares: {' '.join(shared)}" if shared else ""
        yield f"{label}: score {scores[label]:.2f}, nearest phrasing “{phrasing}” (cosine {cosine:.2f}{common})"


def _check(arguments: argparse.Namespace) -> int:
    from bot.review import listing, median_grade, review

    read = content.read(arguments.faq)
    if arguments.list:
        _print_listing(read.faq, listing(read.faq), median_grade(read.faq))
    problems = sorted(review(read, fitted.matcher(read.faq), date.today()))
    for problem in problems:
        print(problem)
    errors = [problem for problem in problems if problem.severity == "error" or arguments.strict]
    topics = len(read.faq.topics)
    phrasings = sum(len(topic.questions) + len(topic.heard) for topic in read.faq.topics)
    warnings = len(problems) - sum(problem.severity == "error" for problem in problems)
    print(f"{topics} topics, {phrasings} phrasings: {len(problems) - warnings} errors, {warnings} warnings.")
    return 1 if errors else 0


def _eval(arguments: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from bot.evaluation import advice, cross_validate, evaluate, read_messages

    if bool(arguments.file) == arguments.cross_validate:
        print("name a file of labelled messages, or --cross-validate without one", file=sys.stderr)
        return 2
    conversation = _conversation(arguments.faq)
    if arguments.cross_validate:
        report = cross_validate(conversation)
    else:
        messages = read_messages(arguments.file, conversation.faq)
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("asking", total=len(messages))
            report = evaluate(conversation, messages, tick=lambda: progress.advance(task))
    if arguments.json:
        print(json.dumps({**asdict(report), "advice": list(advice(report))}, ensure_ascii=False))
    else:
        _print_report(report, list(advice(report)))
    return 0


def _print_report(report: "Report", lines: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    every = report.topics
    if every.messages:
        console.print(f"{every.messages} messages about a topic")
        named = [("right first", every.top_1), ("right among three", every.top_3)]
        if every.answered_right + every.answered_wrong + every.asked_right + every.asked_wrong + every.unanswered:
            named += [
                ("answered right", every.answered_right),
                ("answered wrongly", every.answered_wrong),
                ("asked, right one offered", every.asked_right),
                ("asked, right one not offered", every.asked_wrong),
                ("not answered", every.unanswered),
                ("taken for danger, harm or small talk", every.elsewhere),
            ]
        for name, count in named:
            console.print(f"  {name:38} {count:5}  {every.share(count):6.1%}")
    for kind, (right, of) in report.kinds.items():
        console.print(f"{kind:20} as it should be {right} of {of}")
    if report.reliability:
        console.print("confidence and how often the first topic was right:")
        for lower, of, right in report.reliability:
            console.print(f"  {lower:.1f} to {lower + 0.1:.1f}  {right:4} of {of:4}  {right / of:5.0%}")
    table = Table(title="By label, most wrong first")
    for name in ("label", "messages", "first", "among three", "answered wrongly"):
        table.add_column(name, justify="left" if name == "label" else "right")
    for label, tally in sorted(report.by_label.items(), key=lambda item: item[1].top_1 - item[1].messages):
        if tally.top_1 < tally.messages:
            table.add_row(label, *map(str, (tally.messages, tally.top_1, tally.top_3, tally.answered_wrong)))
    if table.row_count:
        console.print(table)
    for line in lines:
        console.print(f"- {line}", markup=False)


def _print_listing(faq: Faq, rows: Iterable[tuple[str, float, int, int, int, str]], median: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(faq.topics)} topics, median reading grade {median:.1f}")
    for name in ("topic", "grade", "words", "phrasings", "sources", "reviewed by"):
        table.add_column(name, justify="left" if name in {"topic", "reviewed by"} else "right")
    for topic, grade, words, phrasings, sources, reviewed in rows:
        table.add_row(topic, f"{grade:.1f}", str(words), str(phrasings), str(sources), reviewed)
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def _longest_messages(faq: Faq, count: int) -> list[str]:
    """Messages as long as Telegram lets them be, of the FAQ's wordings from all over: half with full stops, half without."""
    import itertools
    import re

    wordings = [wording for topic in faq.topics for wording in (*topic.questions, *topic.heard)]
    messages: list[str] = []
    for number in range(count):
        message = ""
        for step in itertools.count():
            wording = wordings[(977 * number + 389 * step) % len(wordings)]
            message += f"{wording}. " if number % 2 else re.sub(r"[.?!]", "", f"{wording} ")
            if len(message) >= 4096:
                break
        messages.append(message[:4096])
    return messages


def _bench(arguments: argparse.Namespace) -> int:
    import statistics
    import subprocess
    import time

    folder = [f"--faq={arguments.faq}"] if arguments.faq else []
    conversation = _conversation(arguments.faq)
    questions = [question for topic in conversation.faq.topics for question in topic.questions]
    times: list[float] = []
    for question in questions:
        begin = time.perf_counter()
        conversation.decide(question)
        times.append((time.perf_counter() - begin) * 1000)
    times.sort()
    median, late = statistics.median(times), times[int(len(times) * 0.99)]
    print(f"decision: median {median:.2f} ms, 99th percentile {late:.2f} ms over {len(times)} phrasings")

    conversation.warm_up()
    longest = _longest_messages(conversation.faq, 80)
    for name, read in (("safety gate", conversation.is_emergency), ("decision", conversation.decide)):
        took: list[float] = []
        for text in longest:
            begin = time.perf_counter()
            read(text)
            took.append((time.perf_counter() - begin) * 1000)
        took.sort()
        print(
            f"{name}, messages of 4,096 characters: median {statistics.median(took):.1f} ms, longest {took[-1]:.1f} ms"
            f" over {len(took)}"
        )

    first = conversation.faq.topics[0].questions[0]
    program = (
        "import io, sys, resource; sys.stdin = io.StringIO(sys.argv.pop() + '\\n'); sys.stdout = io.StringIO();"
        "from bot.__main__ import main; main(sys.argv[1:]); used = resource.getrusage(resource.RUSAGE_SELF);"
        "print(used.ru_utime + used.ru_stime, file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "chat", *folder, first], capture_output=True, text=True, check=True
    )
    print(f"terminal: {float(run.stderr.strip().splitlines()[-1]):.2f} s of CPU from start to first answer")

    memory = (
        "import re, sys; from pathlib import Path; from bot.__main__ import _conversation; from bot.feedback import Feedback;"
        "from bot.settings import Settings; from bot.telegram_app import TelegramBot; from datetime import date;"
        "f = Feedback('sqlite://', date.today);"
        "c = _conversation(Path(sys.argv[1]) if sys.argv[1:] else None, ratings=True); c.warm_up();"
        "b = TelegramBot(c, f);"
        "b.application(Settings(_env_file=None, telegram_bot_token='1:bench'));"
        "print(int(re.search(r'VmRSS:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) / 1024)"
    )
    extra = [str(arguments.faq)] if arguments.faq else []
    if Path("/proc/self/status").exists():
        run = subprocess.run([sys.executable, "-c", memory, *extra], capture_output=True, text=True, check=True)
        print(f"Telegram process: {float(run.stdout):.0f} MiB resident before the first message")
    return 0


if __name__ == "__main__":
    sys.exit(main())
