"""`calando campaign`: many sessions at once, on this machine's cores or a Dask cluster."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from host_tools.commands.common import AsJson, print_json, say, say_nothing
from simulator.files.errors import CalandoError, Interrupted

if TYPE_CHECKING:
    from host_tools.campaign.runner import Progress

LINE_EVERY_S = 10.0
WORST_TOLD = 3


def campaign(
    plan: Annotated[
        str,
        typer.Argument(
            metavar="PLAN.toml", help="A plan file, or the name of one that comes with Calando: bedside."
        ),
    ],
    sessions: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000_000,
            metavar="N",
            help="So many in all, in the plan's proportions; default: the plan's own numbers.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=1024, metavar="N", help="Processes of this machine; default: one a core."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="tcp://...", help="A Dask cluster to play on instead of this machine."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for chunks and results; default: out/ and the plan's name."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a hundred thousand patients: cohorts of sessions, judged from outside, with margins and bounds on a page.

    Tier S is the session with its guard at step level, tier D the whole device. The same plan gives the same result on any
    number of workers. What is done is kept in the folder: the same command goes on after Ctrl-C, there or elsewhere.
    Writes result.json, report.html, chunks/, worst/ and failures/. Ends with status 1 when a session broke a law.
    """
    if workers is not None and scheduler is not None:
        raise CalandoError("--workers is for this machine, --scheduler for another cluster; give one of them")
    from host_tools.campaign import plan as plans
    from host_tools.campaign import results, runner

    chosen = plans.load(plan)
    out = out or Path("out") / (Path(plan).stem if plan.endswith(".toml") else plan)
    tell = say_nothing if as_json else say
    wanted = sum(chosen.shares(sessions).values())
    tell(
        f"{chosen.title}: {wanted} sessions in {len(chosen.cohort)} "
        f"cohort{'s' if len(chosen.cohort) > 1 else ''}; chunks in {out / 'chunks'}"
    )
    with _progress(as_json) as progress:
        run = runner.run(chosen, out, sessions, workers, scheduler, progress)
    result = results.write(run)
    if as_json:
        print_json(result)
    else:
        _tell(result, run.took_s, run.played)
        say(f"Results in {out}: result.json, report.html")
    if not run.complete:
        done = sum(told["sessions"] for tiers in result["cohorts"].values() for told in tiers.values())
        raise Interrupted(
            f"stopped after {done} of {wanted} sessions: what is done is kept; the same command goes on"
        )
    failures = sum(told["failures"] for tiers in result["cohorts"].values() for told in tiers.values())
    if failures:
        raise CalandoError(
            f"{failures} sessions broke a law; see {out / 'report.html'} and {out / 'failures'}"
        )


def _tell(result: dict[str, Any], took_s: float, played: int) -> None:
    for cohort, tiers in result["cohorts"].items():
        for tier, told in tiers.items():
            if not told["sessions"]:
                continue
            bound = f"at 95 % at most {100 * told['upper_bound_95']:.3g} % fail ({told['method']})"
            say(f"  {cohort:16} {tier}  {told['sessions']:7} sessions, {told['failures']} failed; {bound}")
    rate = f", {played / took_s:.1f} a second" if took_s > 0 and played else ""
    so_far = "" if result["complete"] else " so far"
    say(f"Digest{so_far} {result['digest'][:16]}; {played} played now in {took_s:.0f} s{rate}.")


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """A live line where somebody looks, else one every ten seconds."""
    if quiet:
        yield None
        return
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:

            def show(state: "Progress") -> None:
                live.update(_line(state), refresh=True)

            yield show
        return
    last_s = [time.monotonic()]

    def show_line(state: "Progress") -> None:
        if time.monotonic() - last_s[0] >= LINE_EVERY_S:
            last_s[0] = time.monotonic()
            say(_line(state))

    yield show_line


def _line(state: "Progress") -> str:
    """Sessions done, per second, what is left, and the worst margins so far, each with its law and unit."""
    from host_tools.judge import laws

    left = f"{state.left_s / 60:.1f} min left" if state.left_s is not None else "beginning"
    nearest = sorted(
        (margin, law)
        for law, (margin, _) in state.worst.items()
        if law not in ("pops", "unasked", "after_stop")
    )
    worst = ", ".join(f"{law} {margin:g} {laws.UNITS[law]}" for margin, law in nearest[:WORST_TOLD])
    return (
        f"{state.done} of {state.wanted} sessions, {state.per_second:.1f} a second, {left}, {state.failures} failed"
        + (f"; nearest to a limit: {worst}" if worst else "")
    )
