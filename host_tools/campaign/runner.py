"""Plays a campaign on a Dask cluster, its own or any other, and keeps every finished block as a file.

Which worker plays what, in what order, and whether one dies, changes nothing: a session is a pure function of the plan and
its number. Workers need the package and nothing else; what they return is put on disk here.
"""

import contextlib
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from host_tools.campaign import cases, chunks, plan, session, shrink
from host_tools.campaign.chunks import Block
from host_tools.campaign.plan import CampaignPlan
from host_tools.campaign.session import Record, Table
from host_tools.judge import limits
from simulator.files.errors import CalandoError, os_reason

if TYPE_CHECKING:
    from distributed import Client, Future

AHEAD = 3  # blocks waiting for each worker: none idles, and a scheduler with millions of sessions keeps few
TRIES = 4  # of a block whose worker died
LOOK_S = 1.0
COSTS = {"S": 1, "D": 30}  # of a session, about: what is left is told by it
CONNECT_S = 8
SHRUNK_MOST = 24  # failing sessions that are made small
SHRUNK_OF_A_LAW = 2


@dataclass
class Progress:
    """How far a campaign is. worst: the smallest margin so far of each law, with the tier and session it was in."""

    shares: dict[tuple[str, str], int]  # sessions of each cohort and tier
    done: int = 0
    kept: int = 0  # of them from an earlier run
    failures: int = 0
    began_s: float = 0.0
    now_s: float = 0.0
    worst: dict[str, tuple[float, str]] = field(default_factory=dict)
    cost: int = 0  # of what is done
    kept_cost: int = 0

    @property
    def wanted(self) -> int:
        return sum(self.shares.values())

    @property
    def per_second(self) -> float:
        took_s = self.now_s - self.began_s
        return (self.done - self.kept) / took_s if took_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds; None before anything is played. A session of tier D counts for as many as it takes the time of."""
        played = self.cost - self.kept_cost
        if played <= 0:
            return None
        whole = sum(COSTS[tier] * count for (_, tier), count in self.shares.items())
        return (whole - self.cost) * (self.now_s - self.began_s) / played

    def add(self, record: Record) -> None:
        self.done += 1
        self.cost += COSTS[record["tier"]]
        self.failures += bool(record["broken"])
        name = f"{record['cohort']}/{record['tier']}/{record['number']}"
        for law, margin in record["margins"].items():
            if law not in self.worst or margin < self.worst[law][0]:
                self.worst[law] = (margin, name)


@dataclass
class Run:
    """What a run left: which sessions there should be, and whether all of them are there."""

    plan: CampaignPlan
    shares: dict[tuple[str, str], int]
    folder: Path
    program: str
    complete: bool
    workers: str
    took_s: float
    played: int
    made_small: list[dict[str, Any]] = field(default_factory=list)


def run(
    chosen: CampaignPlan,
    out: Path,
    sessions: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Play what is missing in `out`, on `workers` processes of this machine (default: one a core) or on the cluster at
    `scheduler`. A KeyboardInterrupt ends it early, with what is done kept. Raises CalandoError with one plain sentence."""
    table = limits.read()
    program = session.program_digest()
    shares = chosen.shares(sessions)
    folder = out / chunks.FOLDER
    chunks.refuse_another_plan(out, chosen.digest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CalandoError(
            f"cannot write into {out}: {os_reason(error)}; choose another folder with --out"
        ) from None
    todo = chunks.blocks(folder, chosen, shares, program)
    state = Progress(shares, began_s=time.monotonic(), now_s=time.monotonic())
    for record in chunks.records(folder, chosen, shares, program):
        state.add(record)
    state.kept, state.kept_cost = state.done, state.cost
    run_of = Run(chosen, shares, out, program, False, "none", 0.0, 0)
    job = {"plan": chosen.model_dump(mode="json", exclude_none=True), "table": table, "program": program}
    try:
        if todo or state.failures:
            with _ctrl_c_remembered() as pressed, _cluster(workers, scheduler) as client:
                run_of.workers = f"the cluster at {scheduler}" if scheduler else f"{_count(client)} processes"
                state.began_s = time.monotonic()
                for block, records in _play(client, todo, job, state, progress, pressed):
                    chunks.write(folder, block, records, chosen.digest, program)
                run_of.made_small = _make_small(client, run_of, job, table)
        run_of.complete = True
    except KeyboardInterrupt:
        pass
    run_of.took_s = time.monotonic() - state.began_s
    run_of.played = state.done - state.kept
    return run_of


# --- on the workers ---


def play_block(job: dict[str, Any], cohort: str, tier: str, numbers: tuple[int, ...]) -> list[Record]:
    """Return what a worker does: play these sessions. Raises CalandoError where its program is another than the
    driver's.
    """
    chosen = _ours(job)
    named = next(one for one in chosen.cohort if one.name == cohort)
    return [session.play_one(chosen, named, tier, number, job["table"]) for number in numbers]


def make_small(job: dict[str, Any], cohort: str, tier: str, number: int, law: str) -> dict[str, Any]:
    """Return what a worker does with a failure: the smallest scenario that fails still, and whether the whole device
    fails too (None: not played there).
    """
    chosen = _ours(job)
    named = next(one for one in chosen.cohort if one.name == cohort)
    values = cases.scenario_of(chosen, named, number)
    told = {"cohort": cohort, "tier": tier, "number": number, "law": law}
    try:
        small = shrink.shrink(values, tier, law, job["table"])
    except CalandoError as error:
        return {**told, "values": values, "note": str(error), "device_fails": True if tier == "D" else None}
    from simulator import scenario

    record = session.look(scenario.from_values(small), tier, job["table"])
    fails = True if tier == "D" else None
    if fails is None and small["duration_s"] <= shrink.SIMULATED_S["D"]:
        fails = bool(session.look(scenario.from_values(small), "D", job["table"])["broken"])
    return {
        **told,
        "values": small,
        "note": record["broken"].get(law, ""),
        "device_fails": fails,
        "margins": record["margins"],
    }


def _ours(job: dict[str, Any]) -> CampaignPlan:
    if job["program"] != session.program_digest():
        raise CalandoError(
            f"a worker has another version of the program ({session.program_digest()[:12]}, not {job['program'][:12]}); "
            "install the same one on every worker"
        )
    return _plan(job["plan"])


_plans: dict[str, CampaignPlan] = {}


def _plan(values: dict[str, Any]) -> CampaignPlan:
    text = repr(values)
    if text not in _plans:
        _plans.clear()
        _plans[text] = plan.from_values(values)
    return _plans[text]


# --- on the driver ---


@contextmanager
def _cluster(workers: int | None, scheduler: str | None) -> Iterator["Client"]:
    try:
        from dask import config
        from distributed import Client, LocalCluster
    except ImportError:
        raise CalandoError(
            "a campaign runs on Dask, which is not installed; install it with: pip install calando[campaign]"
        ) from None
    # A worker that dies is no fault of its block, which is played elsewhere. Dask would look into its workers a hundred
    # times a second, and keep what it saw: 110 MB in each after an hour.
    config.set({"distributed.scheduler.allowed-failures": 20, "distributed.worker.profile.enabled": False})
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=CONNECT_S)
        except (OSError, ValueError, TimeoutError) as error:
            raise CalandoError(
                f"no Dask scheduler answers at {scheduler} ({type(error).__name__}); start one with `dask scheduler`, "
                "or leave --scheduler out for a cluster of this machine's own"
            ) from None
        try:
            if not _count(client):
                try:
                    client.wait_for_workers(1, timeout=CONNECT_S)
                except TimeoutError:
                    raise CalandoError(
                        f"the scheduler at {scheduler} has no workers; start some with `dask worker {scheduler}`"
                    ) from None
            yield client
        finally:
            client.close()
        return
    with tempfile.TemporaryDirectory(prefix="calando-") as scratch:
        with _deaf_to_ctrl_c():
            cluster = LocalCluster(
                n_workers=workers or os.cpu_count() or 1, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                memory_limit=None, local_directory=scratch, silence_logs=logging.CRITICAL,
            )  # fmt: skip
        client = Client(cluster)
        try:
            yield client
        finally:
            client.close()
            cluster.close()


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes started here do not hear the terminal's Ctrl-C: it is for the driver, who then ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _ctrl_c_remembered() -> Iterator[threading.Event]:
    """Yield what is set by Ctrl-C: Python drops the exception of one that falls into a callback of its garbage."""
    pressed = threading.Event()
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    ):
        yield pressed
        return

    def hear(_number: int, _frame: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _count(client: "Client") -> int:
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _play(
    client: "Client",
    todo: list[Block],
    job: dict[str, Any],
    state: Progress,
    progress: Callable[[Progress], None] | None,
    pressed: threading.Event,
) -> Iterator[tuple[Block, list[Record]]]:
    """Each block with its records, as they are done. Raises KeyboardInterrupt once Ctrl-C was `pressed`."""
    from distributed import wait

    sent = client.scatter(job, broadcast=True, hash=True)
    waiting: dict[Future, tuple[Block, int]] = {}
    coming = iter(todo)

    def submit(block: Block, tries: int) -> None:
        key = f"calando-{job['program'][:12]}-{_plan(job['plan']).digest[:12]}-{block.cohort}-{block.tier}-{block.first}"
        key += f"-{block.missing[0]}-{len(block.missing)}-{tries}"
        future = client.submit(
            play_block, sent, block.cohort, block.tier, block.missing, key=key, pure=False, retries=0
        )
        waiting[future] = (block, tries)

    try:
        while True:
            while len(waiting) < AHEAD * max(1, _count(client)):
                block = next(coming, None)
                if block is None:
                    break
                submit(block, 0)
            if not waiting:
                return
            finished: set[Future] = set()
            with contextlib.suppress(TimeoutError):
                finished = cast(Any, wait(list(waiting), timeout=LOOK_S, return_when="FIRST_COMPLETED")).done
            for future in finished:
                block, tries = waiting.pop(future)
                records = _result(future, block, tries, submit)
                if records is not None:
                    for record in records:
                        state.add(record)
                    yield block, records
            if pressed.is_set():
                raise KeyboardInterrupt
            state.now_s = time.monotonic()
            if progress is not None:
                progress(state)
    finally:
        client.cancel(list(waiting))


def _result(
    future: "Future", block: Block, tries: int, submit: Callable[[Block, int], None]
) -> list[Record] | None:
    """A block's records; None where it is to be tried again because its worker died."""
    from distributed import KilledWorker

    error = cast(Any, future.exception()) if future.status != "cancelled" else ConnectionError("cancelled")
    if error is None:
        return cast(Any, future.result())
    if isinstance(error, CalandoError):
        raise error
    if (
        isinstance(error, KilledWorker | OSError)
        and not isinstance(error, FileNotFoundError)
        and tries < TRIES
    ):
        submit(block, tries + 1)
        return None
    numbers = f"{block.missing[0]} to {block.missing[-1]}"
    raise CalandoError(
        f"{block.cohort}, tier {block.tier}, sessions {numbers}: {type(error).__name__}: {error}; what was done is kept"
    ) from error


def _make_small(client: "Client", run_of: Run, job: dict[str, Any], table: Table) -> list[dict[str, Any]]:
    """The smallest scenarios of the first failures of each law, cohort and tier."""
    chosen: list[tuple[str, str, int, str]] = []
    seen: dict[tuple[str, str, str], int] = {}
    for record in chunks.records(run_of.folder / chunks.FOLDER, run_of.plan, run_of.shares, run_of.program):
        for law in record["broken"]:
            key = (record["cohort"], record["tier"], law)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= SHRUNK_OF_A_LAW and len(chosen) < SHRUNK_MOST:
                chosen.append((record["cohort"], record["tier"], record["number"], law))
    if not chosen:
        return []
    sent = client.scatter(job, broadcast=True, hash=True)
    futures = [client.submit(make_small, sent, *one, pure=False) for one in chosen]
    try:
        return cast(Any, client.gather(futures))
    finally:
        client.cancel(futures)
