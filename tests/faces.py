"""One scenario for three faces: sync, asyncio and trio.

A scenario is a coroutine function. The sync face runs it without an event loop: nothing in it ever really awaits.
"""

import ssl
import threading

import anyio
import httpx

from campaign_fsm import AsyncCampaignClient, AsyncGuardTransport, CampaignClient, GuardTransport

# Made once: it takes as long as a whole scenario.
_TLS = ssl.create_default_context()

FACES = ("sync", "asyncio", "trio")


def finish(coroutine):
    """The result of a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("a scenario of the sync face has suspended")


class Face:
    def __init__(self, name, family=httpx):
        self.name, self.family = name, family
        self.is_async = name != "sync"

    def __repr__(self):
        return f"{self.name} {self.family.__name__}"

    def run(self, scenario):
        return anyio.run(scenario, backend=self.name) if self.is_async else finish(scenario())

    def _pick(self, sync, asynchronous):
        return asynchronous if self.is_async else sync

    # What is made for it

    def http(self, **settings):
        settings.setdefault("verify", _TLS)
        return self._pick(self.family.HTTPTransport, self.family.AsyncHTTPTransport)(**settings)

    def guard(self, inner, **settings):
        return self._pick(GuardTransport, AsyncGuardTransport)(inner, **settings)

    def client(self, transport, **settings):
        return _Closing(self, self._pick(self.family.Client, self.family.AsyncClient)(transport=transport, **settings))

    def campaigns(self, url, transport, **settings):
        kind = self._pick(CampaignClient, AsyncCampaignClient)
        keys = {"account_sid": "acme1", "api_key": "key", "api_token": "token", "base_url": url}
        return _Closing(self, kind(transport=transport, http=self.family, **keys, **settings))

    def trace(self, hook):
        """A `trace` extension that calls a plain function."""

        async def trace(name, info):
            hook(name, info)

        return trace if self.is_async else hook

    def sleep(self, hook):
        """What is given as ``sleep=``."""

        async def sleep(seconds):
            hook(seconds)

        return sleep if self.is_async else hook

    def body(self, parts):
        """A body that is streamed: `parts` is a generator."""

        async def stream():
            for part in parts:
                yield part

        return stream() if self.is_async else parts

    def event(self):
        return anyio.Event() if self.is_async else threading.Event()

    # What is done with it

    async def done(self, result):
        """The result of a call of the face."""
        return await result if self.is_async else result

    async def wait(self, event):
        if self.is_async:
            with anyio.fail_after(10):
                await event.wait()
        else:
            assert event.wait(10)

    async def in_thread(self, work):
        """Wait for something that happens in a server."""
        return await anyio.to_thread.run_sync(work) if self.is_async else work()

    async def beside(self, first, second):
        """Run two scenarios at once; gives what they return or raise."""
        outcomes = {}

        async def kept(name, scenario):
            try:
                outcomes[name] = await scenario()
            except Exception as error:  # noqa: BLE001 (the scenario looks at it)
                outcomes[name] = error

        if self.is_async:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(kept, "first", first)
                tasks.start_soon(kept, "second", second)
        else:
            thread = threading.Thread(target=lambda: finish(kept("first", first)), daemon=True)
            thread.start()
            await kept("second", second)
            thread.join(10)
            assert not thread.is_alive()
        return outcomes["first"], outcomes["second"]


class _Closing:
    """A client whose calls the scenario awaits, on any face."""

    def __init__(self, face, client):
        self._face, self.real = face, client

    def __getattr__(self, name):
        found = getattr(self.real, name)
        if not callable(found) or name == "build_request":
            return found

        async def call(*args, **kwargs):
            return await self._face.done(found(*args, **kwargs))

        return call

    async def __aenter__(self):
        if self._face.is_async:
            await self.real.__aenter__()
        else:
            self.real.__enter__()
        return self

    async def __aexit__(self, *args):
        if self._face.is_async:
            await self.real.__aexit__(*args)
        else:
            self.real.__exit__(*args)


class Between(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that calls a function with each request and hands it on; what it returns is sent instead."""

    def __init__(self, inner, on):
        self.inner, self.on = inner, on

    def handle_request(self, request):
        return self.inner.handle_request(self.on(request) or request)

    async def handle_async_request(self, request):
        return await self.inner.handle_async_request(self.on(request) or request)

    def close(self):
        self.inner.close()

    async def aclose(self):
        await self.inner.aclose()


class InALoop:
    """An async client with the face of a sync one, each call in an event loop of its own."""

    def __init__(self, backend, settings):
        self._backend, self._settings = backend, settings

    def __getattr__(self, name):
        async def call(*args, **named):
            async with AsyncCampaignClient(**self._settings) as client:
                thing = getattr(client, name)(*args, **named)
                return iter([found async for found in thing]) if hasattr(thing, "__anext__") else await thing

        return lambda *args, **named: anyio.run(lambda: call(*args, **named), backend=self._backend)
