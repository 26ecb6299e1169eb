"""After a decision, whoever made it is offered what waits next."""

from bot.messages.buttons import Act, ButtonValue
from bot.messages.texts import Texts
from flows.cases import review
from playground.slack import SlackPerson
from playground.walkthrough import ready
from tests.bot.workplace import Workplace

EN = Texts("en")


async def test_what_waits_next_is_offered_and_not_what_a_colleague_took(place: Workplace) -> None:
    acme = await place.begin(customer="Acme Bank")
    blue = await place.begin(place.blue, place.olga, "Blue Coop")
    await place.send(acme, "planning")
    await place.send(blue, "planning", place.olga)

    async def decide(person: SlackPerson, onboarding: str, act: Act) -> None:
        record = (await place.snapshot(onboarding)).steps["planning"]
        value = ButtonValue(onboarding=onboarding, step="planning", revision=record.revision, digest=record.digest)
        assert (await place.press(person, place.support, act, value)).ok

    await place.act(blue, lambda case: review.claim(case, "planning"), place.kim)
    await decide(place.sam, acme, Act.APPROVE)
    await place.slack.until(lambda: place.told(place.sam) == [EN("list.nothing_next")])

    await decide(place.kim, blue, Act.REQUEST_CHANGES)
    await place.slack.until(lambda: ready(place.kim.view))
    assert place.kim.view is not None
    assert (await place.journey.send_page(place.kim, place.kim.view, {"reason": "Say which cards."})).closed
    await place.slack.until(lambda: place.told(place.kim))
    (offer,) = place.told(place.kim)
    assert offer.startswith("Próximo: Acme Bank · Planejamento · ")  # Kim's language
    assert offer.endswith(f"[{Texts('pt_BR')('button.card')}]")
