"""The file: `[tool.campaign-fsm]` in ``pyproject.toml``, or ``campaign-fsm.toml`` with the same keys at its top.

::

    forbid = ["delete"]                    # never
    confirm = ["complete", "archive"]      # only where somebody has confirmed it
    hours = { from = "09:00", to = "21:00", zone = "Asia/Kolkata", days = ["mon", "tue"] }
    require-end = true
    archive-after = "7d"                   # s, m, h, d, w
    accounts = ["acme1"]
    hosts = ["api.in.exotel.com"]
    regions = ["mumbai"]

    [[rule]]                               # for some campaigns only
    campaigns = ["otp-*", "camp_abc123"]   # names or ids
    forbid = ["pause", "complete"]
    reason = "logins depend on it"

    [[suppress]]                           # a finding of an audit that is known
    fingerprint = "0123456789abcdef"
    file = "march.har"                     # the name of the file that it is in; may be left out
    reason = "the incident of 3 March"
    expires = 2027-01-01

    [access-log]                           # where the lines of an access log have what an audit needs
    method = "request_method"
    url = "request_uri"
    status_code = "status"
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from attrs import field, frozen

from campaign_fsm.errors import PolicyError
from campaign_fsm.files import without_mark
from campaign_fsm.policy.model import DAYS, Hours, Policy, Scope
from campaign_fsm.printable import quoted
from campaign_fsm.rules import Action
from campaign_fsm.strict.toml import NotToml, read_toml
from campaign_fsm.wire.hosts import HOST_OF
from campaign_fsm.wire.target import ID_FORM, is_id
from campaign_fsm.words import did_you_mean, hint

_MOST: Final = 1024 * 1024
_LENGTHS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_KEYS: Final = (
    "forbid",
    "confirm",
    "hours",
    "require-end",
    "archive-after",
    "accounts",
    "hosts",
    "regions",
    "rule",
    "suppress",
    "access-log",
)
# What a pyproject has in it that holds a policy, at its place or at another.
_HINT: Final = re.compile(
    rb"campaign|^\s*\[*\s*[\"']?(suppress|access-log|forbid|confirm)\b", re.IGNORECASE | re.MULTILINE
)
# What is left of the section's name without what stands between words, and of one without "tool".
_NAMES: Final = ("toolcampaignfsm", "campaignfsm")
# What an entry has that is one of ours, and nobody else's of the same name.
_NEEDED: Final = {
    "rule": {"campaigns"},
    "suppress": {"fingerprint", "reason"},
    "access-log": {"method", "url"},
}
ACCESS_LOG: Final = (
    "method",
    "url",
    "status_code",
    "at",
    "ended",
    "seconds",
    "request",
    "response",
    "host",
    "account",
    "action",
)
"""The keys that a table ``[access-log]`` may name a path for: those of an exchange, and when it was over."""


@frozen
class Suppression:
    """A finding that is known.

    Attributes:
        fingerprint: The fingerprint of the finding, as a report shows it.
        reason: Why it is accepted.
        expires: The first day on which it is no longer accepted; None for never.
        line: Where it stands in its file.
        file: The name, without folders, of the recording that it is in; empty if it may be any. Only a run
            that reads it can tell that the suppression is needed no more; without it, only one about everything.
    """

    fingerprint: str
    reason: str
    expires: date | None = None
    line: int = 0
    file: str = ""


@frozen
class Configuration:
    """What a configuration file says.

    Attributes:
        path: The file; empty if there is none.
        policy: What is forbidden.
        suppressions: Findings that are known.
        access_log: Which keys of an access log's lines hold what (`campaign_fsm.traffic.access_log`); None if not said.
    """

    path: str = ""
    policy: Policy = field(factory=Policy)
    suppressions: tuple[Suppression, ...] = ()
    access_log: Mapping[str, str] | None = None


def find_configuration(folder: Path) -> Path | None:
    """The configuration file of a folder or of the nearest one above it that has one; None without one.

    Raises:
        PolicyError: Whether there is one is unknown; or as `load_configuration`.
    """
    for here in (folder, *folder.parents):
        own = here / "campaign-fsm.toml"
        if _is_there(own) or own.is_symlink():
            return own
        if _is_there(near := here / "campaign_fsm.toml"):
            raise PolicyError(path=str(near), line=0, reason=f"it is not read; the file is called {own.name}")
        shared = here / "pyproject.toml"
        if _is_there(shared):
            data = _read(shared)
            if _HINT.search(data) and _section(shared, _parsed(shared, data)) is not None:
                return shared
    return None


def _is_there(file: Path) -> bool:
    """Whether it is a file. Not every Python tells one that is not there from one that may not be looked for."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR, ELOOP):
            return False
        reason = f"it is unknown whether it is there and forbids something: {error.strerror}"
        raise PolicyError(path=str(file), line=0, reason=reason) from None


def load_nearest(folder: Path | None = None) -> Configuration | None:
    """Read the configuration file that `find_configuration` finds; None without one.

    Args:
        folder: Where to begin; None for the current folder.

    Raises:
        PolicyError: As `find_configuration`; or there is no current folder any more.
    """
    try:
        found = find_configuration(folder or Path.cwd())
    except FileNotFoundError:
        reason = "the current folder is gone, so no configuration can be looked for from it"
        raise PolicyError(path=".", line=0, reason=reason) from None
    return load_configuration(found) if found else None


def load_configuration(path: str | Path) -> Configuration:
    """Read a configuration file.

    Raises:
        PolicyError: It cannot be read, or says something that is not understood: the key, its line, and
            what there is instead.
    """
    file = Path(path)
    data = _read(file)
    section = _section(file, _parsed(file, data))
    if section is None:
        raise PolicyError(path=str(path), line=0, reason="there is no [tool.campaign-fsm] in it")
    return _Reader(str(path), without_mark(data).decode(), nested=file.name == "pyproject.toml").read(section)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise PolicyError(path=str(file), line=0, reason=f"it cannot be read: {error.strerror}") from None


def _parsed(file: Path, data: bytes) -> dict[str, Any]:
    if len(data) > _MOST:
        raise PolicyError(path=str(file), line=0, reason=f"it is larger than {_MOST} bytes")
    try:
        return read_toml(data)
    except NotToml as error:
        raise PolicyError(path=str(file), line=error.line, reason=str(error)) from None


def _section(file: Path, document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    tool = document.get("tool")
    if file.name != "pyproject.toml":
        if isinstance(tool, dict) and "campaign-fsm" in tool:
            reason = f"in {file.name} the keys stand at the top; [tool.campaign-fsm] belongs into pyproject.toml"
            raise PolicyError(path=str(file), line=0, key="tool.campaign-fsm", reason=reason)
        return document
    if near := next(_near(document), None):
        reason = f"[{near}] is not read; the section is called [tool.campaign-fsm]"
        raise PolicyError(path=str(file), line=0, reason=reason)
    section = tool.get("campaign-fsm") if isinstance(tool, dict) else None
    for key in document:
        if key in _KEYS if section is not None else _is_ours(key, document[key]):
            reason = f"at the top of {file.name} it is not read; it belongs to [tool.campaign-fsm]"
            if key in _NEEDED:
                reason += f", as tool.campaign-fsm.{key}"
            raise PolicyError(path=str(file), line=0, key=key, reason=reason)
    if section is not None and not isinstance(section, dict):
        raise PolicyError(
            path=str(file), line=0, key="tool.campaign-fsm", reason="it must be a table: [tool.campaign-fsm]"
        )
    return section


def _near(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[str]:
    """Tables whose names, read together, are almost that of the section: ``Tool.campaign-fsm``, ``campaign-fsm``."""
    for key, value in table.items():
        path = (*above, key)
        said = re.sub(r"[-_. ]", "", "".join(path)).casefold()
        if said in _NAMES:
            if path != ("tool", "campaign-fsm"):
                yield ".".join(path)[:60]
        elif isinstance(value, dict) and len(path) < 3 and any(name.startswith(said) for name in _NAMES):
            yield from _near(value, path)


def _is_ours(key: str, value: Any) -> bool:
    """Whether what stands at the top of a pyproject without our section is surely meant for it."""
    if key in ("forbid", "confirm"):
        return isinstance(value, list) and bool(value) and all(entry in tuple(Action) for entry in value)
    entries = value if isinstance(value, list) else [value]
    needed = _NEEDED.get(key)
    return needed is not None and any(isinstance(entry, dict) and needed <= entry.keys() for entry in entries)


class _Reader:
    """Reads one section; an error names the line on which its key stands."""

    def __init__(self, path: str, text: str, *, nested: bool) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._prefix = "tool.campaign-fsm" if nested else ""

    def read(self, section: Mapping[str, Any]) -> Configuration:
        self._known(section, _KEYS, "", 0)
        scopes = [self._scope(section, "", 0)]
        scopes += [self._scope(entry, "rule", number) for number, entry in self._tables(section, "rule")]
        hosts = {self._host(host) for host in self._texts(section, "hosts", "", 0)}
        hosts |= {HOST_OF[region] for region in self._choices(section, "regions", tuple(HOST_OF), "", 0)}
        policy = Policy(
            scopes=tuple(scope for scope in scopes if scope.forbid or scope.confirm),
            hours=self._hours(section),
            require_end=self._flag(section, "require-end"),
            archive_after=self._length(section, "archive-after"),
            accounts=frozenset(self._account(account) for account in self._texts(section, "accounts", "", 0)),
            hosts=frozenset(hosts),
            origin=self._path,
        )
        suppressions = tuple(self._suppression(entry, number) for number, entry in self._tables(section, "suppress"))
        return Configuration(self._path, policy, suppressions, self._access_log(section))

    # Lines

    def _line(self, table: str, number: int, key: str) -> int:
        """The line of a key, as well as a look at the text can find it: tomllib does not give it."""
        header = ".".join(part for part in (self._prefix, table) if part)
        current, seen, start = "", 0, 0
        for at, line in enumerate(self._lines, 1):
            if found := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
                current = found.group(1).replace('"', "").replace("'", "").replace(" ", "")
                seen += current == header
                if current == header and seen == number + 1:
                    start = at
            elif (
                current == header
                and seen in (number + 1, 0)
                and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""", line)
            ):
                return at
        return start or next((at for at, line in enumerate(self._lines, 1) if key and key in line), 0)

    def _wrong(self, key: str, problem: str, table: str = "", number: int = 0) -> PolicyError:
        # There is one table of hours and one of the access log, and as many rules and suppressions as there are.
        place = table if table in ("hours", "access-log") else f"{table}[{number + 1}]"
        name = f"{place}.{key}" if table else key
        return PolicyError(path=self._path, line=self._line(table, number, key), key=name, reason=problem)

    # Values

    def _known(self, given: Mapping[str, Any], keys: tuple[str, ...], table: str, number: int) -> None:
        for key in given:
            if key not in keys:
                raise self._wrong(key[:60], f"there is no such key; {hint(key, keys)}", table, number)

    def _tables(self, section: Mapping[str, Any], key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        entries = section.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self._wrong(key, f"it must be a list of tables: [[{'.'.join(p for p in (self._prefix, key) if p)}]]")
        yield from enumerate(entries)

    def _texts(self, given: Mapping[str, Any], key: str, table: str, number: int) -> tuple[str, ...]:
        value = given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry.strip() for entry in value):
            raise self._wrong(key, "it must be a list of texts that are not empty", table, number)
        if key in given and not value:
            raise self._wrong(key, "it is empty, which could mean all or none; leave it out or fill it", table, number)
        return tuple(value)

    def _choices(
        self, given: Mapping[str, Any], key: str, known: tuple[str, ...], table: str, number: int
    ) -> tuple[str, ...]:
        values = self._texts(given, key, table, number)
        for value in values:
            if value not in known:
                raise self._wrong(key, f"{quoted(value, 60)} is not known; {hint(value, known)}", table, number)
        return values

    def _scope(self, given: Mapping[str, Any], table: str, number: int) -> Scope:
        if table:
            self._known(given, ("campaigns", "forbid", "confirm", "reason"), table, number)
            if "campaigns" not in given:
                raise self._wrong("campaigns", "it is required: patterns of names or ids", table, number)
            if "forbid" not in given and "confirm" not in given:
                raise self._wrong("forbid", "a rule must have forbid or confirm", table, number)
        actions = tuple(action.value for action in Action)
        reason = given.get("reason", "")
        if not isinstance(reason, str):
            raise self._wrong("reason", "it must be a text", table, number)
        patterns = self._texts(given, "campaigns", table, number) if table else ()
        for pattern in patterns:
            if pattern.count("[") != pattern.count("]"):
                problem = (
                    f"the pattern {quoted(pattern, 60)} has a bracket that is not closed; [[] stands for one bracket"
                )
                raise self._wrong("campaigns", problem, table, number)
        return Scope(
            campaigns=patterns,
            forbid=frozenset(map(Action, self._choices(given, "forbid", actions, table, number))),
            confirm=frozenset(map(Action, self._choices(given, "confirm", actions, table, number))),
            reason=reason.strip().rstrip("."),
        )

    def _host(self, host: str) -> str:
        name = host.lower().removesuffix(".")
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", name):
            raise self._wrong(
                "hosts", f"{quoted(host, 60)} is no host name; leave out what stands around it, also the port"
            )
        return name

    def _account(self, account: str) -> str:
        if not is_id(account):
            raise self._wrong("accounts", f"{quoted(account, 60)} is no account; it is {ID_FORM}")
        return account

    def _flag(self, given: Mapping[str, Any], key: str) -> bool:
        value = given.get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "it must be true or false")
        return value

    def _length(self, given: Mapping[str, Any], key: str) -> timedelta:
        value = given.get(key, "0s")
        found = re.fullmatch(r"(\d{1,6})\s*([smhdw])", value) if isinstance(value, str) else None
        if not found:
            raise self._wrong(key, 'it must be a length such as "90m", "24h" or "7d"')
        return timedelta(seconds=int(found.group(1)) * _LENGTHS[found.group(2)])

    def _hours(self, section: Mapping[str, Any]) -> Hours | None:
        given = section.get("hours")
        if given is None:
            return None
        if not isinstance(given, dict):
            raise self._wrong("hours", 'it must be a table: { from = "09:00", to = "21:00", zone = "Asia/Kolkata" }')
        self._known(given, ("from", "to", "zone", "days"), "hours", 0)
        for key in ("from", "to", "zone"):
            if key not in given:
                raise self._wrong("hours", f"{key} is required")
        begin, end = self._clock(given, "from"), self._clock(given, "to")
        if begin == end:
            raise self._wrong("hours", "from and to are the same, which leaves no hour")
        days = self._choices(given, "days", DAYS, "hours", 0) or DAYS
        return Hours(begin, end, self._zone(given["zone"]), frozenset(map(DAYS.index, days)))

    def _clock(self, given: Mapping[str, Any], key: str) -> time:
        value = given[key]
        if isinstance(value, time):
            return value
        if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            return time.fromisoformat(value)
        raise self._wrong("hours", f'{key} must be a time of day such as "09:00", not {value!r}')

    def _zone(self, name: object) -> ZoneInfo:
        known = available_timezones()
        if isinstance(name, str) and name in known:
            return ZoneInfo(name)
        if not known:
            raise self._wrong("hours", "there are no time zones on this system: pip install tzdata")
        meant = did_you_mean(name, known) if isinstance(name, str) else ""
        raise self._wrong("hours", f"{name!r} is no time zone{meant and f'; {meant}'}")

    def _access_log(self, section: Mapping[str, Any]) -> Mapping[str, str] | None:
        given = section.get("access-log")
        if given is None:
            return None
        if not isinstance(given, dict):
            raise self._wrong("access-log", 'it must be a table: { method = "request_method", url = "request_uri" }')
        self._known(given, ACCESS_LOG, "access-log", 0)
        for key in ("method", "url"):
            if key not in given:
                raise self._wrong("access-log", f"{key} is required: the key of the log's lines that holds it")
        if "at" in given and "ended" in given:
            raise self._wrong("ended", "it stands in place of at: give one of the two", "access-log")
        for key, path in given.items():
            if not isinstance(path, str) or not all(part.strip() for part in path.split(".")):
                raise self._wrong(
                    key, "it must be a text: a key of the log's lines, or keys with dots between", "access-log"
                )
        return dict(given)

    def _suppression(self, given: Mapping[str, Any], number: int) -> Suppression:
        self._known(given, ("fingerprint", "file", "reason", "expires"), "suppress", number)
        fingerprint, reason, expires = (given.get(key) for key in ("fingerprint", "reason", "expires"))
        if not isinstance(fingerprint, str) or not re.fullmatch(r"[0-9a-f]{16}", fingerprint):
            raise self._wrong("fingerprint", "it is required: the 16 hex digits of a finding", "suppress", number)
        if not isinstance(reason, str) or not reason.strip():
            raise self._wrong("reason", "it is required: why the finding is accepted", "suppress", number)
        if isinstance(expires, str):
            try:
                expires = date.fromisoformat(expires)
            except ValueError:
                expires = ""
        if isinstance(expires, datetime):
            expires = expires.date()
        if expires is not None and not isinstance(expires, date):
            raise self._wrong("expires", "it must be a date such as 2027-01-01", "suppress", number)
        file = given.get("file", "")
        if not isinstance(file, str) or file != re.split(r"[/\\]", file)[-1] or not (file or "file" not in given):
            raise self._wrong("file", "it must be the name of a recording, without its folders", "suppress", number)
        return Suppression(fingerprint, reason, expires, self._line("suppress", number, "fingerprint"), file)
