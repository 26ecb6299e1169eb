"""Which of the messages that changed is shown, without a browser."""

from playground.page import changes
from playground.page.navigation import Location, marked
from tests.playground.company import Company


async def test_what_is_new_here_comes_before_what_changed_and_the_checklist_last(company: Company) -> None:
    client, channel, here = company.client, company.shared, Location(company.shared)
    card, step = [await client.chat_postMessage(channel=channel.id, text=f"{name}\nmore") for name in ("Card", "*Step* <x>")]
    await client.pins_add(channel=channel.id, timestamp=card["ts"])
    assert marked(channel) == card["ts"]
    since = company.slack.last_change

    def shown(location: Location = here) -> str:
        found = changes.first(location, changes.seen_since(company.ana, company.slack, since))
        return changes.badge(found, company.ana, company.slack) if found else ""

    assert shown() == ""
    await client.chat_update(channel=channel.id, ts=step["ts"], text="*Step* &lt;1&gt;\nchanged")
    await client.chat_update(channel=channel.id, ts=card["ts"], text="Card\nchanged")
    assert shown() == "Mudou aqui: Step <1>"
    await client.chat_postMessage(channel=channel.id, text="In a thread", thread_ts=card["ts"])
    await company.ana.say(channel, "Her own")
    assert shown() == "Mudou aqui: Step <1>"
    assert shown(Location(channel, thread=card["ts"])) == "Novo aqui: In a thread"
    await client.chat_postMessage(channel=channel.id, text="Next step " + "and so on " * 9)
    assert shown().startswith("Novo aqui: Next step and so on")
    assert shown().endswith("…")
    assert shown(Location("home")).startswith("Novo em #acme_pismo: Next step")
    await client.chat_postMessage(channel=company.support.id, text="Nothing for her")
    assert shown().startswith("Novo aqui: Next step")
