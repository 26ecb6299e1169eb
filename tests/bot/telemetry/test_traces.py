"""Traces: a press is one, from its request to the last message that shows it, through outages and restarts; and nobody is named in it."""

import ast
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from bot.jobs.executor import Patience
from bot.messages.buttons import Act
from bot.telemetry import otel_variables, otlp, traces
from pismo.errors import PismoError
from playground.walkthrough import action_id
from tests.bot.workplace import Workplace
from tests.collector import collecting
from tests.test_rooms import modules, tree

LONG = 60.0


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    traces.begin(otlp.OtelTracer(kept, "onboarding", "0.0.0"))
    yield kept
    traces.end(LONG)


def told(spans: InMemorySpanExporter) -> Sequence[ReadableSpan]:
    """All that ended so far; nothing is traced from now on."""
    traces.end(LONG)
    return spans.get_finished_spans()


def trace_of(span: ReadableSpan) -> int:
    context = span.get_span_context()
    assert context is not None
    return context.trace_id


def within(spans: Sequence[ReadableSpan], root: ReadableSpan) -> dict[tuple[str, str], list[ReadableSpan]]:
    """The other spans of its trace, by their name and their parent's, which has to be there."""
    ours = [span for span in spans if trace_of(span) == trace_of(root)]
    names = {context.span_id: span.name for span in ours if (context := span.get_span_context())}
    found = defaultdict[tuple[str, str], list[ReadableSpan]](list)
    for span in ours:
        if span is not root:
            assert span.parent is not None
            found[span.name, names[span.parent.span_id]].append(span)
    return found


def words(span: ReadableSpan) -> list[str]:
    """Whatever is told of a span."""
    events = [word for event in span.events for word in (event.name, *map(str, (event.attributes or {}).values()))]
    noted = [*(span.attributes or {}).items(), *span.resource.attributes.items()]
    return [span.name, str(span.status.description), *events, *(str(part) for pair in noted for part in pair)]


async def test_a_press_is_one_trace_though_slack_is_away_and_the_bot_is_restarted_and_nobody_is_named_in_it(
    place: Workplace, spans: InMemorySpanExporter
) -> None:
    place.patience = Patience(wait=lambda _: 3600.0)  # until the next start
    onboarding = await place.begin()
    await place.send(onboarding, "planning")
    for line in ("find Confidential Bank", "Confidential"):  # the second is no command
        assert (await place.sam.command(f"/onboarding {line}", place.support)).ok
    spans.clear()

    async def waiting() -> bool:
        async with place.bot.store.read() as unit:
            effects = await unit.open_effects()
        return bool(effects) and all(one.error for one in effects)

    place.slack.faults.add("chat.update", "5xx", times=None)
    review = place.journey.lasting("review", "planning")
    for person, act in ((place.sam, Act.CLAIM), (place.kim, Act.APPROVE)):
        assert (await person.click(review, action_id=action_id(review.blocks, act))).ok
        await place.slack.until(waiting)
    place.slack.faults.clear()
    await place.restart()
    await place.settled()
    assert "approved" in place.journey.lasting("review", "planning").text

    done = told(spans)
    claimed, approved = ([span for span in done if span.name == f"press {act}"] for act in ("claim", "approve"))
    assert {span.parent for span in (*claimed, *approved)} == {None}
    assert [event.name for event in approved[0].events] == ["acknowledged"]
    first, second = (within(done, *root) for root in (claimed, approved))
    assert {
        ("commit", "press approve"),
        ("effect say", "commit"),
        ("slack chat.postMessage", "effect say"),
        ("effect redraw", "commit"),
        ("slack chat.update", "effect redraw"),
        ("commit", "effect redraw"),
    } <= set(second)
    for of_press in (first, second):
        tries = [dict(span.attributes or {}) for (name, _), some in of_press.items() for span in some if name == "effect redraw"]
        assert {"outcome": "retried", "attempt": 1} in tries
        assert [one for one in tries if one["outcome"] == "done" and one["attempt"] == 2]  # by the bot that was started anew
        calls = {str((span.attributes or {})["outcome"]) for span in of_press["slack chat.update", "effect redraw"]}
        assert calls == {"ok", "http_503"}
    (linked,) = {link.context.trace_id for span in second["commit", "press approve"] for link in span.links}
    assert linked == trace_of(claimed[0])  # the review card, which waited to be drawn, was drawn once for both

    personal = [
        onboarding,
        "Acme",
        "onfidential",
        place.slack.bot_token,
        *(word for person in place.slack.people.values() for word in (person.id, person.team_id)),
        *place.slack.world.channels,
    ]
    found = {word for span in done for word in words(span)}
    assert not [word for word in found for one in personal if one in word]
    assert {"press approve", "acknowledged", "retried"} <= found  # the search sees what there is


async def test_a_call_to_pismo_is_told_of_by_its_operation_and_its_status(place: Workplace, spans: InMemorySpanExporter) -> None:
    with traces.request("interactive"), suppress(PismoError):
        await place.bot.adapters.pismo.test.get_organization(SecretStr("s3cr3t"), "TN-4711")
    (call,) = [span for span in told(spans) if span.name == "pismo get_organization"]
    assert dict(call.attributes or {}) == {"outcome": "401", "error.type": "401"}
    assert not [word for word in words(call) if "s3cr3t" in word or "4711" in word]


async def test_a_chore_with_nothing_to_do_leaves_no_trace(spans: InMemorySpanExporter) -> None:
    with traces.chore("reminders"):
        pass
    with traces.chore("renewals"):
        traces.called("slack", "chat.postMessage", "whatever else it is\n" * 9, 0.001)
    with pytest.raises(LookupError), traces.chore("purge"):
        raise LookupError("Rua das Flores")
    done = {span.name: span for span in told(spans)}
    assert set(done) == {"chore renewals", "slack chat.postMessage", "chore purge"}
    assert dict(done["slack chat.postMessage"].attributes or {}) == {"outcome": "other", "error.type": "other"}
    assert "Flores" not in str([words(span) for span in done.values()])


async def test_a_collector_that_is_away_is_told_of_once_and_holds_nothing_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3600")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    otel_variables.require_well_formed()
    with collecting() as collector, caplog.at_level(logging.INFO):
        collector.goes_on.clear()
        traces.begin(otlp.OtelTracer(otlp.exporter(f"{collector.url}/v1/traces"), "onboarding", "1.2.3", delay=1))
        with traces.request("interactive"):
            pass
        traces.end(0.1)  # an hour, if it waited for the answer
        with collector.came:
            assert collector.came.wait_for(lambda: collector.batches, timeout=LONG)
        resource = {one.key: one.value.string_value for one in collector.batches[0].resource_spans[0].resource.attributes}
        assert resource == {"service.name": "ours", "service.version": "1.2.3"}
    away = otlp._Told(otlp.exporter("http://127.0.0.1:9/v1/traces", 0.001))
    assert not [away.export([]) for _ in range(3) if away.export([]).name == "SUCCESS"]
    away.shutdown()
    assert [record.message[:20] for record in caplog.records] == ["traces are not taken"]


WRONG = {
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_HEADERS": "api key=s3cr3t",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=Bearer s3cr3t,x-api-key: s3cr3t",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "10 s3cr3t",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION": "s3cr3t",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "/s3cr3t.pem",
    "OTEL_TRACES_SAMPLER": "s3cr3t",
    "OTEL_TRACES_SAMPLER_ARG": "10",
    "OTEL_RESOURCE_ATTRIBUTES": "deployment=tests,s3cr3t",
    "OTEL_BSP_SCHEDULE_DELAY": "s3cr3t",
    "OTEL_SPAN_LINK_COUNT_LIMIT": "s3cr3t",
    "OTEL_BSP_MAX_QUEUE_SIZE": "7",  # less than a batch
    "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": "s3cr3t",
}


def test_a_variable_that_cannot_be_followed_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def begun() -> None:
        otel_variables.require_well_formed()
        traces.begin(otlp.OtelTracer(otlp.exporter("http://127.0.0.1:9/v1/traces"), "onboarding", "1.2.3"))
        traces.end(LONG)

    for variable, value in WRONG.items():
        monkeypatch.setenv(variable, value)
        with pytest.raises(otel_variables.WrongVariableError, match="OTEL_") as refused:
            begun()
        assert "s3cr3t" not in str(refused.value)
        if variable not in str(refused.value):
            assert variable in {"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER"}
        monkeypatch.setenv(variable, "")
    right = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer s3cr3t, x-key=YWJj==", "OTEL_TRACES_SAMPLER_ARG": "0.1"}
    for variable, value in {**right, "OTEL_TRACES_SAMPLER": "parentbased_traceidratio"}.items():
        monkeypatch.setenv(variable, value)
    begun()
    assert not otel_variables.is_off()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert otel_variables.is_off()
    assert caplog.records == []


EXTRAS = ("opentelemetry", "sentry_sdk", "bot.telemetry.otlp", "bot.telemetry.sentry")


def test_what_is_off_is_not_even_imported() -> None:
    """Two modules import what is of an extra, and they themselves are imported where it is begun."""
    told = ("opentelemetry", "sentry_sdk", "otlp", "sentry")  # spares parsing all
    may = [name for name, path in modules().items() if any(word in path.read_text(encoding="utf-8") for word in told)]
    found = {name for name in may if any(at_once(statement) for statement in tree(name).body)}
    assert {"bot.ops.telemetry", "bot.ops.check"} < {*may} - found
    assert found == {"bot.telemetry.otlp", "bot.telemetry.sentry"}


def at_once(statement: ast.stmt) -> bool:
    """Whether it imports any of those when its module is imported."""
    match statement:
        case ast.Import(names):
            return any(alias.name.startswith(EXTRAS) for alias in names)
        case ast.ImportFrom(module, names):
            return any(f"{module}.{alias.name}".startswith(EXTRAS) for alias in names)
    return False
