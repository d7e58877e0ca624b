"""Every scenario as a few plain sentences that a nurse would understand: `make story`.

Each is played on the device's firmware, and what is told is what came out of it, not what the file promises.
"""

import sys

from host_tools.play import results
from host_tools.sessions import words
from simulator import bedside, play, scenario
from simulator.files.errors import CalandoError


def tell(played: scenario.Scenario) -> list[str]:
    """Return title, what happened at the bedside, and what the device did: a line each."""
    result = play.run(played)
    found = results.facts_of(result)
    happened = [
        f"At {words.clock(event['time_s'])} {words.event(event['kind'], event['detail'])}."
        for event in result.events
        if not event["kind"].startswith("device_")
    ]
    title = played.title[0].upper() + played.title[1:]
    return [
        f"{title} ({played.name})",
        "  " + " ".join(happened),
        *(f"  {sentence}" for sentence in found.story),
    ]


def main(names: list[str]) -> int:
    """Tell the scenarios named, or all that come with the project; 1 when one cannot be played."""
    try:
        chosen = [scenario.load(name) for name in names or scenario.names()]
        for played in chosen:
            print("\n".join(tell(played)) + "\n", flush=True)
    except (CalandoError, bedside.RuntimeDied, FileNotFoundError) as error:
        print(f"calando: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
