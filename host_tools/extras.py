"""Libraries that only some need: asked for where they are used, with one sentence where they are missing."""

import importlib
from types import ModuleType

from simulator.files.errors import CalandoError


def needed(module: str, extra: str, purpose: str) -> ModuleType:
    """Return the module, imported. Raises CalandoError with the command that installs it where it is missing.

    extra: what it is a part of in pyproject.toml, such as "record". purpose: what wants it, such as "a table as Parquet".
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise CalandoError(
            f"{purpose} needs what is not installed here ({module.partition('.')[0]}); install it with pip install "
            f'"calando[{extra}]"'
        ) from None
