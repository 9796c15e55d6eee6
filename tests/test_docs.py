"""What the README, `.env.example` and `.ci/run` say is true."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.conversation import Command, Conversation
from bot.faq import Faq
from bot.settings import Settings, load_settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def one_liners() -> list[str]:
    """The fenced lines of the README that set everything up by themselves."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("python3 -m venv .venv")]


def the_line_with(part: str) -> str:
    (line,) = [line for line in one_liners() if part in line]
    return line


def test_the_readme_has_one_line_to_try_the_bot_and_one_to_test_it() -> None:
    assert len(one_liners()) == 2
    assert the_line_with("-m bot chat") != the_line_with("-m pytest")


def test_the_line_to_try_the_bot_starts_a_command_that_exists() -> None:
    assert the_line_with("-m bot chat").endswith(".venv/bin/python -m bot chat")
    assert "pip install -q -e . " in the_line_with("-m bot chat")


def test_the_line_to_test_installs_what_the_tests_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = " ".join(project["optional-dependencies"]["dev"])
    assert ".[dev]" in the_line_with("-m pytest")
    assert all(name in needed for name in ("pytest", "hypothesis", "mypy", "ruff"))


def test_ci_runs_the_very_line_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"command=\$\(grep -m1 '([^']+)' README\.md\)", script)
    assert found
    first = next(line for line in README.splitlines() if re.search(found[1], line))
    assert first == the_line_with("-m pytest")
    assert 'eval "$command"' in script


def test_every_command_that_the_readme_names_exists(capsys: pytest.CaptureFixture[str]) -> None:
    named = set(re.findall(r"python -m bot ([a-z]+)", README))
    assert {"chat", "ask", "check"} <= named
    for name in sorted(named):
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0, name
        assert f"bot {name}" in capsys.readouterr().out


def variables() -> set[str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def test_every_setting_stands_in_the_example_and_nothing_else_does() -> None:
    assert variables() == {name.upper() for name in Settings.model_fields}


def test_the_example_is_valid_once_the_token_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    (tmp_path / ".env").write_text(text.replace("TELEGRAM_BOT_TOKEN=", "TELEGRAM_BOT_TOKEN=123456789:abcdef"))
    assert load_settings(str(tmp_path / ".env")).telegram_bot_token.get_secret_value() == "123456789:abcdef"


def test_every_command_in_the_menu_is_answered(faq: Faq, conversation: Conversation) -> None:
    assert faq.texts.commands
    unknown = conversation.writer.unknown_command()
    for command in faq.texts.commands:
        reply = conversation.respond(Command(command.name)).reply
        assert reply.text
        assert reply != unknown, command.name


def test_every_command_in_the_help_is_answered(faq: Faq, conversation: Conversation) -> None:
    unknown = conversation.writer.unknown_command()
    for name in re.findall(r"/([a-z]+)\b", faq.texts.help):
        assert conversation.respond(Command(name)).reply != unknown, name
