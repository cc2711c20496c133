"""What a type checker knows of a model of the machine: `build_machine` gives a model its methods at run time.

Nothing here exists when the code runs, so that `transitions` finds the names free. The tests hold it to the machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class _Model(Generic[_Answer]):
    """Methods of a model by the names that Python can spell, all of which `build_machine` gives it."""

    state: str
    trigger: Callable[..., _Answer]
    may_trigger: Callable[..., _Answer]
    create: Callable[..., _Answer]
    pause: Callable[..., _Answer]
    resume: Callable[..., _Answer]
    complete: Callable[..., _Answer]
    archive: Callable[..., _Answer]
    edit: Callable[..., _Answer]
    edit_callbacks: Callable[..., _Answer]
    reschedule: Callable[..., _Answer]
    delete: Callable[..., _Answer]
    start: Callable[..., _Answer]
    finish: Callable[..., _Answer]
    fail: Callable[..., _Answer]
    expire: Callable[..., _Answer]
    suspend: Callable[..., _Answer]
    may_create: Callable[..., _Answer]
    may_pause: Callable[..., _Answer]
    may_resume: Callable[..., _Answer]
    may_complete: Callable[..., _Answer]
    may_archive: Callable[..., _Answer]
    may_edit: Callable[..., _Answer]
    may_edit_callbacks: Callable[..., _Answer]
    may_reschedule: Callable[..., _Answer]
    may_delete: Callable[..., _Answer]
    may_start: Callable[..., _Answer]
    may_finish: Callable[..., _Answer]
    may_fail: Callable[..., _Answer]
    may_expire: Callable[..., _Answer]
    may_suspend: Callable[..., _Answer]
    is_new: Callable[[], bool]
    is_created: Callable[[], bool]
    is_in_progress: Callable[[], bool]
    is_paused: Callable[[], bool]
    is_completed: Callable[[], bool]
    is_archived: Callable[[], bool]
    is_failed: Callable[[], bool]
    is_canceled: Callable[[], bool]
    is_deleted: Callable[[], bool]


class CampaignModel(_Model[bool]):
    """A base class for models of `build_machine`: type checkers then know ``model.pause()`` and ``model.may_pause()``.

    At run time it adds nothing, and any other class does as well. Triggers return True, or False where a condition
    of your own was false. Only machines of voice campaigns have the trigger for deleting.

    Raises:
        IllegalTrigger: By a trigger that is illegal in the state of the model.
    """


class AsyncCampaignModel(_Model[Awaitable[bool]]):
    """`CampaignModel` for an ``AsyncMachine`` of `transitions`, whose triggers and ``may_…`` are awaited."""
