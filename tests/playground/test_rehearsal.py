"""The demo as a test: what a reader of its transcript sees, whichever way Slack reaches the bot, and what it leaves behind."""

import asyncio
import re
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from bot.config.settings import Exit
from bot.messages.buttons import Act
from bot.messages.texts import Texts
from playground.acts import Acts, example
from playground.office import CALM, POLICIES, ROOT, Office
from playground.rehearse import rehearse
from playground.walkthrough import Walkthrough, ready

pytestmark = pytest.mark.process

EN, SPANISH = Texts("en"), Texts("es")
ID = re.compile(r"<[@#!]|\b[UC][A-Z0-9]{10}\b")


async def beside(*plays: Coroutine[Any, Any, None]) -> None:
    """All at once, since each spends much of its time waiting."""
    async with asyncio.TaskGroup() as group:
        for play in plays:
            group.create_task(play)


async def test_the_transcripts_show_the_whole_journeys() -> None:
    """The first customer's in Socket Mode, the second one's over HTTP; README shows them as they come one after the other."""
    transcripts: dict[bool, str] = {}
    await beside(plays(transcripts, "first", socket_mode=True), plays(transcripts, "second", socket_mode=False))
    for words in (
        "/onboarding is not a valid command",  # Ana is from another company
        "Ana  sends “Planning",
        "Bruno  sends “Organization",  # a colleague continues, in the onboarding's language
        "The street is that of the branch.",
        "Street · Before: Avenida Paulista · Now: Rua do Comércio",
        "Sam  presses “Approve Authentication and mTLS”",
        "Kim  presses “Approve Authentication and mTLS”",
        "This is a private key. It wasn't stored.",
        "Ana, it's your company's turn on",
        "killed in the middle, and started again",
        "Request filed for Service Desk: SDEN-1024",
        "Status of SDEN-1024 in Service Desk: PENDING",
        "The answer from Ana on SDEN-1024 is now in Service Desk",
        "SDEN-1025 was closed in Service Desk: CLOSED",
        "Access verified in Test: all checks passed.",
    ):
        assert words in transcripts[True], words
    assert SPANISH("card.title", customer="Blue Coop") in transcripts[False]
    for texts, transcript in ((EN, transcripts[True]), (SPANISH, transcripts[False])):
        assert texts("say.proof_passed", environment=texts("environment.production")) in transcript
        assert "ok: audit logs verified: 1 onboarding" in transcript
        assert " 0 refused; " in transcript
        assert "PRIVATE KEY-----" not in transcript
        assert [line for line in transcript.splitlines() if ID.search(line)] == []
    assert re.search(r"\b(\d+) of \1 steps done", transcripts[True])
    both = "\n".join(transcripts.values()).replace("verified: 1 onboarding", "verified: 2 onboardings")
    shown = re.findall(r"```\n(    card .*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)[0]
    assert [line for line in shown.splitlines() if line.partition("…")[0].rstrip() not in both] == []


async def plays(transcripts: dict[bool, str], customer: str, *, socket_mode: bool) -> None:
    lines: list[str] = []
    assert await rehearse(socket_mode=socket_mode, customers=[customer], tell=lines.append) == 0
    transcripts[socket_mode] = "\n".join(lines)


async def test_what_was_acknowledged_is_finished_though_the_bot_is_told_to_end() -> None:
    await beside(finishes_what_was_acknowledged(socket_mode=True), finishes_what_was_acknowledged(socket_mode=False))


async def finishes_what_was_acknowledged(*, socket_mode: bool) -> None:
    async with Office(socket_mode=socket_mode, policies=CALM) as office:
        journey, ana = Walkthrough(office), office.ana
        await Acts(journey).start()
        await journey.opens(ana, lambda: journey.lasting("step", "planning"), Act.OPEN_FORM)()
        await office.slack.until(lambda: ready(ana.view))
        while ana.view is not None:
            assert (await journey.send_page(ana, ana.view, example("planning"))).ok
        assert await office.stop_bot(signal.SIGTERM) == 0
        await office.start_bot()
        await office.slack.until(lambda: journey.sent_revision("planning") == 1, timeout=30)
        await office.slack.until(lambda: len(journey.thread("step", "planning")) == 1, timeout=30)
        assert "Traceback" not in office.log.read_text()


async def test_a_bot_that_slack_does_not_answer_any_more_ends_to_be_started_again() -> None:
    policies = POLICIES.replace("[engine]", '[engine]\nsocket_silence = "2 s"')
    async with Office(policies=policies) as office:
        assert office.process is not None
        office.slack.stop_pings()
        code = await asyncio.wait_for(office.process.wait(), timeout=60)
        assert code == Exit.SOCKET_LOST
        office.slack.resume_pings()
        await office.start_bot()
        await office.slack.until(lambda: len(office.slack.sockets.connections) == 1)


async def test_a_demo_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    await beside(*(leaves_nothing_behind(how, tmp_path / how.name) for how in (signal.SIGTERM, signal.SIGINT)))


async def leaves_nothing_behind(how: signal.Signals, place: Path) -> None:
    await asyncio.to_thread(place.mkdir)
    demo = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "playground.rehearse",
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(place), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert demo.stdout is not None
    async for line in demo.stdout:
        if b"1. Planning" in line:
            break
    (folder,) = folders_in(place)
    assert bots_in(folder) != []
    demo.send_signal(how)
    await asyncio.wait_for(demo.communicate(), timeout=60)
    assert demo.returncode == 128 + how
    assert folders_in(place) == []
    assert bots_in(folder) == []


def folders_in(place: Path) -> list[Path]:
    return list(place.glob("onboarding-*"))


def bots_in(folder: Path) -> list[str]:
    """Processes that work in a folder (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if str(place).startswith(str(folder)):
            found.append(process.name)
    return found
