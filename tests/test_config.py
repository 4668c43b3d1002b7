import base64
import ipaddress
import re
import stat
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from capacity_api import config
from capacity_api.config import Settings, SmtpServer, from_environment, make_key, missing_key_file, with_keys
from capacity_api.errors import ConfigurationError

DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"
# The name and the default of each setting in the document.
ROWS = re.findall(r"^\| `CAPACITY_(\w+)` \| (.*?) ?\|", DOCUMENT.read_text(), re.MULTILINE)
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OLD_KEY = base64.urlsafe_b64encode(b"\xff" * 32).decode()


def read(**values: str) -> Settings:
    return from_environment({f"CAPACITY_{name}": value for name, value in values.items()})


def test_nothing_set_is_a_file_in_the_current_folder_and_strict_defaults() -> None:
    settings = from_environment({"PATH": "/bin", "HOME": "/root"})
    assert settings == Settings()
    assert settings.is_sqlite
    assert settings.url.database == "capacity.db"
    assert settings.egress_allow == ()
    assert settings.trusted_proxies == ()
    assert settings.query_limit == 120
    assert settings.write_limit == 120
    assert settings.lease == timedelta(seconds=30)
    assert (settings.keep_deliveries, settings.keep_mail) == (timedelta(days=30), timedelta(days=90))
    assert settings.keep_audit is None


def test_every_setting_can_be_set() -> None:
    settings = read(
        DATABASE_URL="postgresql+asyncpg://user:p%40ss@db.internal:5433/capacity",
        SECRET_KEY=f"{KEY}, {OLD_KEY}",
        EGRESS_ALLOW="127.0.0.0/8, fd00::/8",
        METRICS_ALLOW="10.0.0.1",
        TRUSTED_PROXIES="10.0.0.2, fd00::/8",
        QUERY_LIMIT="60",
        WRITE_LIMIT="0",
        KEEP_ALIVE_SECONDS="90",
        MAX_CONNECTIONS="1000",
        MAX_CONNECTIONS_PER_ADDRESS="10",
        LEASE_SECONDS="60",
        KEEP_DELIVERIES_DAYS="7",
        KEEP_MAIL_DAYS="365",
        KEEP_AUDIT_DAYS="2190",
        OPERATOR=" Example Network, 1 Example Street, London ",
        CONTACT=" support@example.org ",
        PUBLIC_URL="https://capacity.example.org:8443/first-responders/",
        LISTEN_SECRET="whsec_AAAA",
        SMTP_URL="smtp://capacity%40example.org:p%3Ass@mail.example.org",
        MAIL_FROM="First Responder directory <directory@example.org>",
        LOG_LEVEL="WARNING",
        LOG_FORMAT="JSON",
    )
    assert not settings.is_sqlite
    assert settings.url.password == "p@ss"
    assert settings.secret_keys == (bytes(range(32)), b"\xff" * 32)
    assert settings.egress_allow == (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    assert settings.metrics_allow == (ipaddress.ip_network("10.0.0.1/32"),)
    assert settings.trusted_proxies == (ipaddress.ip_network("10.0.0.2/32"), ipaddress.ip_network("fd00::/8"))
    assert settings.query_limit == 60
    assert settings.write_limit == 0
    assert settings.keep_alive_seconds == 90
    assert settings.max_connections == 1000
    assert settings.max_connections_per_address == 10
    assert settings.lease == timedelta(minutes=1)
    assert settings.keep_deliveries == timedelta(days=7)
    assert settings.keep_mail == timedelta(days=365)
    assert settings.keep_audit == timedelta(days=2190)
    assert settings.operator == "Example Network, 1 Example Street, London"
    assert settings.contact == "support@example.org"
    assert settings.public_url == "https://capacity.example.org:8443/first-responders"
    assert settings.listen_secret == "whsec_AAAA"
    assert settings.smtp == SmtpServer(
        host="mail.example.org",
        port=587,
        is_tls=False,
        starttls=True,
        user="capacity@example.org",
        password="p:ss",
    )
    assert settings.mail_from == "First Responder directory <directory@example.org>"
    assert settings.sends_mail
    assert settings.log_level == "warning"
    assert settings.log_format == "json"
    # A new setting belongs in here too. `demonstration` is for the demonstration alone.
    assert [
        field for field in Settings.__struct_fields__ if getattr(settings, field) == getattr(Settings(), field)
    ] == ["demonstration"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:///a.db", "sqlite+aiosqlite:///a.db"),
        ("sqlite:////var/lib/a.db", "sqlite+aiosqlite:////var/lib/a.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u:secret@h/d", "postgresql+asyncpg://u:secret@h/d"),
        ("postgresql://u@/d?host=/run/postgresql", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpostgresql"),
        ("postgresql://u:p@h1:5433,h2/d", "postgresql+asyncpg://u:p@/d?host=h1%2Ch2&port=5433%2C5432"),
        ("postgres://u:p/w@[::1],h2/d", "postgresql+asyncpg://u:p%2Fw@/d?host=%3A%3A1%2Ch2&port=5432%2C5432"),
        ("postgresql+asyncpg://u@/d?host=a:1&host=b:2", "postgresql+asyncpg://u@/d?host=a%2Cb&port=1%2C2"),
        ("postgresql://u@/d?host=a,b&port=6000", "postgresql+asyncpg://u@/d?host=a%2Cb&port=6000%2C6000"),
        ("postgresql://u@h/d?target_session_attrs=any", "postgresql+asyncpg://u@h/d?target_session_attrs=any"),
        *(
            (f"postgresql://u@h/d?{name}={mode}", f"postgresql+asyncpg://u@h/d?ssl={mode}")
            for name in ("sslmode", "ssl")
            for mode in ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
        ),
        ("postgresql://u@h,i/d?sslmode=require", "postgresql+asyncpg://u@/d?host=h%2Ci&port=5432%2C5432&ssl=require"),
    ],
)
def test_the_short_forms_of_a_database_address_are_understood(text: str, expected: str) -> None:
    assert read(DATABASE_URL=text).database_url == expected


def test_a_public_address_has_no_slash_at_its_end() -> None:
    for text, expected in (
        ("", None),
        ("https://capacity.example.org", "https://capacity.example.org"),
        ("https://capacity.example.org/", "https://capacity.example.org"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ):
        assert read(PUBLIC_URL=text).public_url == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smtp://mail.example.org", SmtpServer(host="mail.example.org", port=587, is_tls=False, starttls=True)),
        ("smtp://mail.example.org:2525/", SmtpServer(host="mail.example.org", port=2525, is_tls=False, starttls=True)),
        ("smtps://[::1]", SmtpServer(host="::1", port=465, is_tls=True, starttls=False)),
        ("smtp://localhost:25?starttls=no", SmtpServer(host="localhost", port=25, is_tls=False, starttls=False)),
    ],
)
def test_mail_goes_out_by_tls_unless_the_address_says_otherwise(text: str, expected: SmtpServer) -> None:
    settings = read(SMTP_URL=text, MAIL_FROM="directory@example.org", PUBLIC_URL="https://capacity.example.org")
    assert (settings.smtp, settings.mail_from) == (expected, "directory@example.org")


@pytest.mark.parametrize("missing", ["MAIL_FROM", "PUBLIC_URL"])
def test_a_mail_server_needs_a_sender_and_an_address_to_lead_to(missing: str) -> None:
    given = {"SMTP_URL": "smtp://h", "MAIL_FROM": "a@example.org", "PUBLIC_URL": "https://capacity.example.org"}
    del given[missing]
    with pytest.raises(ConfigurationError, match=f"CAPACITY_SMTP_URL needs CAPACITY_{missing} too"):
        read(**given)


def test_without_a_mail_server_nothing_is_sent() -> None:
    assert not read(SMTP_URL="", MAIL_FROM="", PUBLIC_URL="https://capacity.example.org").sends_mail


REFUSED = [
    ("DATABASE", "x", "is not a setting; docs/settings.md lists them"),
    ("WRITE_LIMITS", "1", "is not a setting; docs/settings.md lists them"),
    ("CONTACT_FILE", "x", "is not a setting; docs/settings.md lists them"),
    ("database_url", "sqlite:///a.db", "is not a setting; docs/settings.md lists them"),
    ("DATABASE_URL", "", "is not a database URL"),
    ("DATABASE_URL", "capacity.db", "is not a database URL"),
    ("DATABASE_URL", "postgresql://u@h:port/d", "is not a database URL"),
    ("DATABASE_URL", "mysql://u@h/d", "must start with sqlite:/// or postgresql://"),
    ("DATABASE_URL", "postgresql+psycopg://u@h/d", "must start with sqlite:/// or postgresql://"),
    ("DATABASE_URL", "postgresql://u@h1:port,h2/d", "must name several hosts as //user@h1:5432,h2:5432/name"),
    ("DATABASE_URL", "postgresql://u@h1,/d", "must name several hosts as"),
    ("DATABASE_URL", "postgresql://u@/d?host=a,b&port=1,2,3", "must name several hosts as"),
    ("DATABASE_URL", "postgresql://u@h/d?host=a,b", "must name several hosts as"),
    ("DATABASE_URL", "postgresql://u@h/d?target_session_attrs=master", "must have one of read-write, primary"),
    ("DATABASE_URL", "postgresql://u@h/d?no_such=1", "may have no parameters but host, passfile, pooler, port"),
    ("DATABASE_URL", "postgresql://u@h/d?pooler=statement", "must have one of session, transaction as pooler"),
    ("DATABASE_URL", "postgresql://u@h/d?sslmode=require&channel_binding=require", "leave out others, such as channel"),
    ("DATABASE_URL", "postgresql://u@h/d?sslrootcert=/root.crt", "name a root certificate in PGSSLROOTCERT"),
    ("DATABASE_URL", "postgresql://u@h/d?sslmode=on", "must have one of disable, allow, prefer, require, verify-ca,"),
    ("DATABASE_URL", "postgresql://u@h/d?ssl=true", "must have one of disable, allow, prefer, require, verify-ca,"),
    ("DATABASE_URL", "postgresql://u@h/d?sslmode=require&ssl=require", "must have one of disable, allow, prefer,"),
    ("DATABASE_URL", "postgresql://u@h/d?sslmode=require&sslmode=disable", "must have one of disable, allow, prefer,"),
    ("DATABASE_URL", "sqlite:///a.db?sslmode=require", "must name a file, without a query"),
    ("DATABASE_URL", "sqlite://", "must name a file"),
    ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "must name a file"),
    ("SECRET_KEY", "", "must hold keys of 32 bytes"),
    ("SECRET_KEY", "short", "must hold keys of 32 bytes"),
    ("SECRET_KEY", f"{KEY},", "must hold keys of 32 bytes"),
    ("SECRET_KEY", f"{KEY},{KEY[:-8]}", "must hold keys of 32 bytes"),
    ("SECRET_KEY", "é" * 44, "must hold keys of 32 bytes"),
    ("EGRESS_ALLOW", "localhost", "must hold networks such as 127.0.0.0/8"),
    ("EGRESS_ALLOW", "10.0.0.1/8", "must hold networks such as 127.0.0.0/8"),
    ("METRICS_ALLOW", "10.0.0.0/33", "must hold networks such as 127.0.0.0/8"),
    ("TRUSTED_PROXIES", "proxy", "must hold networks such as 127.0.0.0/8"),
    ("QUERY_LIMIT", "-1", "must be a whole number, 0 or more"),
    ("WRITE_LIMIT", "", "must be a whole number, 0 or more"),
    ("WRITE_LIMIT", "-1", "must be a whole number, 0 or more"),
    ("WRITE_LIMIT", "1.5", "must be a whole number, 0 or more"),
    ("WRITE_LIMIT", "\u0663", "must be a whole number, 0 or more"),
    ("WRITE_LIMIT", "9" * 5000, "must be a whole number, 0 or more"),
    ("KEEP_ALIVE_SECONDS", "0", "must be from 1 to 3600 seconds"),
    ("KEEP_ALIVE_SECONDS", "3601", "must be from 1 to 3600 seconds"),
    ("MAX_CONNECTIONS", "0", "must be a whole number, 1 or more"),
    ("MAX_CONNECTIONS_PER_ADDRESS", "0", "must be a whole number, 1 or more"),
    ("LEASE_SECONDS", "30s", "must be a whole number, 0 or more"),
    ("LEASE_SECONDS", "19", "must be from 20 to 3600 seconds"),
    ("LEASE_SECONDS", "3601", "must be from 20 to 3600 seconds"),
    ("KEEP_DELIVERIES_DAYS", "6", "must be from 7 to 36500 days"),
    ("KEEP_MAIL_DAYS", "29", "must be from 30 to 36500 days"),
    ("KEEP_AUDIT_DAYS", "364", "must be from 365 to 36500 days"),
    ("KEEP_AUDIT_DAYS", "36501", "must be from 365 to 36500 days"),
    ("CONTACT", "two\nlines", "must be one line of at most 300 characters"),
    ("OPERATOR", "two\nlines", "must be one line of at most 300 characters"),
    ("CONTACT", "x" * 301, "must be one line of at most 300 characters"),
    *(
        ("PUBLIC_URL", value, "must be a web address such as https://capacity.example.org")
        for value in (
            "capacity.example.org",
            "ftp://capacity.example.org",
            "https://",
            "https://a@capacity.example.org",
            "https://capacity.example.org:99999",
            "https://capacity.example.org:0",
            "https://capacity.example.org/?page=1",
            "https://capacity.example.org/?",
            "https://capacity.example.org/#top",
            "https://capacity.example.org/a b",
            'https://capacity.example.org/"',
            "https://[::1",
            "https://ex\u00e4mple.org",
        )
    ),
    ("LISTEN_SECRET", "whsk_AAAA", "must be a whsec_… secret or a whpk_… public key"),
    *(
        ("SMTP_URL", value, "must be a URL such as smtp://user:password@mail.example.org:587")
        for value in (
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://mail.example.org:port",
            "smtp://mail.example.org:0",
            "smtp://mail example.org",
            "smtp://mail.example.org/inbox",
            "smtp://mail.example.org#1",
            "smtp://[::1",
        )
    ),
    ("SMTP_URL", "smtp://mail.example.org?tls=no", "may have no parameter but ?starttls=no, for smtp:// alone"),
    ("SMTP_URL", "smtps://mail.example.org?starttls=no", "may have no parameter but ?starttls=no, for smtp:// alone"),
    *(
        ("MAIL_FROM", value, "must be an address such as Capacity <capacity@example.org>")
        for value in (
            "Capacity",
            "capacity@",
            "@example.org",
            "a@example.org\nBcc: b@example.org",
            "x" * 300 + "@example.org",
        )
    ),
    ("LOG_LEVEL", "loud", "must be one of debug, info, warning, error"),
    ("LOG_FORMAT", "xml", "must be one of auto, json, text"),
]


@pytest.mark.parametrize(("name", "value", "line"), REFUSED)
def test_a_bad_value_is_one_line_that_names_the_setting(name: str, value: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(**{name: value})
    assert refusal.value.detail.startswith(f"CAPACITY_{name} ")
    assert line in refusal.value.detail
    assert "\n" not in refusal.value.detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", KEY[:-8]),
        ("DATABASE_URL", "mysql://user:hunter2@host/name"),
        ("DATABASE_URL", "user:hunter2@host"),
        ("DATABASE_URL", "postgresql://user:name@host:hunter2/name"),
        ("DATABASE_URL", "postgresql://user:name@host,hunter2:x/name"),
        ("DATABASE_URL", "postgresql://user:name@host/name?hunter2=x"),
        ("EGRESS_ALLOW", "10.0.0.0/8, hunter2"),
        ("METRICS_ALLOW", "hunter2"),
        ("LISTEN_SECRET", "hunter2"),
        ("SMTP_URL", "smtp://user:hunter2@host:port"),
        ("SMTP_URL", "smtp://user:hunter2@host?hunter2=x"),
    ],
)
def test_a_refusal_does_not_repeat_a_secret(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(**{name: value})
    assert "hunter2" not in refusal.value.detail
    assert KEY[:8] not in refusal.value.detail


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    (tmp_path / "url").write_text("postgresql://u:secret@h/d\n")
    settings = read(SECRET_KEY_FILE=str(tmp_path / "key"), DATABASE_URL_FILE=str(tmp_path / "url"))
    assert settings.secret_keys == (bytes(range(32)),)
    assert settings.url.password == "secret"


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "SMTP_URL"])
def test_a_setting_and_its_file_at_once_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(KEY)
    with pytest.raises(ConfigurationError, match=f"CAPACITY_{name} and CAPACITY_{name}_FILE are both set; set one"):
        read(**{name: KEY, f"{name}_FILE": str(tmp_path / "file")})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe\x00", "cannot be read: it is not text"),
        (b"", "must hold keys of 32 bytes"),
        (b"short", "must hold keys of 32 bytes"),
    ],
)
def test_a_refusal_of_a_file_names_its_setting(tmp_path: Path, content: bytes | None, what: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"^the file that CAPACITY_SECRET_KEY_FILE names {what}"):
        read(SECRET_KEY_FILE=str(tmp_path / "key"))


def sqlite_in(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite+aiosqlite:///{folder}/capacity.db")


def test_a_key_that_is_set_is_used_and_no_file_is_read(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(sqlite_in(tmp_path), secret_keys=(b"\x01" * 32,))
    assert with_keys(settings) == settings
    assert missing_key_file(settings) is None


def test_with_sqlite_a_key_is_made_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    path = missing_key_file(sqlite_in(tmp_path))
    assert path == tmp_path / "capacity.db.key"
    assert make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [len(key) for key in with_keys(sqlite_in(tmp_path)).secret_keys] == [32]


def test_a_key_that_exists_is_neither_missing_nor_made_again(tmp_path: Path) -> None:
    path = tmp_path / "capacity.db.key"
    assert make_key(path)
    first = path.read_text()
    assert missing_key_file(sqlite_in(tmp_path)) is None
    assert not make_key(path)
    assert path.read_text() == first


def test_two_new_databases_get_different_keys(tmp_path: Path) -> None:
    assert make_key(tmp_path / "one")
    assert make_key(tmp_path / "other")
    assert (tmp_path / "one").read_text() != (tmp_path / "other").read_text()


def test_with_postgresql_the_key_must_be_set() -> None:
    settings = Settings(database_url="postgresql+asyncpg://u@h/d")
    for ask in (with_keys, missing_key_file):
        with pytest.raises(ConfigurationError, match="CAPACITY_SECRET_KEY must be set with PostgreSQL"):
            ask(settings)


def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "capacity.db.key").write_text("damaged")
    with pytest.raises(ConfigurationError, match=r"the key file .*capacity\.db\.key must hold keys of 32 bytes"):
        with_keys(sqlite_in(tmp_path))
    assert (tmp_path / "capacity.db.key").read_text() == "damaged"


def test_a_key_file_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    path = missing_key_file(sqlite_in(tmp_path / "missing"))
    assert path is not None
    with pytest.raises(ConfigurationError, match=r"the key file .* cannot be made: No such file"):
        make_key(path)


def test_a_path_that_is_not_a_folder_is_refused_when_the_key_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert missing_key_file(sqlite_in(tmp_path / "file")) is None
    with pytest.raises(ConfigurationError, match=r"the key file .* cannot be read: Not a directory"):
        with_keys(sqlite_in(tmp_path / "file"))


def test_a_printed_key_can_be_set() -> None:
    assert len(read(SECRET_KEY=config.new_key()).secret_keys[0]) == 32


def test_each_setting_has_a_value_that_is_refused() -> None:
    assert {name for name, _ in ROWS if not name.endswith("_FILE")} <= {name for name, _, _ in REFUSED}


@pytest.mark.parametrize("field", Settings.__struct_fields__)
def test_each_setting_is_used(field: str) -> None:
    source = Path(config.__file__)
    others = [path.read_text() for path in source.parent.rglob("*.py") if path != source]
    # The address of the database is read through `url`.
    name = "url" if field == "database_url" else field
    assert re.search(rf"settings\.{name}\b", "\n".join(others))


# The default of some is not a value but a sentence.
@pytest.mark.parametrize(
    ("name", "default"),
    [row for row in ROWS if row[0] not in {"SECRET_KEY", "MAX_CONNECTIONS"} and not row[0].endswith("_FILE")],
)
def test_the_documentation_has_the_default_of_each_setting(name: str, default: str) -> None:
    found = read(**{name: "" if default == "empty" else default.strip("`")})
    # To set the default is to name a database.
    assert found == msgspec.structs.replace(Settings(), names_no_database=name != "DATABASE_URL")


def test_the_documentation_has_every_setting() -> None:
    documented = {name for name, _ in ROWS}
    names = set(config._PARSERS)
    assert len(names) == 22
    assert documented == names | {f"{name}_FILE" for name in config._MAY_BE_FILES}
