"""Each variable that is missing or wrong is named with how to fix it, and no secret is ever repeated."""

import os
import sys
from itertools import cycle
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.config.problems import problems
from bot.config.settings import Settings
from storage.sealing import new_key


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in (*Settings.model_fields, "unused"):
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1-made-up")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("SUPPORT_CHANNEL", "C0SUPPORT")
    monkeypatch.setenv("ENCRYPTION_KEYS", new_key())
    return tmp_path


@pytest.mark.usefixtures("good")
def test_a_small_configuration_is_complete() -> None:
    assert problems(Settings()) == []


@pytest.mark.usefixtures("good")
def test_socket_mode_needs_no_signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_SIGNING_SECRET")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1-made-up")
    assert problems(Settings()) == []
    assert Settings().socket_mode


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("name", "value", "module"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.internal:4318", "opentelemetry.sdk"),
        ("SENTRY_DSN", "https://0123456789abcdef@o1.ingest.sentry.io/42", "sentry_sdk"),
    ],
)
def test_an_extra_that_is_set_has_to_be_installed(monkeypatch: pytest.MonkeyPatch, name: str, value: str, module: str) -> None:
    monkeypatch.setenv(name, value)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, module, None)
        (problem,) = problems(Settings())
    assert problem.name == name
    assert "requirements-telemetry.txt" in problem.how
    assert problems(Settings()) == []


@pytest.mark.usefixtures("good")
def test_an_endpoint_of_opentelemetrys_gets_its_path_and_one_of_traces_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().traces_endpoint == ""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/")
    assert Settings().traces_endpoint == "http://collector:4318/v1/traces"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://other/api/traces")
    assert Settings().traces_endpoint == "https://other/api/traces"


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("name", "value", "how"),
    [
        ("SLACK_BOT_TOKEN", "", "OAuth & Permissions"),
        ("SLACK_BOT_TOKEN", "xapp-s3cr3t", "OAuth & Permissions"),
        ("SLACK_BOT_TOKEN", "xoxb-s3cr3t xoxb-other", "several that differ"),
        ("SLACK_SIGNING_SECRET", "", "SLACK_APP_TOKEN"),
        ("SLACK_SIGNING_SECRET", "xoxb-s3cr3t", "Basic Information"),
        ("SLACK_APP_TOKEN", "xoxb-s3cr3t", "connections:write"),
        ("SLACK_BOT_TOKEN", "xoxb-1-s3cr3t; # ours", "something stands behind it"),
        ("SLACK_API_URL", "slack.com/api/", "leave it out"),
        ("PISMO_API_URL", "https://sandbox.pismolabs.io;", "is not a URL"),
        ("SLACK_API_URL", "http://slack.com/api/", "only for this machine"),
        ("SLACK_API_URL", "https://slack.com", "https://slack.com/api/"),
        ("SLACK_API_URL", "http://127.0.0.1@slack.com/api/", "is not a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "write http:// or https://"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:s3cr3t@collector/v1/traces", "write http:// or https://"),
        ("SENTRY_DSN", "https://s3cr3t.ingest.sentry.io/42", "Client Keys"),
        ("SENTRY_DSN", "https://s3cr3t@o1.ingest.sentry.io/project", "Client Keys"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317", "gRPC"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4317/v1/traces", "gRPC"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://your-collector:4318", "a placeholder"),
        ("SENTRY_DSN", "https://examplePublicKey@o0.ingest.sentry.io/0", "a placeholder"),
        ("SENTRY_ENVIRONMENT", "our production", "without spaces"),
        ("SUPPORT_CHANNEL", "", "ID stands at the bottom"),
        ("SUPPORT_CHANNEL", "#support", "begins with C or G"),
        ("SUPPORT_USERGROUP", "@team", "begins with S"),
        ("SUPPORT_USERGROUP", "C0SUPPORT1", "goes in SUPPORT_CHANNEL"),
        ("SUPPORT_CHANNEL", "S0TEAM123", "goes in SUPPORT_USERGROUP"),
        ("SUPPORT_CHANNEL", "D0ABC1234", "a direct message"),
        ("SUPPORT_CHANNEL", "C0XXXXXXXXX", "a placeholder"),
        ("SLACK_BOT_TOKEN", "xoxb-your-token", "a placeholder"),
        ("SLACK_BOT_TOKEN", "xoxb-…", "a placeholder"),
        ("SLACK_BOT_TOKEN", "xoxb-1-s3cr3t…", "cut off, or masked"),
        ("SLACK_BOT_TOKEN", "xoxb-1-s3cr3t****", "cut off, or masked"),
        ("SLACK_BOT_TOKEN", "xoxb-1-s3cr3t*", "cut off, or masked"),
        ("SLACK_BOT_TOKEN", "xoxb-1-s3…r3t", "cut off, or masked"),
        ("SLACK_SIGNING_SECRET", "fedcba98…3210", "cut off, or masked"),
        ("SLACK_SIGNING_SECRET", "fedcba9876543210fedcba987654321", "has 31 hexadecimal digits"),
        ("SLACK_SIGNING_SECRET", "FEDCBA9876543210FEDCBA98765432100", "has 33 hexadecimal digits"),
        ("SLACK_BOT_TOKEN", "xoxp-1-s3cr3t", "a user token"),
        ("SLACK_BOT_TOKEN", "xoxe-1-s3cr3t", "a refresh token"),
        ("SLACK_BOT_TOKEN", "xapp-1-s3cr3t", "goes in SLACK_APP_TOKEN"),
        ("SLACK_APP_TOKEN", "xoxb-1-s3cr3t", "goes in SLACK_BOT_TOKEN"),
        ("SLACK_BOT_TOKEN", "fedcba9876543210fedcba9876543210", "goes in SLACK_SIGNING_SECRET"),
        ("SLACK_SIGNING_SECRET", "xapp-1-s3cr3t", "goes in SLACK_APP_TOKEN"),
        ("SLACK_SIGNING_SECRET", "Gf3kS9s3cr3tJd8fj2kLmN4p", "the verification token"),
        ("SLACK_SIGNING_SECRET", "123456789012.345678901234", "the client ID"),
        ("SLACK_SIGNING_SECRET", "<your-signing-secret>", "a placeholder"),
        ("DATABASE_URL", "postgresql://user:s3cr3t%40@x@host/db", "write @ as %40"),
        ("OPS_PORT", "tcp://10.0.0.7:9090", "enableServiceLinks"),
        ("HOST", "0.0.0.0:3000", "the port in PORT"),
        ("DATABASE_URL", "mysql://user:s3cr3t@host/db", "sqlite+aiosqlite:///onboarding.db"),
        ("DATABASE_URL", "sqlite+aiosqlite://", "sqlite+aiosqlite:///onboarding.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "sqlite+aiosqlite:///onboarding.db"),
        ("DATABASE_URL", "sqlite+aiosqlite:///no/such/folder/bot.db", "make the folder"),
        ("DATABASE_URL", "sqlite+aiosqlite:////", "name a file in it"),
        ("DATABASE_URL", "sqlite+aiosqlite:///.", "name a file in it"),
        ("DATABASE_URL", "sqlite+aiosqlite:///new/", "name a file in it"),
        ("DATABASE_URL", "sqlite+aiosqlite:////dev/null", "a device"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host", "postgresql://"),
        ("DATABASE_URL", "sqlite://bot.db", "write three slashes"),
        ("DATABASE_URL", "sqlite:///bot.db?timeout=soon", "has options (timeout)"),
        ("DATABASE_URL", "sqlite:///file:bot.db?mode=ro&uri=true", "has options (mode, uri)"),
        ("DATABASE_URL", "sqlite:///file:bot.db", "write its path alone"),
        ("DATABASE_URL", "sqlite:///C:\\bot.db", "as only Windows does"),
        ("DATABASE_URL", "sqlite:////", "names a folder"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?schema=public", "does not know: schema"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?pgbouncer=true&connection_limit=5", "does not know: "),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?sslmode=no-verify", "does not take: sslmode"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?connect_timeout=soon", "does not take: connect_timeout"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?sslmode=disable&sslnegotiation=direct", "does not take: ssl"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host:0/db", "1 to 65535"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@/db?host=a,b&port=5432", "give each host its port"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host:port/db", "write host:port"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host /db", "its IP address"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@256.0.0.1/db", "its IP address"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db?keepalives_idle=soon", "does not take: keepalives_idle"),
        ("DATABASE_URL", "sqlite:////dev/null", "a device"),
        ("DATABASE_URL", "sqlite:///no-such.db/", "names a folder"),
        ("DATABASE_URL", "sqlite:///<path>", "a placeholder"),
        ("DATABASE_URL", "postgresql://user:s3cr3t@host/db ; ", "a semicolon"),
        ("DATABASE_URL", "postgresql://user:password@host/database", "a template"),
        ("DATABASE_URL", "postgresql://user:<password>@<host>/<database>", "a template"),
        ("DATABASE_URL", "postgresql://user:[YOUR-PASSWORD]@db.acme.example/db", "a template"),
        ("DATABASE_URL", "postgresql://user:******@db.acme.example/db", "a template"),
        ("ENCRYPTION_KEYS", "", "python -m bot keys new"),
        ("ENCRYPTION_KEYS", "s3cr3t", "python -m bot keys new"),
        ("ENCRYPTION_KEYS", "k1:s3cr3t", "python -m bot keys new"),
        ("PORT", "http", "1 to 65535"),
        ("PORT", "65536", "1 to 65535"),
        ("HOST", "not a host", "127.0.0.1"),
        ("HOST", "256.0.0.1", "127.0.0.1"),
        ("HOST", "...", "127.0.0.1"),
        ("OPS_HOST", "-", "127.0.0.1"),
        ("OPS_PORT", "metrics", "1 to 65535"),
        ("OPS_PORT", "3000", "write another"),
        ("OPS_HOST", "not a host", "127.0.0.1"),
        ("PISMO_API_URL", "sandbox", "https://"),
        ("PISMO_API_URL", "http://sandbox.pismolabs.io", "only for this machine"),
        ("PISMO_API_URL", "http://127.0.0.1.example.com", "only for this machine"),
        ("PISMO_API_URL", "http://0.0.0.0:8080", "only for this machine"),
        ("PISMO_API_URL", "http://user:s3cr3t@localhost", "https://"),
        ("PISMO_API_URL", "http://localhost\\.example.com", "https://"),
        ("PISMO_API_URL", "http://[::1]api.example.com", "https://"),
        ("PISMO_API_URL", "https://http://x.y", "is not a URL"),
        ("PISMO_API_URL", "https://api.pismo.example/https://x.y", "is not a URL"),
        ("PISMO_API_URL", "https://api..pismo.io", "no host that there can be"),
        ("PISMO_API_URL", "https://-", "no host that there can be"),
        ("PISMO_API_URL", "https://256.0.0.1", "no host that there can be"),
        ("PISMO_PRODUCTION_API_URL", "https://your-host", "a placeholder in place of the host"),
        ("PISMO_API_URL", "http://127.1", "only for this machine"),
        ("PISMO_PRODUCTION_API_URL", "production", "https://"),
        ("PISMO_PRODUCTION_API_URL", "http://10.0.0.7", "only for this machine"),
        ("PISMO_CLIENT_CERT", "no/such/file.pem", "may read"),
        ("PISMO_CLIENT_CERT", "-----BEGIN CERTIFICATE-----\ns3cr3t", "ends with KEY"),
        ("PISMO_CA_FILE", "no/such/file.pem", "may read"),
        ("PISMO_OAUTH2_SECRET_FIELD", "s3cr3t", "client_secret_string"),
        ("CONFIG_FILE", "nowhere.toml", "may read"),
        ("CLOCK_FILE", ".", "for demonstrations only"),
        ("LOG_LEVEL", "loud", "INFO"),
    ],
)
def test_a_wrong_variable_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch, name: str, value: str, how: str) -> None:
    monkeypatch.setenv(name, value)
    (problem,) = problems(Settings())
    assert problem.name == name
    assert how in str(problem)
    assert "s3cr3t" not in str(problem)


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("beginning", ["PISMO_CLIENT", "PISMO_PRODUCTION_CLIENT"])
def test_a_key_without_its_certificate_is_told(monkeypatch: pytest.MonkeyPatch, beginning: str) -> None:
    monkeypatch.setenv(f"{beginning}_KEY", "s3cr3t")
    assert f"{beginning}_CERT" in {problem.name for problem in problems(Settings())}
    assert "s3cr3t" not in " ".join(map(str, problems(Settings())))


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:9", "127.8.9.10", "[::1]:80"])
def test_what_runs_on_this_machine_needs_no_encryption(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("SLACK_API_URL", f"http://{host}/api/")
    monkeypatch.setenv("PISMO_API_URL", f"http://{host}")
    assert problems(Settings()) == []


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("name", "value", "how"),
    [
        ("SERVICE_DESK_URL", "", "leave out all"),
        ("SERVICE_DESK_URL", "pismolabs.atlassian.net", "https://"),
        ("SERVICE_DESK_URL", "http://pismolabs.atlassian.net", "only for this machine"),
        ("SERVICE_DESK_USER", "s3cr3t", "of the account"),
        ("SERVICE_DESK_URL", "https://yourcompany.atlassian.net", "a placeholder in place of the host"),
        *(
            ("SERVICE_DESK_USER", user, "of the account")
            for user in (
                "bot@",
                "@pismo.example",
                "b @pismo.example",
                "b@@pismo.example",
                "b@pismo",
                "b@pismo.example:s3cr3t",
                "b@p.example,c@p.example",
            )
        ),
        ("SERVICE_DESK_USER", "your-email@pismo.example", "a placeholder"),
        ("SERVICE_DESK_USER", "bot@example.com", "a placeholder"),
        ("SERVICE_DESK_TOKEN", "", "make an API token"),
        ("SERVICE_DESK_TOKEN", "changeme", "a placeholder"),
        ("SERVICE_DESK_TOKEN", "<token>", "a placeholder"),
        ("SERVICE_DESK_TOKEN", "your-api-token", "a placeholder"),
        ("SERVICE_DESK_TOKEN", "ATATT3s3cr3t…", "cut off, or masked"),
        ("SERVICE_DESK_TOKEN", "ATATT3s3cr3t*", "cut off, or masked"),
        ("SERVICE_DESK_TOKEN", "/run/secrets/s3cr3t", "path of a file"),
        ("SERVICE_DESK_TOKEN", "xoxb-1-s3cr3t", "a token of Slack's"),
        ("SERVICE_DESK_TOKEN", "bot@pismo.example:s3cr3t", "signs that no token has"),
    ],
)
def test_a_service_desk_takes_all_three(monkeypatch: pytest.MonkeyPatch, name: str, value: str, how: str) -> None:
    right = {"URL": "https://pismolabs.atlassian.net", "USER": "bot@pismo.example", "TOKEN": "made-up"}
    for part, text in right.items():
        monkeypatch.setenv(f"SERVICE_DESK_{part}", text)
    assert problems(Settings()) == []
    monkeypatch.setenv(name, value)
    (problem,) = problems(Settings())
    assert problem.name == name
    assert how in str(problem)
    assert "s3cr3t" not in str(problem)


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    "around",
    [
        *(
            "{}\n",
            "{}\r\n",
            " {}\t",
            '"{}"',
            "'{}'",
            '"{}"\r',
            "\ufeff{}\u00a0",
            "“{}”",
            "`{}`",
            "\u200b{}\u2060",
            "{}\\n",
            "<{}>",
        ),
        *("NAME={}", 'export NAME="{}"\n', '\\"{}\\"', "'\"{}\"'", "\u3000{}\u2028"),
    ],
)
def test_what_stands_around_a_value_is_no_part_of_it(monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    right = {
        "SLACK_BOT_TOKEN": "xoxb-1-made-up",
        "SLACK_APP_TOKEN": "xapp-1-A0-made-up",
        "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
        "ENCRYPTION_KEYS": new_key(),
        "SERVICE_DESK_URL": "https://pismolabs.atlassian.net",
        "SERVICE_DESK_USER": "bot@pismo.example",
        "SERVICE_DESK_TOKEN": "ATATT3made=up",
    }
    for name, value in right.items():
        monkeypatch.setenv(name, around.replace("NAME", name).format(value))
    settings = Settings()
    assert problems(settings) == []
    kept = {name: getattr(settings, name.lower()) for name in right}
    assert {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in kept.items()} == right


RIGHT = {
    "SLACK_BOT_TOKEN": "xoxb-123-456-AbCd",
    "SLACK_APP_TOKEN": "xapp-1-A0B-77-fedc",
    "SLACK_SIGNING_SECRET": "fedcba9876543210fedcba9876543210",
    "SUPPORT_CHANNEL": "C0SUPPORT1",
    "SUPPORT_USERGROUP": "S0TEAM1234",
}


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("name", RIGHT)
def test_around_a_value_of_slacks_nothing_is_taken_for_a_part_of_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each beginning and each end, alone and in pairs: it is read as meant, or refused by its name, without being repeated."""
    right = RIGHT[name]
    before = (
        "",
        '"',
        "'",
        "Bearer ",
        f"{name}=",
        f"{name}: ",
        '{"token": "',
        f"{right} ",
        f"{right}, ",
        "$ ",
        "\u200b",
        "\x1b[200~",
        "ours: ",
    )
    after = ("", "\r\n", ",", ".", ";", '",', '"}', "\\", "%", "\x1b[201~", " # ours", "…", "****", " and more")
    for one, other in (
        *((one, "") for one in before),
        *zip(cycle(before), after, strict=False),
        *(("", other) for other in after),
    ):
        monkeypatch.setenv(name, f"{one}{right}{other}")
        settings = Settings()
        read = getattr(settings, name.lower())
        told = problems(settings)
        if one == "ours: " or other in (" # ours", "…", "****", " and more"):
            assert [problem.name for problem in told] == [name], (one, other)
            assert right not in str(told)
        else:
            assert (told, read.get_secret_value() if isinstance(read, SecretStr) else read) == ([], right), (one, other)


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("SUPPORT_CHANNEL", "https://acme.slack.com/archives/C0SUPPORT1/p1700000000?cid=C0SUPPORT1", "C0SUPPORT1"),
        ("SUPPORT_CHANNEL", "https://app.slack.com/client/T0ACME123/C0SUPPORT1", "C0SUPPORT1"),
        ("SUPPORT_CHANNEL", "slack://channel?team=T0ACME123&id=C0SUPPORT1", "C0SUPPORT1"),
        ("SUPPORT_CHANNEL", "<#C0SUPPORT1|onboarding-support>", "C0SUPPORT1"),
        ("SUPPORT_CHANNEL", "acme.enterprise.slack.com/archives/C0SUPPORT1", "C0SUPPORT1"),
        ("SUPPORT_CHANNEL", "[#support](https://acme.slack.com/archives/C0SUPPORT1)", "C0SUPPORT1"),
        ("SLACK_SIGNING_SECRET", "FEDCBA9876543210fedcba9876543210", RIGHT["SLACK_SIGNING_SECRET"]),
        ("SLACK_BOT_TOKEN", f'slackBotToken: "{RIGHT["SLACK_BOT_TOKEN"]}",', RIGHT["SLACK_BOT_TOKEN"]),
        *((name, f'name: "{RIGHT[name]}"', RIGHT[name]) for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")),
        *((name, f"**{RIGHT[name]}**", RIGHT[name]) for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")),
        (
            "SENTRY_DSN",
            'dsn="https://0123456789abcdef@o1.ingest.sentry.io/42",',
            "https://0123456789abcdef@o1.ingest.sentry.io/42",
        ),
        (
            "SENTRY_DSN",
            'sentry_sdk.init(dsn="https://0123456789abcdef@o1.ingest.sentry.io/42")',
            "https://0123456789abcdef@o1.ingest.sentry.io/42",
        ),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/v1/traces", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/v1/metrics/", "http://collector:4318"),
        ("PISMO_API_URL", "https://api.pismo.example.", "https://api.pismo.example."),
        ("DATABASE_URL", "psql 'postgresql://user:a@host/db?sslmode=require'", "postgresql://user:a@host/db?sslmode=require"),
        ("DATABASE_URL", "postgresql://user:a@host/db?ssl=true", "postgresql://user:a@host/db?sslmode=require"),
        ("DATABASE_URL", "postgresql://bot:password@localhost/db", "postgresql://bot:password@localhost/db"),
        (
            "DATABASE_URL",
            "postgresql://bot:a@/db?host=one:5432&host=two:5432",
            "postgresql://bot:a@/db?host=one:5432&host=two:5432",
        ),
        ("DATABASE_URL", "postgresql://bot:!!$&@db.internal/bot", "postgresql://bot:!!$&@db.internal/bot"),
        ("DATABASE_URL", "DATABASE_URL: postgresql://user:a@host/db", "postgresql://user:a@host/db"),
        ("SUPPORT_USERGROUP", "<!subteam^S0TEAM1234|@team>", "S0TEAM1234"),
        ("SLACK_API_URL", "https://slack.com/api", "https://slack.com/api/"),
        ("DATABASE_URL", "postgres://user:a@host/db", "postgresql://user:a@host/db"),
        ("DATABASE_URL", "postgresql+asyncpg://user:a@host/db?ssl=true", "postgresql://user:a@host/db?sslmode=require"),
        ("DATABASE_URL", "postgresql://user:p@s/w#rd@host:5432/db", "postgresql://user:p%40s%2Fw%23rd@host:5432/db"),
        ("DATABASE_URL", "postgresql://user:p%40s@host/db", "postgresql://user:p%40s@host/db"),
        ("DATABASE_URL", "postgresql://user@host/db?options=a@b", "postgresql://user@host/db?options=a@b"),
        ("DATABASE_URL", "postgresql://%2Fvar%2Frun%2Fpostgresql/db", "postgresql:///db?host=/var/run/postgresql"),
        (
            "DATABASE_URL",
            "postgresql://u:a@%2Fsql%2Fp%3Ar/db?sslmode=disable",
            "postgresql://u:a@/db?host=/sql/p:r&sslmode=disable",
        ),
        ("DATABASE_URL", "postgresql://user:{Xk3}@your-bank.com/db", "postgresql://user:{Xk3}@your-bank.com/db"),
        ("DATABASE_URL", "sqlite:///bot.db", "sqlite+aiosqlite:///bot.db"),
        ("PORT", "8080/tcp", "8080"),
        ("PORT", ":8080", "8080"),
        ("HOST", "[::1]", "::1"),
        ("LOG_LEVEL", "warn", "WARNING"),
    ],
)
def test_what_people_also_write_is_read_as_meant(monkeypatch: pytest.MonkeyPatch, name: str, given: str, meant: str) -> None:
    monkeypatch.setenv(name, given)
    settings = Settings()
    read = getattr(settings, name.lower())
    assert (read.get_secret_value() if isinstance(read, SecretStr) else read, problems(settings)) == (meant, [])


@pytest.mark.usefixtures("good")
def test_several_keys_may_be_a_list_of_json_or_end_in_a_comma(monkeypatch: pytest.MonkeyPatch) -> None:
    newest, older = new_key(), new_key()
    for given in (f'["{newest}", "{older}"]', f"{newest},{older},", f"{newest};{older}", f"{newest}\\n{older}\\n"):
        monkeypatch.setenv("ENCRYPTION_KEYS", given)
        assert len(Settings().keyring.ids) == 2


@pytest.mark.usefixtures("good")
def test_keys_are_read_from_a_file_in_place_of_the_variable(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", "bot.keys")
    (both,) = problems(Settings())
    assert "so is ENCRYPTION_KEYS" in both.what
    monkeypatch.delenv("ENCRYPTION_KEYS")
    (missing,) = problems(Settings())
    assert "python -m bot keys new --to FILE" in missing.how
    (good / "bot.keys").write_bytes(b"\xff\x00s3cr3t")
    (broken,) = problems(Settings())
    assert (broken.name, "s3cr3t" in str(broken)) == ("ENCRYPTION_KEYS_FILE", False)
    newest, older = new_key(), new_key()
    (good / "bot.keys").write_text(f"\ufeff{newest}\r\n{older}\r\n")
    assert problems(Settings()) == []
    assert Settings().keyring.newest == newest.partition(":")[0]


@pytest.mark.usefixtures("good")
def test_keys_may_come_through_a_pipe_which_can_be_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENCRYPTION_KEYS")
    reading, writing = os.pipe()
    os.write(writing, (key := new_key()).encode())
    os.close(writing)
    monkeypatch.setenv("ENCRYPTION_KEYS_FILE", f"/dev/fd/{reading}")
    settings = Settings()
    assert problems(settings) == []
    assert settings.keyring.newest == key.partition(":")[0]
    assert key.partition(":")[2] not in repr(settings)
    os.close(reading)


@pytest.mark.usefixtures("good")
def test_commands_for_the_store_ask_for_no_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN")
    monkeypatch.delenv("SUPPORT_CHANNEL")
    assert problems(Settings(), slack=False) == []


@pytest.mark.usefixtures("good")
def test_a_wrong_policy_file_says_which_key(monkeypatch: pytest.MonkeyPatch, good: Path) -> None:
    (good / "policies.toml").write_text('[reminders]\nsupport_fist = "1 h"\n')
    monkeypatch.setenv("CONFIG_FILE", "policies.toml")
    (problem,) = problems(Settings())
    assert "support_fist" in str(problem)
    assert "support_first" in problem.how


def test_settings_show_no_secret() -> None:
    settings = Settings(slack_bot_token=SecretStr("xoxb-s3cr3t"), database_url="postgresql://user:s3cr3t@host/db")
    assert "s3cr3t" not in repr(settings)
