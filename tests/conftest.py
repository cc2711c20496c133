"""A clean environment for every test: no proxies, no `EXOTEL_*`, no colour."""

import os

import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("EXOTEL_", "CAMPAIGN_FSM_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
