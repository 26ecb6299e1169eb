"""The HTTP side: Web API calls with tokens, scopes and faults, uploads, downloads and response_urls."""

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from playground.slack import attachments, chat, conversations, view_methods
from playground.slack.block_kit import Json
from playground.slack.checks import WebApiError
from playground.slack.core import Core
from playground.slack.faults import SlackFault
from playground.slack.records import WebApiCall, summary
from playground.slack.registry import METHODS, need_scope
from playground.slack.sockets import Sockets

MODULES = (attachments, chat, conversations, view_methods)
"""Imported for the methods they register."""

_FORM_FAULTS = {
    *("invalid_blocks", "invalid_blocks_format", "invalid_arguments", "view_too_large", "msg_too_long", "msg_blocks_too_long"),
    *("no_text", "invalid_metadata_format", "invalid_metadata_schema", "markdown_text_conflict", "too_many_attachments"),
    "unknown_method",
}


class WebApi:
    def __init__(self, core: Core, sockets: Sockets) -> None:
        self.core = core
        self.sockets = sockets

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self.core.wire.middleware], client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._method)
        app.router.add_post("/upload/v1/{file}", self._upload)
        app.router.add_get("/files-pri/{file}/{name:.*}", self._download)
        app.router.add_post("/actions/{team}/{name}", self._response_url)
        app.router.add_get("/socket", self.sockets.serve)
        return app

    async def _method(self, request: web.Request) -> web.StreamResponse:
        name, arguments = request.match_info["method"], await _arguments(request)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.core.scopes))} if self.core.names_scopes else None
        return await self._play(request, name, arguments, lambda: self._answer(request, name, arguments), headers)

    async def _play(
        self, request: web.Request, name: str, arguments: Json, effect: Any, headers: dict[str, str] | None = None
    ) -> web.StreamResponse:
        """Runs the effect with the fault that is due, and records the call."""
        began, fault = time.perf_counter(), self.core.faults.take(name, str(arguments.get("channel", "")))
        outcome, response = "ok", web.StreamResponse()
        if fault and fault.kind in {"slow", "silent"}:
            await (fault.until.wait() if fault.until else asyncio.sleep(fault.seconds))
        if fault and fault.kind not in {"slow", "drop_after"}:
            outcome, response = fault.kind, _misfortune(request, fault)
        else:
            result = effect()
            if isinstance(result, web.StreamResponse):
                response = result
            else:
                outcome = "ok" if result.get("ok", True) else result["error"]
                response = web.json_response(result, headers=headers)
            if fault and fault.kind == "drop_after":
                outcome, response = "drop_after", _cut(request)
        ms = (time.perf_counter() - began) * 1000
        self.core.calls.append(WebApiCall(name, summary(arguments), time.time(), ms, outcome))
        self.core.changed()
        return response

    def _answer(self, request: web.Request, name: str, arguments: Json) -> Json:
        try:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ") or arguments.get("token", "")
            if name == "apps.connections.open":
                return {"ok": True, "url": self._connection(token)}
            return {"ok": True, **self._call(name, token, arguments)}
        except WebApiError as error:
            if error.word in _FORM_FAULTS:
                self.core.refuse(name, error)
            return error.body()

    def _call(self, name: str, token: str, arguments: Json) -> Json:
        if name not in METHODS:
            raise WebApiError("unknown_method", req_method=name)
        handler, scope = METHODS[name]
        if name != "api.test":
            self._check_token(token)
        if scope:
            need_scope(self.core, scope)
        return handler(self.core, arguments)

    def _connection(self, token: str) -> str:
        if token != self.core.app_token:
            raise WebApiError("not_allowed_token_type" if token == self.core.bot_token else "invalid_auth")
        if "connections:write" not in self.core.app_scopes:
            raise WebApiError("missing_scope", needed="connections:write", provided=",".join(self.core.app_scopes))
        return self.sockets.new_url()

    def _check_token(self, token: str) -> None:
        if not token:
            raise WebApiError("not_authed")
        if token != self.core.bot_token:
            raise WebApiError("not_allowed_token_type" if token == self.core.app_token else "invalid_auth")
        if self.core.token_state:
            raise WebApiError(self.core.token_state)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        if request.content_type.startswith("multipart/"):
            form = await request.post()
            part: Any = next(iter(form.values()))
            content = part.file.read()
        else:
            content = await request.read()

        def effect() -> web.StreamResponse:
            file, length = self.core.world.uploads.get(request.match_info["file"], (None, 0))
            if file is None or len(content) != length:
                return web.Response(status=400, text="bad upload")
            file.content = content
            return web.Response(text=f"OK - {length}")

        return await self._play(request, "upload", {"file": request.match_info["file"]}, effect)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """Without the app's token, Slack answers with its log-in page."""
        file_id = request.match_info["file"].partition("-")[2]

        def effect() -> web.StreamResponse:
            good = request.headers.get("Authorization") == f"Bearer {self.core.bot_token}" and "files:read" in self.core.scopes
            if not good or self.core.token_state:
                return web.Response(text="<!DOCTYPE html><title>Sign in to Slack</title>", content_type="text/html")
            file = self.core.world.files.get(file_id)
            return _content(request, file.content) if file and not file.denied else web.Response(status=404, text="not found")

        return await self._play(request, "download", {"file": file_id}, effect)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        arguments = await _arguments(request)

        def effect() -> web.StreamResponse:
            link = self.core.world.response_urls.get(request.match_info["name"])
            try:
                if link is None:
                    raise WebApiError("expired_url")  # noqa: TRY301 - the answer is made in one place
                chat.respond(self.core, link, arguments)
            except WebApiError as error:
                if error.word in _FORM_FAULTS:
                    self.core.refuse("response_url", error)
                return web.json_response(error.body(), status=404 if error.word in {"used_url", "expired_url"} else 400)
            return web.Response(text="ok")

        return await self._play(request, "response_url", arguments, effect)


def _content(request: web.Request, content: bytes) -> web.StreamResponse:
    """All of it, or the range that was asked for."""
    asked = request.http_range
    if asked == slice(None, None, 1):
        return web.Response(body=content)
    start, stop, _ = asked.indices(len(content))
    told = {"Content-Range": f"bytes {start}-{max(start, stop - 1)}/{len(content)}"}
    return web.Response(status=206, body=content[start:stop], headers=told)


async def _arguments(request: web.Request) -> Json:
    found: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            body = {}
        return found | body if isinstance(body, dict) else found
    return found | dict(await request.post())


def _misfortune(request: web.Request, fault: SlackFault) -> web.StreamResponse:
    if fault.kind == "429":
        return web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(fault.retry_after)}
        )
    if fault.kind == "5xx":
        return web.Response(status=503, text="upstream connect error")
    if fault.kind in {"drop_before", "silent"}:
        return _cut(request)
    return web.json_response({"ok": False, "error": fault.kind})


def _cut(request: web.Request) -> web.StreamResponse:
    """Closes the connection; nobody receives the response it returns."""
    if request.transport:
        request.transport.abort()
    return web.Response()
