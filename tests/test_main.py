"""The command line: what each command prints, and that what is wrong is one line and exit 1."""

import io
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from telegram.request import BaseRequest

from bot import __version__
from bot.__main__ import main
from bot.delivery import Delivery
from bot.faq import Faq
from bot.feedback import Feedback
from bot.settings import Settings
from bot.telegram_app import ALLOWED_UPDATES, App, TelegramBot
from tests.conftest import HELPLINES, LIBRARY, Write
from tests.telegram_server import PERSON, PRIVATE, REFUSED_TOKEN, TOKEN, Call, Failure, TelegramServer, at_once

QUESTION = "How long does heroin withdrawal last?"
VARIABLES = ("TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL", "DATABASE_URL", "FAQ_DIR", "LOG_LEVEL")
LIBRARIES = ("aiohttp", "telegram")

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable is set and no `.env` is near."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Puts the loggers' levels back, which the bot sets for its whole process."""
    loggers = [logging.getLogger(name) for name in ("", *LIBRARIES)]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def folder(write: Write) -> str:
    """A folder of content about something else."""
    return str(write(LIBRARY, helplines=HELPLINES))


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """This is what standard input holds."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


# --- help ----------------------------------------------------------------------------------------------------------------


def test_help_names_every_command(capsys: Output) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--help"])

    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert all(command in text for command in ("chat", "ask", "check", "bench", "TELEGRAM_BOT_TOKEN"))


def test_version_is_the_packages(capsys: Output) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])

    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == __version__


# --- ask -----------------------------------------------------------------------------------------------------------------


def test_ask_prints_one_decision_per_question(capsys: Output) -> None:
    assert main(["ask", QUESTION, "what is the capital of france"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(rf"answer: timeline \([01]\.\d\d\)  {re.escape(QUESTION)}", lines[0])
    assert re.fullmatch(r"unknown \([01]\.\d\d\)  what is the capital of france", lines[1])


def test_ask_reads_a_question_from_each_line_of_standard_input(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    typed(monkeypatch, "opening times on sunday\r\nhow much are the fines")

    assert main(["ask", "--faq", folder]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines] == ["opening times on sunday", "how much are the fines"]
    assert [line.split(" (")[0] for line in lines] == ["answer: opening", "answer: fines"]


def test_ask_without_any_input_prints_nothing(capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    typed(monkeypatch, "")

    assert main(["ask", "--faq", folder]) == 0
    assert capsys.readouterr().out == ""


OUTCOMES = {"answer", "suggest", "unknown", "emergency", "refusal", "greeting", "thanks", "helpline"}
SAMPLES = {
    QUESTION: "answer",
    "what is the capital of france": "unknown",
    "my friend is not breathing and blue": "emergency",
    "where can i buy heroin": "refusal",
    "hello": "greeting",
    "thank you": "thanks",
    "can i talk to a human": "helpline",
    "📞 Helpline": "helpline",
    "": "unknown",
}


def test_ask_json_keeps_the_contract_whatever_the_outcome(capsys: Output, faq: Faq) -> None:
    assert main(["ask", "--json", *SAMPLES]) == 0

    objects: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {found["text"]: found["outcome"] for found in objects} == SAMPLES
    for found in objects:
        assert list(found) == ["text", "outcome", "topics", "emergency", "caution", "confidence", "ranking", "reply"]
        assert found["outcome"] in OUTCOMES
        assert isinstance(found["topics"], list)
        assert all(faq.topic(name) for name in found["topics"])
        assert (found["emergency"] is None) is (found["outcome"] != "emergency")
        assert isinstance(found["caution"], bool)
        assert isinstance(found["confidence"], float)
        assert 0 <= found["confidence"] <= 1
        assert len(found["ranking"]) <= 5
        assert all(isinstance(name, str) and isinstance(score, float) for name, score in found["ranking"])
        assert isinstance(found["reply"], str)
        assert found["reply"]
        assert "*" not in found["reply"]


def test_ask_json_names_topics_emergency_and_the_whole_reply(capsys: Output, faq: Faq) -> None:
    main(["ask", "--json", QUESTION, "my friend is not breathing and blue", "i cant do this anymore"])

    answer, emergency, doubtful = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    topic = faq.topic("timeline")
    assert topic
    assert answer["topics"] == [answer["ranking"][0][0]] == ["timeline"]
    assert answer["reply"].startswith(topic.title)
    assert all(line.number in answer["reply"] for line in faq.helplines.prompted)
    assert emergency["emergency"] == "overdose"
    assert emergency["topics"] == []
    assert "911" in emergency["reply"].splitlines()[0]
    assert [answer["caution"], doubtful["caution"]] == [False, True]


def test_ask_json_is_written_as_it_was_typed(capsys: Output, folder: str) -> None:
    main(["ask", "--faq", folder, "--json", "wie spät — 🙂?"])

    assert '"text": "wie spät — 🙂?"' in capsys.readouterr().out


def test_ask_explain_shows_what_was_read_and_the_nearest_phrasings(capsys: Output) -> None:
    assert main(["ask", "--explain", "how long does herion withdrawal last"]) == 0

    first, *more = capsys.readouterr().out.splitlines()
    assert first.startswith("answer: timeline")
    assert more
    assert all(line.startswith("    ") for line in more)
    told = [line.strip() for line in more]
    assert any(line.startswith("read as: ") for line in told)
    assert any(
        re.match(r"timeline: score \d\.\d\d, nearest phrasing “.+” \(cosine \d\.\d\d, shares: \w+", line)
        for line in told
    )


def test_ask_explain_shows_repaired_words(capsys: Output, folder: str) -> None:
    main(["ask", "--faq", folder, "--explain", "how much are the finees"])

    assert "    repaired: finees → " in capsys.readouterr().out


def test_ask_explain_shows_which_safety_rule_fired_and_which_was_excused(capsys: Output) -> None:
    main(["ask", "--explain", "my friend is not breathing and blue", "my friend was not breathing two years ago"])

    text = capsys.readouterr().out
    assert re.search(r"    safety: rule overdose\.\w+ fired on “.+”", text)
    assert re.search(r"    safety: rule overdose\.\w+ on “.+” was excused by guard “\w+”", text)


def test_ask_explain_leaves_the_json_lines_alone(capsys: Output, folder: str) -> None:
    main(["ask", "--faq", folder, "--json", "--explain", "how much are the fines"])

    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert json.loads(captured.out)["outcome"] == "answer"
    assert "read as:" in captured.err


class Closed(io.StringIO):
    """An output whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_reader_that_goes_away_is_no_error(monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(sys, "stderr", errors)

    assert main(["ask", "--faq", folder, "how much are the fines"]) == 0
    assert errors.closed


# --- which content -----------------------------------------------------------------------------------------------------------


def test_the_folder_may_stand_behind_the_command(capsys: Output, folder: str) -> None:
    main(["ask", "--faq", folder, "how do i get a library card"])

    assert capsys.readouterr().out.startswith("answer: card")


def test_the_folder_may_stand_before_the_command(capsys: Output, folder: str) -> None:
    main(["--faq", folder, "ask", "how do i get a library card"])

    assert capsys.readouterr().out.startswith("answer: card")


@pytest.mark.parametrize("command", ["chat", "ask", "check", "bench"])
def test_a_folder_that_does_not_exist_is_one_problem_and_exit_1(capsys: Output, command: str) -> None:
    assert main([command, "--faq", "/no/such/folder"]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[0].startswith("/no/such/folder: there is no such folder")
    assert "Traceback" not in captured.err


# --- check ---------------------------------------------------------------------------------------------------------------


def clean(checked: date) -> str:
    """A topic that leaves nothing to say."""
    return f"""\
- id: opening
  title: Opening hours
  questions:
    - When are you open?
    - opening times
  answer: |
    We are open from nine to five.
  sources:
    - {{organisation: City, title: Rules, year: 2020, url: "https://example.org/rules"}}
  checked: {checked}
"""


UNCALLED = HELPLINES.replace(", verified: 2026-01-02", "").replace("prompt: [desk, shop]", "prompt: [desk]")


def test_the_shipped_content_has_no_errors(capsys: Output, faq: Faq) -> None:
    assert main(["check"]) == 0

    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{len(faq.topics)} topics, ")
    assert ": 0 errors, " in last


def test_check_of_sound_content_prints_only_the_count(capsys: Output, write: Write) -> None:
    called = UNCALLED.replace("country: X", "country: X, verified: 2026-01-02")
    assert main(["check", "--strict", "--faq", str(write(clean(date.today()), helplines=called))]) == 0

    assert capsys.readouterr().out == "1 topics, 2 phrasings: 0 errors, 0 warnings.\n"


def test_check_names_every_mistake_with_file_and_line(capsys: Output, write: Write) -> None:
    broken = write("- id: opening\n  titel: Opening hours\n  questions: []\n  answer: Nine to five.\n")

    assert main(["check", "--faq", str(broken)]) == 1

    captured = capsys.readouterr()
    assert captured.out == ""
    file = broken / "topics.yaml"
    *problems, last = captured.err.splitlines()
    assert f"{file}:2: unknown key 'titel': did you mean 'title'?" in problems
    assert any(problem.startswith(f"{file}:3: 'questions' ") for problem in problems)
    assert last.startswith(f"{len(problems)} problems in the content")


def test_check_finds_what_a_reader_would_stumble_over(capsys: Output, write: Write) -> None:
    folder = write(clean(date.today()).partition("  sources:")[0])

    assert main(["check", "--faq", str(folder)]) == 1

    out = capsys.readouterr().out
    assert f"{folder / 'topics.yaml'}:1: topic 'opening' has no 'sources'" in out
    assert out.splitlines()[-1].endswith(": 2 errors, 0 warnings.")


def test_warnings_are_errors_only_where_check_is_strict(capsys: Output, write: Write) -> None:
    folder = write(clean(date.today()), helplines=UNCALLED)

    assert main(["check", "--faq", str(folder)]) == 0
    assert main(["check", "--strict", "--faq", str(folder)]) == 1

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{folder / '_helplines.yaml'}:")
    assert ": warning: nobody has checked 'Front desk' yet" in lines[0]
    assert lines[-1] == "1 topics, 2 phrasings: 0 errors, 2 warnings."


def test_check_list_shows_each_topic_in_a_table(capsys: Output, write: Write) -> None:
    reviewed = clean(date.today()) + f"  reviewed_by: Dr. Okafor {'of the clinic ' * 8}\n"

    assert main(["check", "--list", "--faq", str(write(reviewed))]) == 0

    out = capsys.readouterr().out
    assert "1 topics, median reading grade" in out
    row = next(line for line in out.splitlines() if "opening" in line)
    assert re.sub(r"[^\w.-]+", " ", row).split()[0] == "opening"
    assert re.search(r"-?\d+\.\d .* 7 .* 2 .* 1 .* Dr\. Okafor", row)
    assert max(len(line) for line in out.splitlines()) <= 100


# --- chat ----------------------------------------------------------------------------------------------------------------


def test_chat_through_a_pipe_answers_each_line(capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    typed(monkeypatch, "how much are the fines\n1\n")

    assert main(["chat", "--faq", folder]) == 0

    out = capsys.readouterr().out
    assert "Ten cents a day." in out
    assert "you>" not in out
    assert out.rstrip().endswith("Take care.")


class Terminal(io.StringIO):
    """Somebody sits in front of it."""

    def isatty(self) -> bool:
        return True


def test_chat_at_a_terminal_greets_and_asks(capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("1\n/quit\n"))

    assert main(["chat", "--faq", folder]) == 0

    out = capsys.readouterr().out
    assert out.index("  1  Opening hours") < out.index("you>") < out.index("Nine to five.")


def test_the_first_start_says_at_a_terminal_why_it_takes_long(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    new = str(write(LIBRARY.replace("opening times on sunday", "do you open before breakfast")))
    errors = Terminal()
    monkeypatch.setattr(sys, "stderr", errors)

    main(["ask", "--faq", new, "hello"])
    first = errors.getvalue()
    main(["ask", "--faq", new, "hello"])

    assert "the first time only" in first
    assert len(first.splitlines()) == 1
    assert errors.getvalue() == first


def test_through_a_pipe_the_first_start_adds_nothing_to_the_errors(capsys: Output, write: Write) -> None:
    main(["ask", "--faq", str(write(LIBRARY.replace("opening times on sunday", "open before lunch"))), "hello"])

    assert capsys.readouterr().err == ""


def test_chat_needs_no_settings(capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "nonsense")
    typed(monkeypatch, "")

    assert main(["chat", "--faq", folder]) == 0
    assert capsys.readouterr().err == ""


# --- bench ---------------------------------------------------------------------------------------------------------------


def test_bench_prints_speed_start_and_memory(capsys: Output, folder: str) -> None:
    assert main(["bench", "--faq", folder]) == 0

    decision, gate, longest, terminal, *memory = capsys.readouterr().out.splitlines()
    took = r"messages of 4,096 characters: median \d+\.\d ms, longest \d+\.\d ms over 80"
    assert re.fullmatch(f"safety gate, {took}", gate)
    assert re.fullmatch(f"decision, {took}", longest)
    assert re.fullmatch(r"decision: median \d+\.\d\d ms, 99th percentile \d+\.\d\d ms over 20 phrasings", decision)
    assert re.fullmatch(r"terminal: \d+\.\d\d s of CPU from start to first answer", terminal)
    assert len(memory) == Path("/proc/self/status").exists()
    assert all(re.fullmatch(r"Telegram process: \d+ MiB resident before the first message", line) for line in memory)


# --- on Telegram: settings -------------------------------------------------------------------------------------------------------


def one_line(capsys: Output) -> str:
    """The only line on standard error, which must say that the terminal needs no settings."""
    captured = capsys.readouterr()
    assert captured.out == ""
    lines: list[str] = captured.err.splitlines()
    assert len(lines) == 1
    assert "`python -m bot chat` needs no settings" in lines[0]
    return lines[0]


def test_a_missing_token_is_one_line_and_exit_1(capsys: Output) -> None:
    assert main([]) == 1
    assert one_line(capsys).startswith("TELEGRAM_BOT_TOKEN is not set")


@pytest.mark.parametrize("token", ["secretword", "12:", "secretword:abcdef", "123456:sp ace", "123456:se/cret"])
def test_a_malformed_token_is_one_line_that_does_not_repeat_it(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", token)

    assert main([]) == 1

    line = one_line(capsys)
    assert line.startswith("TELEGRAM_BOT_TOKEN is wrong")
    assert token not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_API_URL", "bots.example"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "nosuch://u:hidden@host/db"),
        ("DATABASE_URL", "postgresql+nosuch://u:hidden@host/db"),
        ("DATABASE_URL", "postgresql+psycopg2://u:hidden@host:port/db"),
        ("DATABASE_URL", "sqlite:////no/such/folder/ratings.db"),
    ],
)
def test_a_malformed_variable_is_one_line_that_names_it(
    capsys: Output, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)

    assert main([]) == 1

    line = one_line(capsys)
    assert line.startswith(f"{name} is wrong")
    assert "hidden" not in line


def test_content_that_is_broken_keeps_the_bot_from_starting(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("FAQ_DIR", "/no/such/folder")

    assert main([]) == 1
    assert capsys.readouterr().err.startswith("/no/such/folder: there is no such folder")


# --- eval -----------------------------------------------------------------------------------------------------------------


def test_eval_prints_what_is_right_and_what_is_confused(capsys: Output, folder: str, tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(
        '{"text": "how much are the fines", "label": "fines"}\n{"text": "when is the library open", "label": "card"}\n'
        '{"text": "elephants", "label": "OOS"}\n'
    )

    assert main(["eval", "--faq", folder, str(file)]) == 0

    printed = capsys.readouterr().out
    assert "2 messages about a topic" in printed
    assert re.search(r"right first +1 +50.0%", printed)
    assert re.search(r"OOS +as it should be 1 of 1", printed)
    assert "card was taken for opening once" in printed


def test_eval_for_machines_is_one_object(capsys: Output, folder: str) -> None:
    assert main(["eval", "--faq", folder, "--cross-validate", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert report["topics"]["messages"] > 10
    assert len(report["confusions"]) == report["topics"]["messages"] - report["topics"]["top_1"]


def test_eval_wants_a_file_or_none(capsys: Output, folder: str, tmp_path: Path) -> None:
    assert main(["eval", "--faq", folder]) == 2
    assert main(["eval", "--faq", folder, "--cross-validate", "x.jsonl"]) == 2
    assert main(["eval", "--faq", folder, str(tmp_path / "gone.jsonl")]) == 1
    assert "gone.jsonl: cannot be read" in capsys.readouterr().err


# --- on Telegram: running ----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[TelegramServer]:
    """Takes the place of Telegram under `python -m bot`; the bot stops when it has answered what was waiting."""
    server = TelegramServer()
    real = TelegramBot.application

    def application(self: TelegramBot, settings: Settings, request: BaseRequest | None = None) -> App:
        return real(self, settings, request=server, delivery=Delivery(0, sleep=at_once))

    asked = 0

    def stop() -> None:
        # As a supervisor does it. A later answer than the first empty one: the introduction runs beside the polling.
        nonlocal asked
        asked += 1
        if asked == 20:
            os.kill(os.getpid(), signal.SIGTERM)

    server.when_idle = stop

    monkeypatch.setattr(TelegramBot, "application", application)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    yield server
    assert server.violations() == []


def waiting(text: str) -> dict[str, Any]:
    """A message that is there when the bot starts."""
    message = {"message_id": 1, "date": 1_800_000_000, "chat": PRIVATE, "from": PERSON, "text": text}
    return {"update_id": 1, "message": message}


def sent(server: TelegramServer) -> Call:
    """The only message that was sent."""
    (call,) = [call for call in server.calls if call.method == "sendMessage"]
    return call


def test_the_bot_introduces_itself_and_answers_what_is_waiting(server: TelegramServer, faq: Faq) -> None:
    server.waiting.append(waiting("/start"))

    assert main([]) == 0

    assert sent(server).text.startswith(faq.texts.name)
    called = [call.method for call in server.calls]
    assert {"setMyCommands", "setMyDescription", "setMyShortDescription"} <= set(called)
    assert called.index("deleteWebhook") < called.index("getUpdates") < called.index("sendMessage")
    asked = next(call for call in server.calls if call.method == "getUpdates")
    assert asked.parameters["allowed_updates"] == ALLOWED_UPDATES


@pytest.mark.parametrize("by_option", [True, False], ids=["--faq", "FAQ_DIR"])
def test_another_folder_runs_on_telegram_too(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, folder: str, by_option: bool
) -> None:
    server.waiting.append(waiting("how much are the fines"))
    monkeypatch.setenv("FAQ_DIR", "/no/such/folder" if by_option else folder)

    assert main(["--faq", folder] if by_option else []) == 0
    assert "Ten cents a day." in sent(server).text


def test_ratings_are_asked_for_and_counted_where_a_database_is_named(
    server: TelegramServer, monkeypatch: pytest.MonkeyPatch, folder: str, tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'ratings.db'}"
    monkeypatch.setenv("DATABASE_URL", address)
    pressed = {"id": "q", "from": PERSON, "chat_instance": "1", "data": "rate:fines:1"}
    server.waiting += [waiting("how much are the fines"), {"update_id": 2, "callback_query": pressed}]

    assert main(["--faq", folder]) == 0

    assert "rate:fines:1" in sent(server).actions
    counts = Feedback(address, date.today)
    assert [(topic, helpful, count) for topic, _, helpful, count in counts.counts()] == [("fines", True, 1)]
    counts.close()


def test_without_a_database_no_ratings_are_asked_for(server: TelegramServer, folder: str) -> None:
    server.waiting.append(waiting("how much are the fines"))

    assert main(["--faq", folder]) == 0
    assert not any("rate:" in action for action in sent(server).actions)


def test_a_token_that_telegram_refuses_is_one_line_and_exit_1(
    server: TelegramServer, capsys: Output, folder: str
) -> None:
    server.fail_once("getMe", REFUSED_TOKEN)

    assert main(["--faq", folder]) == 1
    assert capsys.readouterr().err == "TELEGRAM_BOT_TOKEN was refused by the server: copy it again from BotFather.\n"


def test_a_server_that_cannot_be_reached_is_one_line_without_the_token(
    server: TelegramServer, capsys: Output, folder: str
) -> None:
    for _ in range(20):
        server.fail_once("getMe", Failure(0, f"no route to /bot{TOKEN}/getMe"))

    assert main(["--faq", folder]) == 1

    line = capsys.readouterr().err
    assert line.startswith("https://api.telegram.org cannot be reached: ")
    assert line.count("\n") == 1
    assert TOKEN not in line


# --- the log ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "ERROR"])
def test_the_log_blots_the_token_out_wherever_it_stands(
    server: TelegramServer, capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setattr(logging.root, "handlers", [])

    main(["--faq", folder])
    log = logging.getLogger("somewhere")
    try:
        int(f"in the error: {TOKEN}")
    except ValueError:
        log.exception("in the message: %s", f"https://api.telegram.org/bot{TOKEN}/getMe")

    text = capsys.readouterr().err
    assert "in the message: https://api.telegram.org/bot<token>/getMe" in text
    assert "in the error: <token>" in text
    assert "Traceback" in text
    assert TOKEN not in text
    assert TOKEN.partition(":")[2] not in text


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_the_libraries_that_log_addresses_and_updates_are_kept_quiet(
    server: TelegramServer, capsys: Output, monkeypatch: pytest.MonkeyPatch, folder: str, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    monkeypatch.setattr(logging.root, "handlers", [])
    server.waiting.append(waiting("zanzibar hurts"))

    main(["--faq", folder])
    for name in LIBRARIES:
        logging.getLogger(name).info("POST /bot/getMe")
        logging.getLogger(f"{name}.part").debug("processing update zanzibar")
        logging.getLogger(name).warning("%s has something to say", name)

    text = capsys.readouterr().err
    assert "POST" not in text
    assert "zanzibar" not in text
    assert str(PERSON["first_name"]) not in text
    assert all(f"{name} has something to say" in text for name in LIBRARIES)
