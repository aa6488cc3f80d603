"""How each mode's run is made: the modes that tinysim runs, in the order of their logs.

In one session inputs follow each other on one board, after an inference was counted on it. From one state,
each input starts anew, on as many boards as there are workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinysim.datasets.dataset import DataSet
from tinysim.mode import ACCURACY, PERFORMANCE, Mode
from tinysim.runner.device import Device
from tinysim.runner.journal import Journal
from tinysim.runner.target import TargetFactory
from tinysim.simulation import accuracy, performance
from tinysim.simulation.implementation import Implementation
from tinysim.simulation.result import Result

SessionRun = Callable[[Device, DataSet, float, Callable[[int], None]], Result]
"""Takes the seconds of an inference, and what to call with the number of finished inputs."""

StateRun = Callable[
    [TargetFactory, DataSet, Implementation, Journal | None, int, Callable[[int, int], None]], Result
]
"""Takes the number of workers, and what to call with the number of finished inputs and of all."""

IN_ONE_SESSION: Mapping[Mode, SessionRun] = {PERFORMANCE: performance.run_in_session}
FROM_ONE_STATE: Mapping[Mode, StateRun] = {ACCURACY: accuracy.run_from_one_state}

RUN_MODES = (*IN_ONE_SESSION, *FROM_ONE_STATE)
