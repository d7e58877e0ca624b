"""Where the command `calando` begins: what may be stopped is everything, from its first moment on.

Only this is imported before Ctrl-C is heard; the rest of the command takes some tenths of a second to read.
"""

from simulator.files import stopping


def main() -> None:
    """Run the console command `calando`."""
    stopping.end_at_once()
    from host_tools import cli

    try:
        stopping.raise_again()
        cli.main()
    except KeyboardInterrupt:  # in the moment before, or a second one while it puts things in order
        raise SystemExit(stopping.STATUS) from None
    finally:
        stopping.end_at_once()  # while the interpreter takes itself down


if __name__ == "__main__":
    main()
