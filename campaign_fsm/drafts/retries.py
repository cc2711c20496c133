"""How a voice campaign tries again numbers that were not reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import field, frozen

from campaign_fsm.drafts.limits import Check, kept, one_of, whole
from campaign_fsm.drafts.preview import preview
from campaign_fsm.errors import FieldProblem
from campaign_fsm.rules import PAGES


@frozen(kw_only=True)
class Retries:
    """How a voice campaign tries again numbers that were not reached.

    Source: https://developer.exotel.com/api/create-campaign; of what is mandatory
    https://developer.exotel.com/api-console/campaigns and
    https://developer.exotel.com/api-console/update-campaign-details-api-console.

    Attributes:
        number_of_retries: 0 to 3.
        interval_mins: Minutes between two tries. Mandatory where there are retries. That 0 retries need none is our
            reading, as nothing lies between: the pages ask for it wherever ``number_of_retries`` is given.
        mechanism: ``"Linear"`` or ``"Exponential"``.
        on_status: Which outcomes are tried again: ``busy``, ``no-answer``, ``failed``.
    """

    number_of_retries: int
    interval_mins: int | None = None
    mechanism: str | None = None
    on_status: Sequence[str] | None = field(default=None, converter=kept)


_RETRY_STATUSES: Final = ("busy", "no-answer", "failed")


def _retry_statuses(value: Any) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not all(entry in _RETRY_STATUSES for entry in value):
        yield f"some of {', '.join(_RETRY_STATUSES)}"


RETRIES: Final[dict[str, Check]] = {
    "number_of_retries": whole(0, 3),
    "interval_mins": whole(1),
    "mechanism": one_of("Linear", "Exponential"),
    "on_status": _retry_statuses,
}


def check_retries(value: Any) -> Iterator[FieldProblem]:
    if not isinstance(value, Retries):
        yield FieldProblem("retries", "a Retries", preview("retries", value))
        return
    wrong = [*RETRIES["number_of_retries"](value.number_of_retries)]
    for name, check in RETRIES.items():
        part = getattr(value, name)
        if part is not None or name == "number_of_retries":
            for rule in check(part):
                yield FieldProblem(f"retries.{name}", rule, preview(name, part))
        elif name == "interval_mins" and value.number_of_retries and not wrong:
            rule = f"it is required with retries, by {PAGES['console-campaigns'].title!r}"
            yield FieldProblem("retries.interval_mins", rule)
