"""`hitzoo`, `python -m hitzoo` and `torchrun -m hitzoo` begin here, before anything that takes time is loaded."""

import _signal  # type: ignore[import-not-found]  # `signal` itself takes a while to load

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # a Ctrl-C among the imports ends the process, without a traceback

from hitzoo.cli.exit_signals import exit_at_once_by_signal, exit_by_signal


def main() -> None:
    """Load the command, then run it."""
    exit_at_once_by_signal()
    from hitzoo.cli.app import main as command

    with exit_by_signal():
        command()


if __name__ == "__main__":
    main()
