"""A tab, what its page asked for, what it complained of, and whether everybody can use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Route

_OWN = ("127.0.0.1", "localhost", "")
_SERIOUS = ("serious", "critical")  # axe's words, of minor, moderate, serious, critical


class Visit:
    """A tab. `page` is playwright's; what was refused, and what went wrong, is noted.

    Attributes:
        requests: addresses of all that pages asked for on this machine.
        outside: addresses on other machines, none of which is answered.
        errors: exceptions that nobody caught, and errors of the console, a refusal by a content-security policy too.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.outside: list[str] = []
        self.errors: list[str] = []
        context.route("**/*", self._answer)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def check(self) -> None:
        """Fail where a page asked anything of another machine, or had an error."""
        assert not self.outside, f"the page asks for {self.outside}"
        assert not self.errors, f"the page has errors: {self.errors}"

    def serious_findings(self) -> list[str]:
        """What axe finds serious or worse on the page as it is now: rule, words and the elements."""
        from axe_playwright_python.sync_playwright import Axe

        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [_in_words(finding) for finding in found if finding["impact"] in _SERIOUS]

    def _answer(self, route: Route, request: Request) -> None:
        if urlsplit(request.url).hostname in _OWN or not request.url.startswith(("http", "ws")):
            self.requests.append(request.url)
            route.continue_()
        else:
            self.outside.append(request.url)
            route.abort()


def _in_words(finding: dict[str, Any]) -> str:
    elements = ", ".join(str(node["target"]) for node in finding["nodes"])
    return f"{finding['id']} ({finding['impact']}): {finding['help']}: {elements}"
