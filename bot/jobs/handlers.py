"""What effects do outside, by their kind. Each is run at least once; one that posts looks for its former post before it repeats.

An executor gets the effect and whether a former attempt may have happened, and returns what to keep of the result (ids only).
"""

from collections.abc import Awaitable, Callable, Mapping

from bot.config.service_desk import DeskPolicies
from bot.desk import Desk
from bot.jobs.access_requests import Requests
from bot.jobs.files import Uploads
from bot.jobs.posts import Messages
from bot.jobs.proof import Proof
from bot.jobs.runner import Executor
from bot.jobs.shell_commands import Commands
from bot.jobs.submissions import Submissions
from flows.model import EffectRecord
from pismo.environments import Environments
from pismo.service_desk import ServiceDesk

GiveUp = Callable[[EffectRecord], Awaitable[bool]]
"""Told that an effect of its kind was given up; True where everybody who must know is told by that."""


def executors(
    desk: Desk, pismo: Environments, service_desk: ServiceDesk | None, policies: DeskPolicies
) -> tuple[Mapping[str, Executor], Mapping[str, GiveUp]]:
    """Every kind of effect that `flows` asks for, and those with something to do when they are given up."""
    messages = Messages(desk)
    submissions = Submissions(desk, messages)
    uploads = Uploads(desk, messages)
    requests = Requests(desk, messages, service_desk, policies)
    commands = Commands(desk, messages)
    proof = Proof(desk, messages, pismo)
    does: Mapping[str, Executor] = {
        "draw": messages.draw,
        "say": messages.say,
        "tell": messages.tell,
        "remind": messages.remind,
        "bookmark": messages.bookmark,
        "people": messages.people,
        "move": messages.move,
        "alert": messages.alert,
        "in_full": submissions.in_full,
        "differences": submissions.differences,
        "ready_text": requests.ready_text,
        "request_access": requests.ask,
        "file_access_request": requests.file,
        "commands": commands.keys,
        "token_commands": commands.tokens,
        "session": uploads.session,
        "export": uploads.export,
        "delete_file": uploads.delete_file,
        "proof": proof.run,
        "proof_report": proof.report,
    }
    return does, {"proof": proof.give_up, "file_access_request": requests.give_up}
