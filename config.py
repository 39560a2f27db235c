"""Settings, read once from the environment. What is nonsense is refused with a sentence before anything starts."""

import os
import secrets
import shlex
from dataclasses import dataclass, field
from email.utils import getaddresses, parseaddr
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

SERVER_NAMES = {"mysql", "mariadb"}
ADDRESS = "mysql://user:password@host:3306/database"
LOOPBACK = {"localhost", "127.0.0.1", "::1", None, ""}
MAIL_ADDRESS = "smtp://user:password@host:587"
# The port where none is named.
MAIL_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class SettingsError(Exception):
    """A setting cannot be used; the text says which, why, and what to do."""


@dataclass(frozen=True)
class MailRoute:
    """The server that takes our mail, how it is spoken to, and whom the mail is from."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    ssl_ca: Path | None

    @property
    def needs_starttls(self) -> bool:
        """Whether the connection begins in clear and has to be encrypted before anything is said."""
        return self.scheme == "smtp" and self.host not in LOOPBACK

    @property
    def domain(self) -> str:
        """The domain of the sender, by which our messages are named."""
        return parseaddr(self.sender)[1].rpartition("@")[2]

    @property
    def words(self) -> str:
        """The server as a page names it: without user and password."""
        encrypted = {"smtps": "encrypted from the first byte", "smtp+plain": "not encrypted"}
        how = encrypted.get(self.scheme, "encrypted by STARTTLS" if self.needs_starttls else "on this machine")
        return f"{self.host}, port {self.port}, {how}"


class Settings(BaseSettings):
    """Every setting, its default and its limits. docs/settings.md says the same in words."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

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
    evidence_dir: Path | None = Field(None, alias="EVIDENCE_DIR")
    evidence_file_mb: int = Field(10, alias="EVIDENCE_FILE_MB", ge=1, le=500)
    evidence_release_mb: int = Field(1000, alias="EVIDENCE_RELEASE_MB", ge=1, le=1_000_000)
    evidence_per_item: int = Field(50, alias="EVIDENCE_PER_ITEM", ge=1, le=200)
    evidence_scanner: str = Field("", alias="EVIDENCE_SCANNER")
    evidence_scanner_seconds: int = Field(30, alias="EVIDENCE_SCANNER_SECONDS", ge=1, le=300)
    evidence_scanner_down: Literal["refuse", "take"] = Field("refuse", alias="EVIDENCE_SCANNER_DOWN")
    mail_server: SecretStr | None = Field(None, alias="MAIL_SERVER")
    mail_from: str = Field("", alias="MAIL_FROM")
    mail_ssl_ca: Path | None = Field(None, alias="MAIL_SSL_CA")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")

    @field_validator(
        *("secret_key", "database_url", "database_ssl_ca", "evidence_dir", "mail_server", "mail_ssl_ca"), mode="before"
    )
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.url and _scheme_of(self.url) not in {"http", "https"}:
            raise ValueError(
                "COUNTERSIGN_URL must begin with http:// or https://, for example https://checks.example.org"
            )
        if self.secret_key and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("SECRET_KEY is too short: give 32 random characters or more")
        if self.database_ssl_ca and not self.database_ssl_ca.is_file():
            raise ValueError(f"DATABASE_SSL_CA names {self.database_ssl_ca}, and there is no such file")
        if self.evidence_dir and self.evidence_dir.exists() and not self.evidence_dir.is_dir():
            raise ValueError(f"EVIDENCE_DIR must be a directory, and {self.evidence_dir} is a file")
        if self.mail_ssl_ca and not self.mail_ssl_ca.is_file():
            raise ValueError(f"MAIL_SSL_CA names {self.mail_ssl_ca}, and there is no such file")
        self.scanner_command  # noqa: B018 (raises what is to be said)
        self.mail_route  # noqa: B018 (raises what is to be said)
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
        if _scheme_of(self.url) != "https":
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
        except (ArgumentError, ValueError):  # never with its own words: they may quote a piece of the password
            raise ValueError(f"DATABASE_URL is not a database address; write {ADDRESS}") from None
        if url.get_backend_name() == "sqlite":
            if not url.database or url.database == ":memory:":
                raise ValueError("DATABASE_URL names no file; write sqlite:////directory/countersign.sqlite3")
            return url.set(drivername="sqlite")
        if url.get_backend_name() not in SERVER_NAMES or not url.database:
            raise ValueError(f"DATABASE_URL must name a MySQL or MariaDB database: {ADDRESS}")
        if url.port is not None and not 1 <= url.port <= 65535:
            raise ValueError(f"DATABASE_URL names port {url.port}; ports go from 1 to 65535")
        return url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})

    @property
    def is_sqlite(self) -> bool:
        """Whether this runs on the embedded try-out database."""
        return self.engine_url().get_backend_name() == "sqlite"

    @property
    def evidence_directory(self) -> Path:
        """Where files of evidence are kept: the directory given for them, or one of its own under COUNTERSIGN_DATA."""
        return (self.evidence_dir or self.data / "evidence").absolute()

    @property
    def scanner_command(self) -> tuple[str, ...]:
        """The scanner and its arguments, as a shell would split them; nothing where none is named."""
        try:
            return tuple(shlex.split(self.evidence_scanner))
        except ValueError:
            raise ValueError("EVIDENCE_SCANNER has a quotation mark that is not closed") from None

    @property
    def mail_route(self) -> MailRoute | None:
        """Where mail goes and whom it is from; None: no mail is sent."""
        if self.mail_server is None:
            return None
        return _mail_route(self.mail_server.get_secret_value(), self.mail_from, self.mail_ssl_ca)

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


def _scheme_of(address: str) -> str:
    try:
        return urlsplit(address).scheme
    except ValueError:  # a bracket that is opened and not closed
        return ""


def _mail_route(address: str, sender: str, ssl_ca: Path | None) -> MailRoute:
    try:  # never with the words of a refusal: they may quote a piece of the password
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError(f"MAIL_SERVER is not the address of a mail server; write {MAIL_ADDRESS}") from None
    _check_mail_server(parts)
    if not _is_sender(sender):
        raise ValueError("MAIL_SERVER needs MAIL_FROM, for example Countersign <checks@example.org>")
    return MailRoute(
        parts.scheme,
        parts.hostname or "",
        port or MAIL_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        sender,
        ssl_ca,
    )


def _check_mail_server(parts: SplitResult) -> None:
    if parts.scheme not in MAIL_PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"MAIL_SERVER must begin with smtp://, smtps:// or smtp+plain://: {MAIL_ADDRESS}")
    if bool(parts.username) != bool(parts.password):
        raise ValueError(f"MAIL_SERVER needs a user and a password, or neither: {MAIL_ADDRESS}")
    if parts.scheme == "smtp+plain" and parts.password and parts.hostname not in LOOPBACK:
        raise ValueError("MAIL_SERVER would send its password over a network in clear: write smtp:// or smtps://")


def _is_sender(text: str) -> bool:
    address = parseaddr(text)[1]
    local, at, domain = address.rpartition("@")
    is_clean = text.isprintable() and address.isascii() and not any(sign in address for sign in ' <>"\\')
    return bool(is_clean and local and at and domain and address in text and len(getaddresses([text])) == 1)


def load_settings(**given: Any) -> Settings:
    """Read the environment; raise SettingsError with one sentence per fault."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(fault) for fault in error.errors())) from None


def _sentence(fault: Any) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    if not name:
        return str(fault["msg"]).removeprefix("Value error, ") + "."
    return f"{name} must be {_wanted(name, fault)}, not '{fault['input']}'."


def _wanted(name: str, fault: Any) -> str:
    if "expected" in fault.get("ctx", {}):
        return str(fault["ctx"]["expected"])
    limits = Settings.model_json_schema()["properties"][name]
    return f"a whole number from {limits['minimum']} to {limits['maximum']}"


def make_data(settings: Settings) -> None:
    """Make the directory of COUNTERSIGN_DATA; raise SettingsError when that cannot be."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        fault = "it is a file" if settings.data.is_file() else error.strerror
        raise SettingsError(
            f"COUNTERSIGN_DATA must be a directory, and {settings.data.absolute()} cannot be one: {fault}."
        ) from None


def secret_of(settings: Settings) -> str:
    """The secret that signs cookies: the given one, or one made once and kept under COUNTERSIGN_DATA."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    try:
        return _kept_secret(settings.data / "secret-key")
    except OSError as error:
        raise SettingsError(
            f"COUNTERSIGN_DATA names {settings.data.absolute()}, where no secret can be kept: {error.strerror}."
            " Name a directory that may be written to, or give SECRET_KEY."
        ) from None


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w") as file:
        file.write(secret)
    return secret
