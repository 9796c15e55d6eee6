"""`bot.settings`: what an operator sets, and what is said when it is wrong."""

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, load_settings

TOKEN = "123456789:AAE-abc_DEF"  # noqa: S105  # the form of one, nobody's


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of this machine and no `.env` of this folder counts."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_token_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", f" {TOKEN} \n")
    settings = load_settings()
    assert settings.telegram_bot_token.get_secret_value() == TOKEN
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert (settings.database_url, settings.faq_dir, settings.log_level) == ("", "", "INFO")


def test_a_missing_token_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        SettingsError, match=r"^TELEGRAM_BOT_TOKEN is not set: put it into the environment or into \.env$"
    ):
        load_settings()
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "")
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN is not set"):
        load_settings()


@pytest.mark.parametrize("token", ["secret", "abc:defghij", "123456", "123:", "123:ab", "123:ab cd", "123:abc/../x"])
def test_what_is_no_token_is_refused_without_being_repeated(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", token)
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN is wrong: it does not look like a token") as caught:
        load_settings()
    assert f"{token} " not in f"{caught.value} "
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_token_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    settings = load_settings()
    assert TOKEN not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("TELEGRAM_API_URL", "localhost:8081", "it must begin with http:// or https://"),
        ("LOG_LEVEL", "LOUD", ""),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} is wrong: {reason}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("TELEGRAM_WEBHOOK_URL", "bot.example", "it must be the public https:// address"),
        ("TELEGRAM_WEBHOOK_SECRET", "with space", "it may hold letters, digits"),
        ("TELEGRAM_ADMIN_IDS", "12,me", "it must be numeric ids"),
        ("TELEGRAM_WEBHOOK_PORT", "70000", ""),
        ("TELEGRAM_MESSAGES_PER_SECOND", "-1", ""),
        ("LOG_FORMAT", "xml", ""),
    ],
)
def test_a_wrong_setting_of_the_service_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).startswith(f"{name} is wrong: {reason}")


def test_administrators_are_a_list_of_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_ADMIN_IDS", "12, 34 -56")
    monkeypatch.setenv("TELEGRAM_WEBHOOK_URL", "https://bot.example/")
    settings = load_settings()
    assert settings.telegram_admin_ids == (12, 34, -56)
    assert settings.telegram_webhook_url == "https://bot.example"


def test_a_server_s_address_loses_its_last_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("TELEGRAM_API_URL", "http://localhost:8081/")
    assert load_settings().telegram_api_url == "http://localhost:8081"


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\nLOG_LEVEL=DEBUG\nFAQ_DIR=here\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    settings = load_settings()
    assert (settings.telegram_bot_token.get_secret_value(), settings.faq_dir) == (TOKEN, "here")
    assert settings.log_level == "ERROR"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    for name in ("TELEGRAM_API_URL", "LOG_LEVEL", "DATABASE_URL", "FAQ_DIR"):
        monkeypatch.setenv(name, "")
    assert load_settings(None).log_level == "INFO"


def test_another_env_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "other").write_text(f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    assert load_settings(str(tmp_path / "other")).telegram_bot_token.get_secret_value() == TOKEN
    with pytest.raises(SettingsError):
        load_settings(None)
