"""The command line, `tinysim COMMAND`: options, printing and exit codes.

How anything is done is the other parts' to know.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from tinysim import __version__
from tinysim.cli.boards import boards
from tinysim.cli.check import check
from tinysim.cli.data import data
from tinysim.cli.doctor import doctor
from tinysim.cli.replicate import replicate_command
from tinysim.cli.shell import shell
from tinysim.cli.sim import sim
from tinysim.errors import GuestError, TinysimError, UserError

EXIT_FAILED = 1
EXIT_CANNOT = 2
EXIT_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Run the MLPerf Tiny benchmark on Cortex-M boards that are not there."""


for command in (sim, shell, check, replicate_command, boards, data, doctor):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 good, 1 a failed run or check, 2 a mistake, 130 interrupted.

    Whatever goes wrong is said on standard error, without a traceback.
    """
    try:
        result = cli.main(args=arguments, prog_name="tinysim", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_CANNOT
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted; results that were there are as they were", EXIT_INTERRUPTED)
    except UserError as error:
        return _say(str(error), EXIT_CANNOT)
    except (GuestError, TinysimError) as error:
        return _say(str(error), EXIT_FAILED)
    except BrokenPipeError:
        # Whoever read our output has left; closing it must not raise once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _say(f"{place}{error.strerror or error}", EXIT_CANNOT)
    return result if isinstance(result, int) else 0


def _say(message: str, exit_code: int) -> int:
    click.echo(f"tinysim: {message}", err=True)
    return exit_code
