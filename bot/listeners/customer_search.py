"""A search for customers in a small window, from App Home: what it finds is shown in the same window."""

from typing import Any

from bot.listeners.lists import SupportLists
from bot.messages.blocks import Block, long_sections, plain
from bot.messages.buttons import ButtonValue
from bot.messages.lists import Asked
from bot.messages.tables import without_tables
from bot.messages.texts import Texts
from bot.modals.private_answers import PrivateAnswers, explained
from bot.slack.client import Slack, SlackError, Window
from bot.slack.payloads import Click, Submitted
from flows.cases.case import Cases
from flows.problems import Refused
from storage.store import Store

CALLBACK = "find"
FIELD, NAME = "find", "name"
"""The block and the action of its input."""
SHORTEST = 2
"""Letters, as the index of names has them."""
ROWS = 20


class CustomerSearch:
    def __init__(self, store: Store, cases: Cases, slack: Slack, answers: PrivateAnswers, lists: SupportLists) -> None:
        self._store, self._cases, self._slack, self._answers, self._lists = store, cases, slack, answers, lists

    async def open(self, click: Click) -> None:
        """After the acknowledgement."""
        try:
            self._cases.access.require_support(click.who)
            await self._slack.open_view(click.trigger_id, _view(await self._answers.texts(click.who), []))
        except SlackError as error:
            await self._answers.answer(click.who, click.channel_id, "refused.no_answer" if error.unsure else "refused.late")
        except Refused as error:
            await self._answers.explain(click.who, click.channel_id, error)

    async def search(self, sent: Submitted) -> dict[str, Any]:
        """What the submission is acknowledged with."""
        texts = await self._answers.texts(sent.who)
        typed = str((sent.values.get(FIELD) or {}).get(NAME, {}).get("value") or "").strip()
        if len(typed) < SHORTEST:
            return {"response_action": "errors", "errors": {FIELD: texts("error.too_short_to_find", n=SHORTEST)}}
        try:
            self._cases.access.require_support(sent.who)
            shown = without_tables(await self._lists.find(sent.who, typed, texts, ROWS))
        except Exception as error:  # noqa: BLE001  shown in the window, and logged with its id
            shown = list(long_sections(explained(texts, error)))
        return {"response_action": "update", "view": _view(texts, shown)}

    async def turn(self, click: Click, value: ButtonValue) -> None:
        """Another page, in the same window; what stands in its field stays. After the acknowledgement."""
        texts = await self._answers.texts(click.who)
        try:
            self._cases.access.require_support(click.who)
            async with self._store.read() as unit:
                shown = without_tables(await self._lists.blocks(unit, click.who, Asked.of(value), texts, ROWS))
        except Exception as error:  # noqa: BLE001  likewise
            shown = list(long_sections(explained(texts, error)))
        await self._slack.update_view(Window.of(click.view), _view(texts, shown))


def _view(texts: Texts, shown: list[Block]) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": NAME, "max_length": 80, "focus_on_load": True}
    field = {"type": "input", "block_id": FIELD, "label": plain(texts("find.label")), "element": element}
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "title": plain(texts("find.title"), 24),
        "submit": plain(texts("find.submit"), 24),
        "close": plain(texts("form_ui.close"), 24),
        "blocks": [field, *shown],
    }
