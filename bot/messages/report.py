"""The report: numbers in words, a chart, and a table that says the same as the chart; then what is at risk and what was refused."""

import re
import string
from collections.abc import Iterator, Sequence

from bot.messages import numbers
from bot.messages.blocks import COMMENT, Block, Drawing, actions, context, drawing, header, long_sections, plain, section
from bot.messages.buttons import Act, ButtonValue
from bot.messages.charts import bar_chart
from bot.messages.tables import Cell, CellNumber, table
from bot.messages.texts import Raw, Texts, typed
from flows.cases.report import PERIODS, Report, StepDays
from flows.people import Side
from flows.report import GoLiveAtRisk, RefusedOften

SIDES = (*(side.value for side in Side), "")
CHARTED = 10
"""The steps in the chart: the slowest."""
TABLE = 4500
"""Characters of the table, which has some twenty rows at most."""


def report(found: Report, texts: Texts) -> Drawing:
    """In support's words."""
    period = texts("report.days_back", n=found.days) if found.days else texts("report.always")
    title = texts("report.title_of", customer=found.customer, period=period) if found.customer else ""
    words = [*_summary(found, texts), *_times(found, texts), *_at_risk(found, texts), *_refused(found, texts)]
    blocks = [
        header(title or texts("report.title", period=period)),
        *words,
        context(texts("report.counted_customer" if found.customer else "report.counted")),
    ]
    return drawing([*blocks, actions(_periods(found, texts))], most_text=COMMENT)


def _summary(found: Report, texts: Texts) -> Iterator[Block]:
    figures = found.figures
    lines = [] if found.customer else [texts("report.counts", started=figures.started, closed=figures.closed, open=figures.open)]
    if found.sides:
        spent = (f"{_side(one, texts)} *{_decimal(days, texts)}*" for one, days in found.sides.items())
        lines.append(texts("report.sides", spent=Raw(", ".join(spent))))
    if reviews := figures.reviews:
        slowest = {"customer": reviews.customer or "–", "step": texts.of(reviews.journey)(f"step.{reviews.step_id}.title")}
        median, longest = (Raw(_span(seconds, found, texts)) for seconds in (reviews.median, reviews.slowest))
        lines.append(texts.md("report.reviews", n=reviews.count, median=median, longest=longest, **slowest))
    for side, waiting in figures.waiting.items():
        lines.append(texts.md(f"report.with_{side}", n=waiting.steps, since=texts.on(waiting.since)))
    ratings = figures.ratings
    average = Raw(_decimal(ratings.average, texts))
    lines.append(texts.md("report.ratings", n=ratings.count, average=average) if ratings.count else texts("report.no_ratings"))
    yield section("\n".join(lines))


def _times(found: Report, texts: Texts) -> Iterator[Block]:
    """The chart, and all of its numbers as a table."""
    if not found.steps:
        yield section(texts("report.no_times"))
        return
    slowest = ", ".join(f"{_title(one, texts)} ({_decimal(one.total, texts)})" for one in found.steps[:3])
    yield section(texts("report.slowest", steps=slowest))
    sides = [side for side in SIDES if any(side in one.days for one in found.steps)]
    charted = found.steps[:CHARTED]
    series = {_side(side, texts).capitalize(): [round(one.days.get(side, 0.0), 1) for one in charted] for side in sides}
    names = [_title(one, texts) for one in charted]
    yield bar_chart(texts("report.chart"), texts("report.step"), texts("report.business_days"), names, series)
    columns = [texts("report.step"), *series, texts("report.total"), texts("report.onboardings")]
    rows = [_row(one, sides, texts) for one in found.steps]
    yield from table(texts("report.chart"), columns, rows, characters=TABLE, left_out=lambda n: texts("status.more", n=n))


def _row(one: StepDays, sides: Sequence[str], texts: Texts) -> Sequence[Cell]:
    days = [_number(one.days[side], texts) if side in one.days else "" for side in sides]
    return [_title(one, texts), *days, _number(one.total, texts), one.onboardings]


def _at_risk(found: Report, texts: Texts) -> Iterator[Block]:
    if not found.at_risk:
        yield section(texts("report.no_risk"))
        return
    lines = [f"*{texts('report.at_risk')}*", *(_risk(one, found, texts) for one in found.at_risk)]
    if found.risks > len(found.at_risk):
        lines.append(texts("status.more", n=found.risks - len(found.at_risk)))
    yield from long_sections("\n".join(lines))


def _risk(one: GoLiveAtRisk, found: Report, texts: Texts) -> str:
    key = "past" if one.go_live < found.today else "close"
    day = (one.ready or found.today).isoformat()
    customer = one.customer or one.onboarding_id
    channel = Raw(f"<#{one.channel_id}>")
    params = {"customer": customer, "channel": channel, "go_live": one.go_live.isoformat(), "day": day}
    return f"• {texts.md(f'report.{key}', n=one.left, **params)}"


def _refused(found: Report, texts: Texts) -> Iterator[Block]:
    if not found.figures.refused:
        yield section(texts("report.none_refused"))
        return
    lines = [_often(one, texts) for one in found.figures.refused]
    yield from long_sections("\n".join([f"*{texts('report.refused')}*", *lines]))


def _often(one: RefusedOften, texts: Texts) -> str:
    form, field = f"form.{one.form}.title", f"{one.field}.label"
    where = [texts(key) if texts.has(key) else typed(bare) for key, bare in ((form, one.form), (field, one.field))]
    times = texts("report.times", n=one.times)
    onboardings = texts("report.in_onboardings", n=one.onboardings)
    return f"• {' · '.join(where)}: “{_reason(one.reason, texts)}” {times}, {onboardings}"


def _reason(key: str, texts: Texts) -> str:
    """The first sentence of what the person was told, without what was special about their answer."""
    if not texts.has(f"error.{key}"):
        return typed(key)
    parts = string.Formatter().parse(texts(f"error.{key}"))
    words = "".join(f"{said}…" if name is not None else said for said, name, _, _ in parts)
    first = re.split(r"(?<=[.?!])\s", words, maxsplit=1)[0].removeprefix("…: ").rstrip(".")
    return first[:1].upper() + first[1:]


def _periods(found: Report, texts: Texts) -> Block:
    """Another period is a private answer to whoever chooses it."""

    def option(days: int) -> Block:
        name = texts("report.days_back", n=days) if days else texts("report.always")
        value = ButtonValue(onboarding=found.onboarding_id, item=str(days)).dump()
        return {"text": plain(name[:1].upper() + name[1:], 75), "value": value}

    return {
        "type": "static_select",
        "action_id": f"{Act.REPORT.value}:period",
        "placeholder": plain(texts("report.period"), 150),
        "options": [option(days) for days in PERIODS],
        **({"initial_option": option(found.days)} if found.days in PERIODS else {}),
    }


def _title(one: StepDays, texts: Texts) -> str:
    return texts(f"step.{one.step_id}.title")


def _side(side: str, texts: Texts) -> str:
    return texts(f"report.side_{side or 'agreed'}")


def _span(seconds: float, found: Report, texts: Texts) -> str:
    hours = seconds / 3600
    if hours < found.hours:
        return texts("report.hours", amount=_decimal(hours, texts))
    return texts("report.days", amount=_decimal(hours / found.hours, texts))


def _number(value: float, texts: Texts) -> CellNumber:
    return CellNumber(round(value, 1), _decimal(value, texts))


def _decimal(value: float, texts: Texts) -> str:
    return numbers.tenths(value, texts.language)
