"""What somebody typed to find customers, kept for those who turn the pages of what was found: sealed, for a day, for them alone."""

from flows.model import SEARCH_LASTS, SEARCHED, Draft, new_id
from flows.people import Who
from flows.ports import Unit
from flows.problems import Refused


def new(who: Who, typed: str) -> Draft:
    """Not kept yet. Its ``item`` names it."""
    item = new_id("search")
    return Draft(id=_name(who, item), onboarding_id="", form=SEARCHED, item=item, answers={"typed": typed}, user_id=who.user_id)


async def keep(unit: Unit, search: Draft) -> None:
    search.at = unit.now
    unit.add(search)


async def of(unit: Unit, who: Who, item: str) -> Draft:
    """Raises Refused("search_over") if it is kept no longer, or is another person's."""
    found = await unit.get(Draft, _name(who, item))
    if found is None or found.form != SEARCHED or found.at is None or found.at < unit.now - SEARCH_LASTS:
        raise Refused("search_over")
    return found


def typed_in(search: Draft) -> str:
    return str(search.answers["typed"])


def _name(who: Who, item: str) -> str:
    return f":{SEARCHED}:{who.user_id}:{item}"
