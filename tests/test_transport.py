"""`bot.transport`: calls arrive, what fails on the way is named as the library names it, and no error tells the token."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from telegram.error import NetworkError, TimedOut

from bot.transport import ProxyError, Transport, proxy_for

TOKEN = "123456:secret"  # noqa: S105  # of no bot
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the machine's own decides here."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def call(serve: Serve, read_timeout: float = 5.0) -> tuple[int, bytes]:
    """One call to a server that does this with a connection."""

    async def run() -> tuple[int, bytes]:
        served = asyncio.Event()

        async def serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(reader, writer)
            writer.close()
            await writer.wait_closed()
            served.set()

        server = await asyncio.start_server(serve_once, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        transport = Transport(address)
        await transport.initialize()
        try:
            return await transport.do_request(f"{address}/bot{TOKEN}/getMe", "POST", read_timeout=read_timeout)
        finally:
            await transport.shutdown()
            await served.wait()
            server.close()

    return asyncio.run(run())


async def says_so(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers properly."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nlate")
    await writer.drain()


async def hangs_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Ends the connection without an answer."""
    await reader.readuntil(b"\r\n\r\n")


async def points_elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends the caller to another server."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def says_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Keeps the connection open until the other side gives up."""
    await reader.read()


def test_status_and_body_are_given_whatever_they_are() -> None:
    assert call(says_so) == (502, b"late")


def test_a_dropped_connection_is_a_network_error_that_does_not_tell_the_token() -> None:
    with pytest.raises(NetworkError) as caught:
        call(hangs_up)
    assert not isinstance(caught.value, TimedOut)
    assert TOKEN not in str(caught.value)


def test_a_server_that_says_nothing_times_out() -> None:
    with pytest.raises(TimedOut):
        call(says_nothing, read_timeout=0.05)


def test_a_call_before_the_start_is_a_mistake() -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(Transport("https://api.telegram.org").do_request("https://api.telegram.org", "POST"))


def test_the_proxy_of_the_environment_is_used_but_for_addresses_that_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert proxy_for("https://api.telegram.org") is None
    monkeypatch.setenv("ALL_PROXY", "proxy.example:8080")
    assert proxy_for("https://api.telegram.org") == "http://proxy.example:8080"
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    assert proxy_for("https://api.telegram.org") == "http://proxy.example:3128"
    assert proxy_for("https://localhost:8081") is None


def test_without_a_proxy_that_was_asked_for_nothing_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.example:1080")
    with pytest.raises(ProxyError):
        proxy_for("https://api.telegram.org")


def test_a_redirection_is_not_followed() -> None:
    assert call(points_elsewhere)[0] == 307
