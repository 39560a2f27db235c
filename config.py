"""Settings, read once from the environment. What is nonsense is refused with a sentence before anything starts."""

import os
import secrets
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SERVER_NAMES = {"mysql", "mariadb"}
LOOPBACK = {"localhost", "127.0.0.1", "::1", None, ""}


class SettingsError(Exception):
    """A setting cannot be used; the text says which, why, and what to do."""


class Settings(BaseSettings):
    """Every setting, its default and its limits. docs/settings.md says the same in words."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    environment: Literal["development", "production", "test"] = Field("development", alias="COUNTERSIGN_ENV")
    data: Path = Field(Path("var"), alias="COUNTERSIGN_DATA")
    host: str = Field("127.0.0.1", alias="HOST")
    port: int = Field(8000, alias="PORT", ge=1, le=65535)
    url: str = Field("", alias="COUNTERSIGN_URL")
    hosts: str = Field("", alias="COUNTERSIGN_HOSTS")
    secret_key: SecretStr | None = Field(None, alias="SECRET_KEY")
    database_url: SecretStr | None = Field(None, alias="DATABASE_URL")
    database_ssl_ca: Path | None = Field(None, alias="DATABASE_SSL_CA")
    database_pool: int = Field(10, alias="DATABASE_POOL", ge=1, le=100)
    session_idle_minutes: int = Field(60, alias="SESSION_IDLE_MINUTES", ge=1, le=24 * 60)
    session_hours: int = Field(12, alias="SESSION_HOURS", ge=1, le=24 * 14)
    trusted_proxies: int = Field(0, alias="TRUSTED_PROXIES", ge=0, le=5)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")

    @field_validator("secret_key", "database_url", "database_ssl_ca", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url and urlsplit(self.url).scheme not in {"http", "https"}:
            raise ValueError(
                "COUNTERSIGN_URL must begin with http:// or https://, for example https://checks.example.org"
            )
        if self.secret_key and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("SECRET_KEY is too short: give 32 random characters or more")
        self.engine_url()
        if self.environment == "production":
            self._check_production()
        return self

    def _check_production(self) -> None:
        if not self.secret_key:
            raise ValueError("COUNTERSIGN_ENV=production needs SECRET_KEY: 32 random characters or more")
        url = self.engine_url()
        if url.get_backend_name() not in SERVER_NAMES:
            raise ValueError("COUNTERSIGN_ENV=production needs DATABASE_URL with a MySQL or MariaDB server")
        if urlsplit(self.url).scheme != "https":
            raise ValueError("COUNTERSIGN_ENV=production needs COUNTERSIGN_URL with https://, so that cookies are safe")
        if url.host not in LOOPBACK and not self.database_ssl_ca:
            raise ValueError(
                f"the database on {url.host} is reached over a network: name its authority in DATABASE_SSL_CA"
            )

    def engine_url(self) -> URL:
        """The database address, with the one driver that is tested; unset means a file under COUNTERSIGN_DATA."""
        if self.database_url is None:
            return make_url(f"sqlite:///{(self.data / 'countersign.sqlite3').absolute()}")
        try:
            url = make_url(self.database_url.get_secret_value())
        except ArgumentError:
            raise ValueError(
                "DATABASE_URL is not a database address; write mysql://user:password@host:3306/database"
            ) from None
        if url.get_backend_name() == "sqlite":
            return url
        if url.get_backend_name() not in SERVER_NAMES or not url.database:
            raise ValueError(
                "DATABASE_URL must name a MySQL or MariaDB database: mysql://user:password@host:3306/database"
            )
        return url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})

    @property
    def is_sqlite(self) -> bool:
        """Whether this runs on the embedded try-out database."""
        return self.engine_url().get_backend_name() == "sqlite"

    @property
    def base_url(self) -> str:
        """The address that people open, without a slash at the end."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 (compared, not bound)
        host = f"[{host}]" if ":" in host else host
        return self.url.rstrip("/") or f"http://{host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether browsers come over HTTPS."""
        return urlsplit(self.base_url).scheme == "https"


def load_settings(**given: Any) -> Settings:
    """Read the environment; raise SettingsError with one sentence per fault."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(fault) for fault in error.errors())) from None


def _sentence(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}, not {fault['input']!r}." if name else f"{message}."


def secret_of(settings: Settings) -> str:
    """The secret that signs cookies: the given one, or one made once and kept under COUNTERSIGN_DATA."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.data / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(secret)
    return secret
