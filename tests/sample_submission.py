"""A small submission that is right in every respect."""

from __future__ import annotations

from tinysim.results.log import Configuration, DeviceCommand, FileDownload, RunRecord
from tinysim.results.summary import AccuracySummary, Window, format_accuracy, format_performance, summarize
from tinysim.results.system_description import SIMULATED, describe_system
from tinysim.results.tree import ModeFiles, Place, Submission
from tinysim.simulation.result import files_of


def record(run_mode: str, iterations: int, inputs: int) -> RunRecord:
    steps: list[DeviceCommand | FileDownload] = []
    time_s = 1.0
    for number in range(inputs):
        path = f"/datasets/kws01/tst_{number:06d}_Go_1.bin"
        steps.append(FileDownload(path, 490, None, time_s, time_s + 0.1))
        reply = ((time_s + 10.4, "m-results-[0.996,0.004]"), (time_s + 10.5, "m-ready"))
        steps.append(DeviceCommand(f"infer {iterations} 1", time_s + 0.1, reply))
        time_s += 11
    configuration = Configuration(1, iterations, run_mode, "kws01", "/datasets", "tst_000000_Go_1.bin")
    return RunRecord("20260102030405", "tinysim 1", configuration, 0.5, tuple(steps))


def mode_files(mode: str, top1_percent: float = 90.1) -> ModeFiles:
    run = record("bmark" if mode == "performance" else "multi", 250, 5)
    if mode == "performance":
        windows = tuple(Window(number, 250, 10.412, 250 / 10.412) for number in (2, 4, 6, 8, 10))
        summary = format_performance(summarize(windows), run.stop_s)
    else:
        summary = format_accuracy(AccuracySummary(top1_percent, 0.993), run.stop_s)
    return files_of(summary, run)


def submission(
    *,
    division: str = "closed",
    system_id: str = "nucleo_l4r5zi",
    benchmark: str = "kws",
    modes: tuple[str, ...] = ("performance", "accuracy"),
    firmware_sha256: str = "aa",
    simulated: bool = True,
    summary_name: str = "results.txt",
    top1_percent: float = 90.1,
) -> Submission:
    system = {"Status": "rdi", "Hardware Notes": SIMULATED if simulated else ""}
    return Submission(
        Place(division, "acme", system_id, benchmark),
        describe_system(system),
        {mode: mode_files(mode, top1_percent) for mode in modes},
        {"README.md": b"how to\n", "firmware/main.c": b"int main(void) { return 0; }\n"},
        {"firmware_sha256": firmware_sha256},
        summary_name,
    )
