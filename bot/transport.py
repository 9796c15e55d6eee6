"""HTTP to Telegram: python-telegram-bot's request, made with aiohttp.

Its own one is made with httpx, which takes half of all the time that a reply costs (`python -m tests.benchmarks.delivery`
measures it beside a bare bot that has it). Proxies of the environment (HTTPS_PROXY, NO_PROXY) and certificates are
taken as httpx takes them.
"""

from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS = 256
CONNECT_WITHIN, READ_WITHIN = 5.0, 5.0
"""Seconds, as python-telegram-bot's own request has them. A long poll asks for more."""


class ProxyError(Exception):
    """The environment names a proxy that cannot be used."""


class Transport(BaseRequest):
    """Makes the calls of one bot to one server. It sends no files, as the bot has none."""

    def __init__(self, url: str) -> None:
        """`url` is the server's; what it needs is looked up once."""
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds to wait for an answer."""
        return READ_WITHIN

    async def initialize(self) -> None:
        """Make ready to call."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=httpx.create_ssl_context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
                proxy=proxy_for(self._url),
            )

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The answer's status and body. Raises TimedOut and NetworkError, which say nothing of the address: the token is in it."""
        if self._session is None:
            raise RuntimeError("initialize() was not called")
        connect, read = _given(connect_timeout, CONNECT_WITHIN), _given(read_timeout, READ_WITHIN)
        # `connect` bounds what the others do not: looking the name up, a proxy that says nothing, a full pool.
        timeout = aiohttp.ClientTimeout(total=None, connect=2 * connect, sock_connect=connect, sock_read=read)
        data = request_data.json_parameters if request_data else None
        try:
            async with self._session.request(
                method, url, data=data, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"aiohttp.{type(error).__name__}") from error


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for an address, or None. Raises ProxyError for one that is no HTTP proxy."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    if proxy and urlsplit(proxy).scheme not in ("http", "https"):
        # Whoever set it does not want to be seen without it.
        raise ProxyError("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a proxy that is no HTTP proxy")
    return proxy


def _given(timeout: Any, otherwise: float) -> float:
    """The timeout of a call; python-telegram-bot gives an object of its own where none was named."""
    return otherwise if timeout is BaseRequest.DEFAULT_NONE or timeout is None else float(timeout)
