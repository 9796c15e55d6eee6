"""Environment and `.env` become Settings; what is wrong is said in the variable's own name."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class SettingsError(Exception):
    """A variable is missing or malformed; the message is one line a person can act on."""


def _token(value: SecretStr) -> SecretStr:
    number, _, secret = value.get_secret_value().strip().partition(":")
    if not number.isdigit() or len(secret) < 3 or not all(char.isalnum() or char in "-_" for char in secret):
        raise ValueError("it does not look like a token: BotFather gives one like 123456789:AAE…")
    return SecretStr(f"{number}:{secret}")


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    return value.rstrip("/")


def _https(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("it must be the public https:// address under which Telegram reaches this bot")
    return value.rstrip("/")


def _secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value.get_secret_value()):
        raise ValueError("it may hold letters, digits, '_' and '-', at most 256")
    return value


def _ids(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part for part in re.split(r"[,\s]+", value) if part]
    if not all(part.lstrip("-").isdigit() for part in parts):
        raise ValueError("it must be numeric ids with commas between them, such as 123456,789012")
    return tuple(int(part) for part in parts)


class Settings(BaseSettings):
    """What an operator sets. See `.env.example` for each variable."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_token)]
    telegram_api_url: Annotated[str, AfterValidator(_url)] = "https://api.telegram.org"
    telegram_messages_per_second: float = Field(default=30.0, ge=0, le=1000)
    telegram_webhook_url: Annotated[str, AfterValidator(_https)] = ""
    telegram_webhook_listen: str = "0.0.0.0"  # noqa: S104  # a container's port is reached from outside of it
    telegram_webhook_port: int = Field(default=8443, ge=0, le=65535)
    telegram_webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")
    telegram_admin_ids: Annotated[tuple[int, ...], NoDecode, BeforeValidator(_ids)] = ()
    database_url: str = ""
    faq_dir: str = ""
    log_format: Literal["text", "json"] = "text"
    log_level: str = Field(default="INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")


def load_settings(env_file: str | None = ".env") -> Settings:
    """The settings, or a SettingsError that names the variable."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # filled from the environment, not from arguments
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        if first["type"] == "missing":
            raise SettingsError(f"{name} is not set: put it into the environment or into .env") from None
        reason = (first.get("ctx") or {}).get("error") or first["msg"]
        raise SettingsError(f"{name} is wrong: {reason}") from None
