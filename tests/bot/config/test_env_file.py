"""Settings in a file: `.env` in the working folder, or the one that ENV_FILE names."""

import os
from pathlib import Path

import pytest

from bot.config.env_file import OPENTELEMETRY
from bot.config.problems import problems
from bot.config.settings import Settings
from bot.ops.check_files import env_file
from storage.sealing import new_key


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


GOOD = f"""\ufeff# ours
export SLACK_BOT_TOKEN="xoxb-1-made-up"   # of the app
SLACK_APP_TOKEN='xapp-1-made-up'\r

 SUPPORT_CHANNEL = C0SUPPORT
DATABASE_URL=postgresql://bot:pa$$w${{HOME}}rd@host/bot
ENCRYPTION_KEYS={new_key()}
LOG_LEVEL=
service_desk_user=bot@pismo.example
SERVICE_DESK_URL=https://pismolabs.atlassian.net
SERVICE_DESK_TOKEN='made#up=$1'
POSTGRES_PASSWORD=pa$$word
COMPOSE_PROJECT_NAME=ours
"""


def test_the_file_is_read_as_meant_and_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text(GOOD, newline="")
    settings = Settings()
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1-made-up"
    assert (settings.support_channel, settings.socket_mode, settings.log_level) == ("C0SUPPORT", True, "INFO")
    assert settings.database_url == "postgresql://bot:pa$$w${HOME}rd@host/bot"
    assert settings.service_desk_token.get_secret_value() == "made#up=$1"
    assert "made-up" not in repr(settings)
    assert [problem.name for problem in problems(settings)] == ["SERVICE_DESK_TOKEN"]  # no token has a #

    monkeypatch.setenv("SLACK_APP_TOKEN", "")
    assert not Settings().socket_mode
    (folder / "other.env").write_text("LOG_LEVEL=DEBUG\nLOG_LEVEL=\nSUPPORT_CHANNEL=C0OTHER\nSLACK_BOT_TOKEN=xoxb-2\n")
    monkeypatch.setenv("ENV_FILE", "other.env")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-3-made-up")
    other = Settings()
    assert (other.support_channel, other.slack_bot_token.get_secret_value()) == ("C0OTHER", "xoxb-3-made-up")
    assert (other.slack_app_token, other.log_level) == (None, "INFO")
    monkeypatch.setenv("ENV_FILE", os.devnull)
    assert Settings().support_channel == ""


def test_there_need_not_be_one(folder: Path) -> None:
    assert Settings().file.fault == ""
    (folder / ".env").mkdir()  # an environment of Python
    assert Settings().file.fault == ""


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_strangers_is_refused_unless_it_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, *, is_linked: bool) -> None:
    found = folder / ".env"
    found.write_text(f"SLACK_API_URL=https://evil.example/\nENCRYPTION_KEYS={new_key()}\n")
    if is_linked:
        found.rename(folder / "strangers")
        found.symlink_to("strangers")
    monkeypatch.setattr("os.geteuid", lambda: found.lstat().st_uid + 1)
    if os.getuid() == 0:
        os.chown(found, 12345, -1, follow_symlinks=not is_linked)  # root's own would do for everybody
    (problem,) = problems(Settings(), slack=False)
    assert str(problem).startswith("ENV_FILE is not set, and .env belongs to another user - set it to .env if")
    assert Settings().slack_api_url == "https://slack.com/api/"
    monkeypatch.setenv("ENV_FILE", ".env")
    assert problems(Settings(), slack=False) == []
    assert Settings().slack_api_url == "https://evil.example/"


def test_it_may_be_a_pipe_which_can_be_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"PORT=8080\n")
    os.close(writing)
    monkeypatch.setenv("ENV_FILE", f"/dev/fd/{reading}")
    settings = Settings()
    assert (settings.port, settings.file.fault, list(env_file(settings))) == ("8080", "", [])
    os.close(reading)


def test_a_pem_may_go_over_lines_in_quotes(folder: Path) -> None:
    (folder / ".env").write_text(
        'PISMO_CLIENT_CERT="-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"\nPORT=8080\n'
    )
    settings = Settings()
    assert settings.pismo_client_cert.splitlines() == ["-----BEGIN CERTIFICATE-----", "MIIB", "-----END CERTIFICATE-----"]
    assert settings.port == "8080"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# ours\n\nSLACK_BOT_TOKEN xoxb-s3cr3t\n", "line 3 is no assignment"),
        (b"SLACK_BOT_TOKEN: xoxb-s3cr3t\n", "line 1 is no assignment"),
        (b"PORT=8080\n\nxoxb-s3cr3t", "line 3 is no assignment"),
        (b'{"SLACK_BOT_TOKEN": "xoxb-s3cr3t"}', "line 1 is no assignment"),
        (b"SLACK-BOT-TOKEN=xoxb-s3cr3t", "line 1 is no assignment"),
        (b'A=1\nSLACK_BOT_TOKEN="xoxb-s3cr3t\n', "line 2 is no assignment, or a quote in it has no end"),
        (b"PISMO_CLIENT_KEY=-----BEGIN PRIVATE KEY-----\ns3cr3t=\n", "line 1 begins a PEM"),
        ("PORT=8080\n".encode("utf-16-le"), "line 1 "),
        ("SLACK_BOT_TOKEN=xoxb-s3cr3t # à nous\n".encode("latin-1"), "is not UTF-8"),
        (b"", "does not exist"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, why: str
) -> None:
    monkeypatch.setenv("ENV_FILE", "bot.env")
    if content:
        (folder / "bot.env").write_bytes(content)
    (problem,) = problems(Settings(), slack=False)
    assert (problem.name, why in problem.what) == ("ENV_FILE", True), problem
    assert "s3cr3t" not in str(problem)
    (folder / "bot.env").write_text(f"ENCRYPTION_KEYS={new_key()}\n")
    assert problems(Settings(), slack=False) == []


def test_a_folder_in_its_place_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", str(folder))
    (problem,) = problems(Settings())
    assert (problem.name, "cannot be read (Is a directory)" in problem.what) == ("ENV_FILE", True)


def test_what_is_misspelt_is_named_with_what_is_meant_and_what_is_for_others_is_no_fault(folder: Path) -> None:
    path = folder / ".env"
    others = "POSTGRES_PASSWORD=s3cr3t\nCOMPOSE_FILE=x\nOTEL_EXPORTER_OTLP_HEADERS=authorization=s3cr3t\n"
    path.write_text(f"SLACK_BOT_TOKN=xoxb-s3cr3t\nHTTPS_PROXY=http://proxy\n{others}")
    path.chmod(0o644)
    found = list(env_file(Settings()))
    assert [line.outcome for line in found] == ["wrong", "note", "wrong"]
    assert "SLACK_BOT_TOKN is no setting - write SLACK_BOT_TOKEN, if" in str(found[0])
    assert "HTTPS_PROXY" in found[1].what
    assert str(found[2]) == "wrong: .env: everybody has rights on it - chmod 600 .env"
    assert "s3cr3t" not in str(found)
    path.chmod(0o620)
    assert str(list(env_file(Settings()))[2]) == "wrong: .env: others may write it - chmod 600 .env"
    path.write_text("SLACK_BOT_TOKEN=xoxb-1\n")
    path.chmod(0o600)
    assert list(env_file(Settings())) == []
    path.write_text("OTEL_EXPORTER_OTLP_ENDPOIN=http://collector:4318\n")
    (line,) = env_file(Settings())
    assert "OTEL_EXPORTER_OTLP_ENDPOIN is no setting - write OTEL_EXPORTER_OTLP_ENDPOINT, if" in str(line)


def test_what_opentelemetry_reads_from_the_environment_may_stand_in_the_file(folder: Path) -> None:
    (folder / ".env").write_text("OTEL_SERVICE_NAME=ours\nOTEL_TRACES_SAMPLER=always_off\nLOG_LEVEL=DEBUG\n")
    environment = {"OTEL_TRACES_SAMPLER": "always_on"}
    Settings().file.hand_over(OPENTELEMETRY, environment)
    assert environment == {"OTEL_SERVICE_NAME": "ours", "OTEL_TRACES_SAMPLER": "always_on"}
