"""One connection pool for one address, replaced when the client certificate's files change."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from pismo.tls import CertificateError, ClientTls

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("pismo")


@dataclass(eq=False)
class _Pool:
    http: "httpx.AsyncClient"
    validity: tuple[datetime, datetime] | None
    users: int = 0
    old: bool = False


class PismoConnection:
    """``async with connection.open() as http``: the current client. Calls under way finish on the one they began with."""

    def __init__(
        self,
        base_url: str,
        *,
        transport: "httpx.AsyncBaseTransport | None" = None,
        timeout: float = 10.0,
        tls: ClientTls | None = None,
    ) -> None:
        self.base_url, self._transport, self._timeout = base_url, transport, timeout
        self._tls = tls or ClientTls()
        self._stamp: tuple[object, ...] | None = None
        self._pool: _Pool | None = None

    @asynccontextmanager
    async def open(self) -> "AsyncIterator[httpx.AsyncClient]":
        """Raises CertificateError if the certificate can't be used and no earlier one could."""
        pool = await self._current()
        pool.users += 1
        try:
            yield pool.http
        except asyncio.CancelledError:  # httpcore leaves such a connection in its pool for good, until the pool is full
            self._retire(pool)
            raise
        finally:
            pool.users -= 1
            await self._let_go(pool)

    async def validity(self) -> tuple[datetime, datetime] | None:
        """From when to when the certificate in use is valid, in UTC; None without one. Raises CertificateError like `open`."""
        return (await self._current()).validity

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.http.aclose()
            self._pool = self._stamp = None

    async def _current(self) -> _Pool:
        stamp = self._tls.stamp()
        if self._pool is not None and stamp == self._stamp:
            return self._pool
        before = self._pool
        try:
            fresh = self._made()
        except CertificateError as error:
            if before is None:
                raise
            # The file is being written, or is a wrong one: keep what works; the next call checks the files again.
            log.warning("the client certificate has changed but cannot be used: %s", error.kind)
            return before
        self._pool, self._stamp = fresh, stamp
        if before is not None:
            log.info("the client certificate has changed: the new one is used from now on")
            before.old = True
            await self._let_go(before)
        return fresh

    def _made(self) -> _Pool:
        import httpx  # noqa: PLC0415  loaded by the first call, not at every start

        # Redirects are not followed: a token goes to the configured host or nowhere. Cookies are not kept: calls for several
        # customers share the connections.
        loaded = self._tls.read()
        validity = loaded.validity
        http = httpx.AsyncClient(
            base_url=self.base_url,
            transport=self._transport,
            timeout=self._timeout,
            verify=loaded.context(),
            headers={"accept": "application/json"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        return _Pool(http, validity)

    def _retire(self, pool: _Pool) -> None:
        """Close it once nobody uses it any more."""
        pool.old = True
        if self._pool is pool:
            self._pool = self._stamp = None

    async def _let_go(self, pool: _Pool) -> None:
        if pool.old and not pool.users:
            await pool.http.aclose()
