"""A drill: a backup is made while the bot runs and people go on, more happens, the bot is killed and its database lost, and the backup is
restored. Then what stands in Slack must be what is stored, nothing twice, and the journey must go on. Exit code 0 if so.

python -m playground.drill [--postgres]
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from bot.messages.buttons import Act
from flows.forms.dialogs import DIALOGS
from flows.state import StepState
from flows.steps.org_details import to_org_details
from playground import postgres
from playground.acts import STEPS, Acts, example
from playground.office import CALM, Office
from playground.rehearse import print_line
from playground.slack import Message
from playground.slack.screen import tells
from playground.walkthrough import Walkthrough, action_id, effect_id, said

OPENED = ("environments", "control_center", "authentication")
"""The steps that the org ID opens."""
BACKUP = "backup.db"
PACE = 0.3
"""Seconds between what people do while the backup is made."""
SOON = """
poll = "0.5 s"
lease = "2 s"
"""
"""Behind an office's policies, whose last table is the engine's: others notice soon what a process committed or left."""


class Drill:
    """``office``: open, with nothing begun. ``lose``: does away with its database, once the bot is killed. ``tell``: gets each line."""

    def __init__(self, office: Office, lose: Callable[[], None], tell: Callable[[str], None]) -> None:
        self.office, self.slack, self._lose, self._print = office, office.slack, lose, tell
        self.journey = Walkthrough(office)
        self.acts = Acts(self.journey)
        self.wrong: list[str] = []
        self._began = time.monotonic()

    def tell(self, what: str) -> None:
        self._print(f"{time.monotonic() - self._began:6.1f} s  {what}")

    def expect(self, holds: object, otherwise: str) -> None:
        if not holds:
            self.wrong.append(otherwise)

    async def run(self) -> Sequence[str]:
        """What was wrong in the end; nothing if all is well. Raises UnmetError where the journey does not go on."""
        await self.until_approved()
        notes = await self.back_up()
        self.tell(f"backup made while the bot ran; meanwhile Kim wrote {notes} notes")
        await self.go_on()
        self.tell("after the backup the customer sent two steps, support recorded the org ID, and three steps opened")
        await self.office.kill_bot()
        await self.office.forget_store()
        self._lose()
        self.tell("bot killed, database lost")
        await self.restore()
        stood = {message.ts for message in posted(self.office)}
        await self.office.start_bot()
        await all_done(self.office)
        self.tell("bot started; it has compared Slack with the store")
        await self.compare(stood)
        await self.send_again()
        self.tell("the customer sent both again, support recorded the org ID: organization done")
        return self.wrong

    # -- before the loss

    async def until_approved(self) -> None:
        """What the approval asks for waits in the backup, and is done after it."""
        journey, acts = self.journey, self.acts
        await acts.start()
        skip = {"step": "planning", "reason": "Held by phone."}
        typed = partial(acts.sam.command, "/onboarding skip", channel=self.office.acme)
        await journey.fill_form(acts.sam, typed, skip, lambda: journey.lasting("step", "organization"))
        await journey.send_step(acts.lead, "organization", example("organization"))
        await all_done(self.office)
        self.tell("onboarding begun, organization sent")
        for method in ("chat.postMessage", "chat.update"):
            self.slack.faults.add(method, "drop_before", times=None)
        review = journey.lasting("review", "organization")
        approved = await acts.sam.click(review, action_id=action_id(review.blocks, Act.APPROVE))
        self.expect(approved.ok, "the approval was not acknowledged")
        await self.slack.until(self.much_waits, timeout=60)
        self.tell("organization approved while Slack takes no messages: what is to be said waits")

    async def much_waits(self) -> bool:
        return await left(self.office) > 3

    async def back_up(self) -> int:
        """People press meanwhile. Returns how many notes were kept."""
        making, notes = asyncio.create_task(self.office.command("backup", BACKUP)), 0
        while not making.done():
            await self.acts.kim.command("/onboarding note", channel=self.office.acme)
            await self.slack.until(lambda: self.acts.kim.view and self.acts.kim.view.data.get("submit"), timeout=60)
            if (view := self.acts.kim.view) is not None:
                words = {**DIALOGS["note"].example, "words": f"Note {notes + 1}"}
                notes += (await self.journey.send_page(self.acts.kim, view, words)).ok
            await asyncio.wait([making], timeout=PACE)
        code, printed = await making
        self.expect(code == 0 and printed.startswith("ok: "), f"backup ended with {code}: {printed}")
        return notes

    async def go_on(self) -> None:
        """The time that will be lost: one step opens others, and the customer sends two."""
        journey, acts = self.journey, self.acts
        self.slack.faults.clear()
        await acts.thread_says("step", "organization", said("say.approved"))
        await journey.send_step(acts.lead, "service_desk", example("service_desk"))
        await self.record_org_id()
        for step in OPENED:
            await self.slack.until(lambda: journey.all_lasting("step", step), timeout=60)  # noqa: B023  waited for here
        await journey.send_step(acts.lead, "environments", example("environments"))
        await all_done(self.office)

    async def record_org_id(self) -> None:
        org = self.office.pismo.create_org(to_org_details({**example("organization"), "number": 42}))
        await self.acts.support_task(self.acts.sam, "organization", "record_org_id", self.acts.done("organization"), org_id=org)

    async def restore(self) -> None:
        code, printed = await self.office.command("restore", BACKUP, "--yes")
        for line in printed.splitlines():
            self.tell(f"  {line}")
        self.expect(code == 0, f"restore ended with {code}")
        for words in ("ok: audit logs verified: 1 onboarding", "messages of all open onboardings (1)"):
            self.expect(words in printed, f"restore did not say: {words}")

    # -- afterwards

    def asked_again(self, step: str) -> list[Message]:
        asked = said("answers_lost.now", "answers_lost.later")
        return [message for message in self.journey.thread("step", step) if tells(message.text, asked)]

    async def compare(self, stood: set[str]) -> None:
        """``stood``: what stood before the bot was started."""
        journey, office = self.journey, self.office
        self.wrong += [f"stands twice: {what}" for what in doubled(office)]
        self.wrong += await amiss(office)
        asked = [message for step in ("service_desk", "environments") for message in self.asked_again(step)]
        told = [m for m in office.support.messages if tells(m.text, said("say.answers_lost"))]
        self.expect(len(asked) == len(told) == 2, "the lost answers were not asked for once each, and told to support")
        new = {message.ts for message in posted(office)} - stood
        self.expect(new == {m.ts for m in (*asked, *told)}, "something else was posted too")
        shown = {"organization": StepState.APPROVED, "service_desk": StepState.OPEN, **dict.fromkeys(OPENED, StepState.LOCKED)}
        self.wrong += [f"{step} is not shown as {state}" for step, state in shown.items() if not journey.is_now(step, state)]
        before = {message.ts for message in posted(office)}
        code, printed = await office.command("repair", "example")
        self.expect(code == 0, f"repair ended with {code}: {printed}")
        await all_done(office)
        self.expect({message.ts for message in posted(office)} == before, "repair posted something")

    async def send_again(self) -> None:
        """In the messages that stand."""
        journey, acts = self.journey, self.acts
        form = journey.opens(acts.lead, lambda: self.asked_again("service_desk")[-1], Act.OPEN_FORM)
        await journey.fill_form(acts.lead, form, example("service_desk"), lambda: journey.sent_revision("service_desk") == 1)
        await self.record_org_id()
        await journey.send_step(acts.lead, "environments", example("environments"))
        await all_done(self.office)
        self.wrong += [f"stands twice: {what}" for what in doubled_ids(self.office)]  # they say again that they sent it
        self.wrong += await amiss(self.office)


# -- what must hold


async def left(office: Office) -> int:
    """How many effects are asked for and not done."""
    async with office.reading() as unit:
        return len(await unit.open_effects())


async def all_done(office: Office) -> None:
    """Raises UnmetError."""

    async def done() -> bool:
        return not await left(office)

    await office.slack.until(done, timeout=60)


def posted(office: Office) -> list[Message]:
    return [m for channel in (office.acme, office.support) for m in channel.messages if m.bot and not m.ephemeral_to]


def doubled(office: Office) -> list[str]:
    """What stands there more than once."""
    words = Counter((m.channel.name, m.thread_ts, m.text) for m in posted(office))
    return doubled_ids(office) + [text for (_, _, text), times in words.items() if times > 1]


def doubled_ids(office: Office) -> list[str]:
    ids = Counter(effect_id(m) for m in posted(office) if effect_id(m))
    return [name for name, times in ids.items() if times > 1]


async def amiss(office: Office) -> list[str]:
    """What was given up, and lasting messages that the store has and that do not stand there just once."""
    standing = Counter((m.channel.id, m.ts) for m in posted(office))
    async with office.reading() as unit:
        (onboarding_id,) = await unit.open_onboardings()
        failed = [f"{effect.kind} ({effect.error})" for effect in await unit.failed_effects(onboarding_id)]
        wanted = [("card", "")] + [(kind, step) for kind in ("step", "review") for step in STEPS]
        rows = [row for kind, step in wanted if (row := await unit.posted(onboarding_id, kind, step)) is not None]
    return failed + [f"{row.id}: not one message" for row in rows if standing[row.channel_id, row.ts] != 1]


# -- as a command


async def drill(office: Office, lose: Callable[[], None], tell: Callable[[str], None] = print_line) -> int:
    """``office``: not open yet. Returns the exit code. Raises what did not come true."""
    async with office:
        try:
            wrong = await Drill(office, lose, tell).run()
        except Exception:
            print(office.log.read_text()[-6000:], file=sys.stderr)
            raise
        violations = [f"Slack refused: {violation}" for violation in office.slack.violations]
    for what in (found := [*wrong, *violations]):
        tell(f"wrong: {what}")
    if not found:
        tell("ok: nothing stands twice, all that is stored stands once, and what was lost was asked for once")
    return 1 if found else 0


def lose_sqlite(office: Office) -> None:
    for file in office.path.glob("onboarding.db*"):
        file.unlink()


@contextlib.contextmanager
def places(*, on_postgresql: bool) -> Iterator[tuple[Office, Callable[[], None]]]:
    """An office that isn't open yet, and what does away with its database."""
    office = Office(socket_mode=False, policies=CALM + SOON)
    if not on_postgresql:
        yield office, partial(lose_sqlite, office)
        return
    with postgres.server() as server:
        if server is None:
            raise SystemExit("wrong: there are no binaries of PostgreSQL - install its server, or set TEST_POSTGRES_URL")
        with postgres.database(server) as office.database_url:
            yield office, partial(postgres.drop, office.database_url)


def main() -> int:
    """The exit code: 0, 1 for what is wrong, 130 for Ctrl-C and SIGTERM, after which nothing is left running."""
    reader = argparse.ArgumentParser(prog="python -m playground.drill", description=(__doc__ or "").partition("\n\n")[0])
    reader.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    asked = reader.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with places(on_postgresql=asked.postgres) as (office, lose):
            return asyncio.run(drill(office, lose))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
