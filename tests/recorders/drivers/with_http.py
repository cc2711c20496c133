"""Plays the stories of a plan with a client of Python: ``python with_http.py PLAN``.

The plan's variant names the client (``requests``, ``httpx``, ``aiohttp``) and the recorder that is put into it
(``vcrpy``, ``betamax``); without one, each story's own proxy records.
"""

import asyncio
import base64
import json
import sys
import threading
import time
from contextlib import nullcontext, suppress
from pathlib import Path


def body_of(request):
    return None if request["body"] is None else base64.b64decode(request["body"])


def play_requests(story, record):
    import requests

    session = requests.Session()
    session.trust_env = False

    def one(request):
        time.sleep(request.get("after", 0))
        # What is never answered is part of the story.
        with suppress(requests.RequestException):
            session.request(
                request["method"], request["url"], headers=request["headers"], data=body_of(request), timeout=20
            )

    with record(session):
        for together in story["steps"]:
            threads = [threading.Thread(target=one, args=(request,)) for request in together]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


def play_httpx(story, record):
    import httpx

    async def one(client, request):
        await asyncio.sleep(request.get("after", 0))
        with suppress(httpx.HTTPError):
            await client.request(
                request["method"], request["url"], headers=request["headers"], content=body_of(request)
            )

    async def play():
        async with httpx.AsyncClient(trust_env=False, proxy=story.get("proxy"), timeout=20) as client:
            with record(None):
                for together in story["steps"]:
                    await asyncio.gather(*(one(client, request) for request in together))

    asyncio.run(play())


def play_aiohttp(story, record):
    import aiohttp

    async def one(client, request):
        await asyncio.sleep(request.get("after", 0))
        with suppress(aiohttp.ClientError):
            async with client.request(
                request["method"], request["url"], headers=request["headers"], data=body_of(request)
            ) as answer:
                await answer.read()

    async def play():
        async with aiohttp.ClientSession() as client:
            with record(None):
                for together in story["steps"]:
                    await asyncio.gather(*(one(client, request) for request in together))

    asyncio.run(play())


def recorder(settings, path):
    """What records what is sent within it; it is given the session, where the client has one."""
    name, options = settings.get("recorder"), settings.get("options", {})
    if name == "vcrpy":
        import vcr

        return lambda session: vcr.VCR(**options).use_cassette(str(path))
    if name == "betamax":
        import betamax

        def record(session):
            library = betamax.Betamax(session, cassette_library_dir=str(path.parent))
            # "all" would keep the last of all requests with the same method and URL.
            return library.use_cassette(path.stem, record="once", **options)

        return record
    return lambda session: nullcontext()


PLAYERS = {"requests": play_requests, "httpx": play_httpx, "aiohttp": play_aiohttp}


def main(plan):
    settings = plan["variant"]
    for story in plan["stories"]:
        record = recorder(settings, Path(plan["out"], story["name"] + settings["suffix"]))
        PLAYERS[settings.get("client", "httpx")](story, record)


main(json.loads(Path(sys.argv[1]).read_text()))
