"""What looks like a secret is covered, what does not is left alone, and no text takes long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.secrets_masking import MASK, mask_secrets

KEY_BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9"
SIGNS = "aZ09 =:'\"\\@/<>[]{}()&,;.-_\n"
PIECES = [
    *("password", "token=", "secret: ", "Authorization: Bearer ", "Cookie: ", "://u:", "@h/", MASK, "identified by '"),
    *("--password ", "mysql -p", "AKIA", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "x1Y2z3" * 5),
    *SIGNS,
]
HOSTILE = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("password=hunter2", "password=[masked]"),
        ("curl -u admin:hunter3 https://x", "curl -u admin:[masked] https://x"),
        ("sshpass -p hunter4 ssh db", "sshpass -p [masked] ssh db"),
        ('<add key="Password" value="hunter17"/>', '<add key="Password" value="[masked]"/>'),
        ("Passwort: geheim1", "Passwort: [masked]"),
        ("pw: geheim1", "pw: [masked]"),
        ("https://x/?client_secret%3Dabc&n=1", "https://x/?client_secret%3D[masked]&n=1"),
        ("push with npm_abcdefghijklmnopqrstuvwx", "push with [masked]"),
        ("https://hooks.slack.com/services/T0/B0/abcdefgh", "https://hooks.slack.com/services/[masked]"),
        ("DB_PASSWORD: correct horse battery", "DB_PASSWORD: [masked]"),
        ("connect user=app password=hunter2 host=db", "connect user=app password=[masked] host=db"),
        ('{"user": "app", "password": "hun\\"ter2", "n": 1}', '{"user": "app", "password": "[masked]", "n": 1}'),
        ("{'api_key': 'abc', 'x': 1}", "{'api_key': '[masked]', 'x': 1}"),
        ("GET /x?token=abc123&page=2", "GET /x?token=[masked]&page=2"),
        ("mysql://app:p@ss@db.example.org:3306/shop", "mysql://app:[masked]@db.example.org:3306/shop"),
        ("dial app:hunter2@tcp(db:3306)/shop", "dial app:[masked]@tcp(db:3306)/shop"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [masked]"),
        ('curl -H "Authorization: Bearer abc.def" https://x', 'curl -H "Authorization: Bearer [masked]" https://x'),
        ("Set-Cookie: sid=abc; Path=/", "Set-Cookie: [masked]"),
        ("sent bearer abcdefgh1234", "sent bearer [masked]"),
        (f"before\n{KEY_BLOCK}\nafter", "before\n[masked]\nafter"),
        ("-----BEGIN PRIVATE KEY-----\ncut off", "[masked]"),
        ("id AKIAIOSFODNN7EXAMPLE here", "id [masked] here"),
        ("push with ghp_abcdefghijklmnopqrst1234", "push with [masked]"),
        ("hook xoxb-123456789012-abcdef", "hook [masked]"),
        (f"saw {JWT} in the log", "saw [masked] in the log"),
        ("CREATE USER app IDENTIFIED BY 'hunter2'", "CREATE USER app IDENTIFIED BY '[masked]'"),
        ("IDENTIFIED WITH caching_sha2_password BY 'x'", "IDENTIFIED WITH caching_sha2_password BY '[masked]'"),
        ("SET PASSWORD = PASSWORD('hunter2')", "SET PASSWORD = [masked]"),
        ("SELECT PASSWORD('hunter2'), 1", "SELECT PASSWORD('[masked]'), 1"),
        ("Server=db;Uid=app;Pwd=hunter2;", "Server=db;Uid=app;Pwd=[masked];"),
        ("AccountKey=abc==;Suffix=x", "AccountKey=[masked]"),
        ("run --password hunter2 --verbose", "run --password [masked] --verbose"),
        ("mysqldump -u root -phunter2 shop", "mysqldump -u root -p[masked] shop"),
        ("<password>hunter2</password>", "<password>[masked]</password>"),
        ("the secret was kJ8sQ2pLx9VbN4mRt7Wz1Yc6 all along", "the secret was [masked] all along"),
    ],
)
def test_a_secret_is_covered_and_its_surroundings_stay(text: str, covered: str):
    assert mask_secrets(text).text == covered


@pytest.mark.parametrize(
    "text",
    [
        "ERROR 1062 (23000): Duplicate entry '2f1c7d9e-0f43-4a55-9be7-1c2d3e4f5a6b' for key 'PRIMARY'",
        "Nobody could sign in: the password was refused.",
        "https://git.example.org/warehouse/multi-grn/merge-requests/240",
        "2026-11-03 22:10:04 passenger list of 12 rows, mail to ops@example.org",
        "SELECT password_changed_at FROM people;",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str):
    assert mask_secrets(text) == mask_secrets(text).__class__(text, 0)


@given(st.lists(st.sampled_from(["the", "module", "is", "slow", "after", "deployment", "12", "rows"])).map(" ".join))
def test_plain_words_are_never_touched(text: str):
    assert mask_secrets(text).text == text


@given(HOSTILE)
def test_masking_twice_is_masking_once_and_counts_nothing_more(text: str):
    once = mask_secrets(text)

    assert mask_secrets(once.text) == once.__class__(once.text, 0)


@given(HOSTILE)
def test_a_text_never_grows_beyond_one_mask_for_each_of_its_letters(text: str):
    assert len(mask_secrets(text).text) <= len(text) * len(MASK)


@pytest.mark.parametrize("piece", ["a", "=", "password", "://", "token=", "eyJ", "'", "Cookie: ", 'Cookie: a"', "a:"])
def test_a_million_letters_of_anything_are_gone_through_once(piece: str):
    """Quadratic work would take hours here; the test has no clock and needs none."""
    text = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]

    assert len(mask_secrets(text).text) <= len(text) * len(MASK)
