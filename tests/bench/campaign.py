"""What a campaign costs beside what it plays: tier S beside the bare step bench, tier D beside the bare play of a scenario.

    python tests/bench/campaign.py [--sessions 2000]

Processor time, taken in turns in the same run; the ratios are what counts on a shared machine. Then the memory of one
process over many sessions of tier S, and of some of tier D.
"""

import argparse
import resource
import time

import host_tools  # noqa: F401  (lets CPython import the firmware)
from firmware.prescription.profile import Profile
from host_tools.campaign import plan, session
from host_tools.judge import limits
from simulator import play, scenario
from simulator.step_bench import StepBench

ROUNDS = 5
SESSION_S = 1200
DEVICE_S = 330.0
TABLE = limits.read()


def processor_s() -> float:
    whole = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in whole)


def taking(what) -> float:
    began = processor_s()
    what()
    return processor_s() - began


def made(duration_s: float) -> scenario.Scenario:
    return scenario.from_values({
        "title": "t", "duration_s": duration_s, "profile": {"session_min": max(5, int(duration_s // 60))},
        "event": [{"at_s": 5.0, "do": "press"}],
    })  # fmt: skip


def bare_steps() -> None:
    """A session of twenty minutes on the step bench: the steps and nothing else."""
    bench = StepBench(Profile.from_values({"session_min": SESSION_S // 60}))
    bench.step("press")
    for _ in range(SESSION_S * 10):
        bench.step()


def resident_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=2000)
    sessions = parser.parse_args().sessions
    long, short = made(SESSION_S + 5.0), made(DEVICE_S)
    bare_steps()
    session.look(long, "S", TABLE)
    play.run(made(10.0))
    steps, tier_s, device, tier_d = [], [], [], []
    for _ in range(ROUNDS):
        steps.append(taking(bare_steps))
        tier_s.append(taking(lambda: session.look(long, "S", TABLE)))
    for _ in range(ROUNDS):
        device.append(taking(lambda: play.run(short)))
        tier_d.append(taking(lambda: session.look(short, "D", TABLE)))
    one, two, three, four = (min(times) for times in (steps, tier_s, device, tier_d))
    print(f"20 minutes, bare step bench                       {one:6.3f} s of processor")
    print(
        f"  as a session of tier S, judged                  {two:6.3f} s   {one / two:.2f} times as fast (bar: 0.5)"
    )
    print(f"{DEVICE_S / 60:.1f} minutes, bedside.run alone                     {three:6.2f} s")
    print(
        f"  as a session of tier D, judged and compared     {four:6.2f} s   {four / three:.3f} times as long (bar: 1.1)"
    )
    bedside = plan.load("bedside")
    after, began = [], time.perf_counter()
    for number in range(sessions):
        session.play_one(bedside, bedside.cohort[number % 2], "S", number, TABLE)
        if number in (99, sessions // 2, sessions - 1):
            after.append(resident_mb())
    took_s = time.perf_counter() - began
    print(f"memory after 100, {sessions // 2}, {sessions} sessions of tier S: {', '.join(f'{mb:.0f}' for mb in after)} MB "
          f"({sessions / took_s:.1f} sessions a second)")  # fmt: skip
    for number in range(4):
        session.play_one(bedside, bedside.cohort[number % 2], "D", number, TABLE)
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"  and after 4 of tier D: {resident_mb():.0f} MB, at most {most_mb:.0f} MB (bar: 400)")


if __name__ == "__main__":
    main()
