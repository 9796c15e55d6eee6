"""Environment and `.env` become Settings; what is wrong is said in the variable's own name."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


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


class Settings(BaseSettings):
    """What an operator sets. See `.env.example` for each variable."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    telegram_bot_token: Annotated[SecretStr, AfterValidator(_token)]
    telegram_api_url: Annotated[str, AfterValidator(_url)] = "https://api.telegram.org"
    database_url: str = ""
    faq_dir: str = ""
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
