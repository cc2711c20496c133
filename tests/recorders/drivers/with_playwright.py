"""Plays the stories of a plan in a Chromium that Playwright drives and records: ``python with_playwright.py PLAN``."""

import json
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PLAY = """
async (requests) => {
    const one = async (request) => {
        await new Promise((go) => setTimeout(go, 1000 * (request.after || 0)));
        const body = request.body === null ? undefined : Uint8Array.from(atob(request.body), (c) => c.charCodeAt(0));
        try {
            const answer = await fetch(request.url, {method: request.method, headers: request.headers, body});
            await answer.arrayBuffer();
        } catch (error) { /* an answer that never comes is part of the story */ }
    };
    await Promise.all(requests.map(one));
}
"""


def main(plan):
    settings = plan["variant"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=plan["chromium"], args=["--no-sandbox"])
        for story in plan["stories"]:
            path = Path(plan["out"], story["name"] + settings["suffix"])
            context = browser.new_context(
                record_har_path=path, record_har_mode=settings["mode"], record_har_content=settings["content"]
            )
            # What a page sends counts as its own only from a page of the same host.
            page = context.new_page()
            page.goto(plan["base_url"])
            for together in story["steps"]:
                page.evaluate(PLAY, together)
            context.close()
        browser.close()


main(json.loads(Path(sys.argv[1]).read_text()))
