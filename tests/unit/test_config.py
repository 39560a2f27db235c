"""Settings: what is right is taken, what is nonsense is refused with a sentence."""

from pathlib import Path

import pytest

from app import trusted_hosts
from config import SettingsError, load_settings, secret_of

SERVER = "mysql://u:p@127.0.0.1/countersign"
PRODUCTION = {
    "COUNTERSIGN_ENV": "production",
    "SECRET_KEY": "x" * 40,
    "DATABASE_URL": SERVER,
    "COUNTERSIGN_URL": "https://checks.example.org",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "SECRET_KEY", "COUNTERSIGN_URL", "COUNTERSIGN_ENV", "HOST", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUNTERSIGN_DATA", str(tmp_path))


def test_without_any_setting_it_runs_on_an_embedded_database_under_its_data():
    settings = load_settings()

    assert settings.is_sqlite
    assert settings.base_url == "http://127.0.0.1:8000"
    assert not settings.is_https


@pytest.mark.parametrize(
    "url",
    ["mysql://u:p@h/db", "mariadb://u:p@h/db", "mysql+pymysql://u:p@h:3307/db", "mariadb+mariadbconnector://h/db"],
)
def test_any_way_to_write_a_server_means_the_one_driver_that_is_tested(url: str):
    engine = load_settings(DATABASE_URL=url).engine_url()

    assert engine.drivername == "mysql+pymysql"
    assert engine.query["charset"] == "utf8mb4"


def test_a_setting_that_is_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch):
    for name in ("COUNTERSIGN_DATA", "PORT", "DATABASE_URL"):
        monkeypatch.setenv(name, "")

    settings = load_settings()

    assert (settings.data, settings.port, settings.is_sqlite) == (Path("var"), 8000, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PORT": "http"}, "PORT must be a whole number from 1 to 65535, not 'http'"),
        ({"PORT": "0"}, "PORT must be a whole number from 1 to 65535, not '0'"),
        ({"PORT": "70000"}, "PORT must be a whole number from 1 to 65535, not '70000'"),
        ({"COUNTERSIGN_ENV": "prod"}, "COUNTERSIGN_ENV must be .* or 'test', not 'prod'"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"SECRET_KEY": "short"}, "32 random characters"),
        ({"COUNTERSIGN_URL": "checks.example.org"}, "https://checks.example.org"),
        ({"COUNTERSIGN_URL": "http://["}, "COUNTERSIGN_URL must begin with"),
        ({"DATABASE_URL": "postgresql://h/db"}, "MySQL or MariaDB"),
        ({"DATABASE_URL": "mysql://h"}, "MySQL or MariaDB"),
        ({"DATABASE_URL": "not an address"}, "mysql://user:password@host:3306/database"),
        ({"DATABASE_URL": "u:p@h/db"}, "mysql://user:password@host:3306/database"),
        ({"DATABASE_URL": "mysql://u:p@h:/db"}, "mysql://user:password@host:3306/database"),
        ({"DATABASE_URL": "mysql://u:p@h:99999/db"}, "names port 99999"),
        ({"DATABASE_URL": "sqlite://"}, "names no file"),
        ({"DATABASE_SSL_CA": "/nowhere/authority.pem"}, "/nowhere/authority.pem, and there is no such file"),
        ({"SESSION_IDLE_MINUTES": "0"}, "SESSION_IDLE_MINUTES"),
    ],
)
def test_nonsense_is_refused_with_a_sentence_that_says_what_to_do(given: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        load_settings(**given)


@pytest.mark.parametrize("url", ["mysql://u:hidden@h:hidden/db", "u:hidden@h/db", "mysql://u:p:hidden@h:/db"])
def test_an_address_that_cannot_be_read_is_refused_without_any_piece_of_the_password(url: str):
    with pytest.raises(SettingsError) as refusal:
        load_settings(DATABASE_URL=url)

    assert "hidden" not in str(refusal.value)


def test_a_data_directory_that_holds_no_secret_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "secret-key").mkdir()

    with pytest.raises(SettingsError, match="give SECRET_KEY"):
        secret_of(load_settings())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SECRET_KEY": ""}, "needs SECRET_KEY"),
        ({"DATABASE_URL": ""}, "MySQL or MariaDB server"),
        ({"DATABASE_URL": "sqlite:///x"}, "MySQL or MariaDB server"),
        ({"COUNTERSIGN_URL": "http://checks.example.org"}, "https://"),
        ({"COUNTERSIGN_URL": ""}, "https://"),
        ({"DATABASE_URL": "mysql://u:p@db.example.org/c"}, "DATABASE_SSL_CA"),
    ],
)
def test_production_asks_for_secret_server_and_https(change: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        load_settings(**{**PRODUCTION, **change})


def test_production_with_all_it_needs_has_safe_cookies():
    settings = load_settings(**PRODUCTION)

    assert settings.is_https
    assert trusted_hosts(settings)[0] == "checks.example.org"
    assert "localhost" not in trusted_hosts(settings)


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path):
    first, second = secret_of(load_settings()), secret_of(load_settings())

    assert first == second
    assert len(first) >= 32
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_a_secret_is_never_shown_with_the_settings():
    assert "xxxx" not in repr(load_settings(**PRODUCTION))
    assert "u:p@" not in repr(load_settings(**PRODUCTION))


def test_files_of_evidence_have_a_directory_of_their_own_unless_one_is_given(tmp_path: Path):
    assert load_settings().evidence_directory == tmp_path / "evidence"
    assert load_settings(EVIDENCE_DIR=tmp_path / "shared").evidence_directory == tmp_path / "shared"


def test_a_directory_of_evidence_that_is_a_file_is_refused(tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("no directory")

    with pytest.raises(SettingsError, match=r"EVIDENCE_DIR must be a directory, and .*file is a file"):
        load_settings(EVIDENCE_DIR=file)


def test_a_scanner_is_a_command_with_its_arguments():
    assert load_settings().scanner_command == ()
    command = load_settings(
        EVIDENCE_SCANNER="clamdscan --config-file='/etc/clam av.conf' --no-summary -"
    ).scanner_command
    assert command == ("clamdscan", "--config-file=/etc/clam av.conf", "--no-summary", "-")


def test_a_scanner_that_cannot_be_read_as_a_command_is_refused():
    with pytest.raises(SettingsError, match="EVIDENCE_SCANNER has a quotation mark that is not closed"):
        load_settings(EVIDENCE_SCANNER="clamdscan 'x")


MAIL = {"MAIL_SERVER": "smtp://mail.example.org", "MAIL_FROM": "Countersign <checks@example.org>"}


def test_without_a_mail_server_no_mail_goes_anywhere():
    assert load_settings().mail_route is None
    assert load_settings(MAIL_FROM="checks@example.org", MAIL_SERVER="").mail_route is None


@pytest.mark.parametrize(
    ("address", "port", "words"),
    [
        ("smtp://mail.example.org", 587, "encrypted by STARTTLS"),
        ("smtp://mail.example.org:2525/", 2525, "encrypted by STARTTLS"),
        ("smtp://localhost:25", 25, "on this machine"),
        ("smtps://mail.example.org", 465, "encrypted from the first byte"),
        ("smtp+plain://relay", 25, "not encrypted"),
        ("smtp+plain://u:p@127.0.0.1", 25, "not encrypted"),
    ],
)
def test_a_mail_server_is_named_by_how_it_is_spoken_to(address: str, port: int, words: str):
    route = load_settings(**{**MAIL, "MAIL_SERVER": address}).mail_route

    assert route.port == port
    assert route.words.endswith(f"port {port}, {words}")
    assert route.domain == "example.org"


def test_user_and_password_of_a_mail_server_may_hold_any_sign():
    route = load_settings(**{**MAIL, "MAIL_SERVER": "smtp://u%40example.org:p%2Fw%23@mail.example.org"}).mail_route

    assert (route.user, route.password) == ("u@example.org", "p/w#")
    assert "p/w#" not in repr(route)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MAIL_SERVER": "http://mail.example.org"}, "must begin with smtp://, smtps:// or smtp\\+plain://"),
        ({"MAIL_SERVER": "mail.example.org:587"}, "must begin with smtp://"),
        ({"MAIL_SERVER": "smtp://"}, "must begin with smtp://"),
        ({"MAIL_SERVER": "smtp://mail.example.org/inbox"}, "must begin with smtp://"),
        ({"MAIL_SERVER": "smtp://mail.example.org:99999"}, "not the address of a mail server"),
        ({"MAIL_SERVER": "smtp://["}, "not the address of a mail server"),
        ({"MAIL_SERVER": "smtp://user@mail.example.org"}, "a user and a password, or neither"),
        ({"MAIL_SERVER": "smtp+plain://u:p@mail.example.org"}, "in clear"),
        ({"MAIL_FROM": ""}, "needs MAIL_FROM"),
        ({"MAIL_FROM": "Countersign"}, "needs MAIL_FROM"),
        ({"MAIL_FROM": "a@example.org, b@example.org"}, "needs MAIL_FROM"),
        ({"MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "needs MAIL_FROM"),
        ({"MAIL_SSL_CA": "/nowhere/authority.pem"}, "/nowhere/authority.pem, and there is no such file"),
    ],
)
def test_mail_that_could_not_go_is_refused_at_the_start(change: dict[str, str], words: str):
    with pytest.raises(SettingsError, match=words):
        load_settings(**{**MAIL, **change})


@pytest.mark.parametrize("address", ["smtp://u:hid#den@mail", "smtp://u:hidden@mail:hidden", "smtps://u:hidden@["])
def test_a_mail_server_that_cannot_be_read_is_refused_without_any_piece_of_its_password(address: str):
    with pytest.raises(SettingsError) as refusal:
        load_settings(**{**MAIL, "MAIL_SERVER": address})

    assert "hid" not in str(refusal.value)
