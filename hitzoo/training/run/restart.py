"""Restarts by torchrun: the run that an earlier attempt of this launch began is continued by itself."""

from __future__ import annotations

from dataclasses import replace

from hitzoo.runtime.distributed import World
from hitzoo.runtime.launcher import launch_environment, launch_identity
from hitzoo.training.run.options import RunOptions
from hitzoo.training.run.record import RunRecord


def resuming_after_restart(options: RunOptions, world: World) -> RunOptions:
    """Return the options with `resume` set where torchrun has restarted the processes of the run in this folder.

    A run of another launch is left alone: without `resume` it was refused in the first attempt too.
    """
    who = launch_environment()
    if options.resume or not who.restarted:
        return options
    if not world.broadcast_from_first(lambda: _began_in_this_launch(RunRecord(options.out))):
        return options
    note = f"restarted by torchrun ({who.attempt}): continuing from the newest checkpoint"
    return replace(options, resume=True, notes=(*options.notes, note))


def _began_in_this_launch(run: RunRecord) -> bool:
    return run.holds_run() and run.last_session().get("launch") == launch_identity()
