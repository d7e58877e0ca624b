"""Results that are whole or untouched, files and folders: they are made aside and moved in when all are there.

Files in a folder that are not ours stay as they are. What a person may have worked on is replaced only when asked to: see
refuse_to_replace.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from simulator.files import stopping
from simulator.files.errors import CalandoError, os_reason


class OutputFolder:
    """`with OutputFolder(path) as new: (new / "a.csv").write_text(...)`: all appears at the end, or nothing.

    Raises CalandoError at the beginning where nothing could be written anyway, and when the disk fails later.
    """

    def __init__(self, path: Path):
        self.path = path
        self._made: list[Path] = []
        self._new: Path | None = None

    def __enter__(self) -> Path:
        try:
            if self.path.exists() and not self.path.is_dir():
                raise CalandoError(
                    f"{self.path} is a file, so no folder can be made there; choose another --out"
                )
            self._make_parents()
            # Inside the folder if it exists, so that moving in never crosses a file system.
            where = self.path if self.path.is_dir() else self.path.parent
            self._new = Path(tempfile.mkdtemp(prefix=".calando-", dir=where))
            self._new.chmod(0o755)
        except OSError as error:
            self._undo()
            raise self._failed(error) from None
        except BaseException:
            self._undo()
            raise
        return self._new

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._move_in()
            except OSError as failure:
                self._undo()
                raise self._failed(failure) from None
            return
        self._undo()
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise self._failed(error) from None

    def _make_parents(self) -> None:
        missing = []
        parent = self.path.parent
        while not parent.exists():
            missing.append(parent)
            parent = parent.parent
        for folder in reversed(missing):
            folder.mkdir()
            self._made.append(folder)

    def _move_in(self) -> None:
        if self._new is None:
            raise RuntimeError("the folder was not entered")
        if not self.path.is_dir():
            self._new.rename(self.path)
            stopping.note_written(self.path)
            return
        for file in sorted(self._new.iterdir()):
            os.replace(file, self.path / file.name)
        self._new.rmdir()
        stopping.note_written(self.path)

    def _undo(self) -> None:
        if self._new is not None:
            shutil.rmtree(self._new, ignore_errors=True)
        for folder in reversed(self._made):
            if not any(folder.iterdir()):
                folder.rmdir()
        self._made.clear()

    def _failed(self, error: OSError) -> CalandoError:
        return CalandoError(
            f"{self.path}: the results cannot be written there ({os_reason(error)}); "
            "choose another folder with --out, or make room"
        )


def refuse_to_replace(files: dict[Path, bytes], overwrite: bool = False) -> None:
    """Raise CalandoError where one of these files is there with other contents, unless it may be overwritten.

    The rule of every command whose files people edit or keep: pages, tables, exports. What is there and would be the same
    is no loss.
    """
    refuse_folders(files)
    if overwrite:
        return
    there = [place for place, content in files.items() if place.is_file() and _differs(place, content)]
    if there:
        raise CalandoError(
            f"{', '.join(map(str, there))} {'is' if len(there) == 1 else 'are'} there already with other contents; "
            "give --out another place, or add --overwrite"
        )


def refuse_another_kind(results: list[tuple[Path | None, str]]) -> None:
    """Raise CalandoError where one of these places has a file that does not begin as its result does, or two are one.

    The rule of commands whose results are made anew again and again: an older result gives way, nothing else does, but
    for an empty file. A place that is None was not asked for.
    """
    wanted = [(place, begins) for place, begins in results if place is not None]
    if len({os.path.realpath(place) for place, _ in wanted}) < len(wanted):
        raise CalandoError(f"{wanted[0][0]} is to take two results; give each a file of its own")
    refuse_folders([place for place, _ in wanted])
    for place, begins in wanted:
        if not place.absolute().parent.is_dir():
            raise CalandoError(f"cannot write {place}: its folder does not exist")
        if place.is_file():
            with place.open("rb") as file:
                there = file.read(len(begins))
            if there not in (begins.encode(), b""):
                raise CalandoError(
                    f"{place} is there already and is no earlier result of this kind; give another name, or move it away"
                )


def refuse_folders(places: Iterable[Path]) -> None:
    """Raise CalandoError for a place that is to be a file and is a folder."""
    for place in places:
        if place.is_dir():
            raise CalandoError(f"{place} is a folder; name a file in it")


def _differs(place: Path, content: bytes) -> bool:
    try:
        return place.stat().st_size != len(content) or place.read_bytes() != content
    except OSError:
        return True  # what cannot be read cannot be known to be the same


def write_files(files: dict[Path, bytes]) -> None:
    """Write all files or none: beside their places first, then moved there. Raises CalandoError with a sentence.

    A link stays a link: what it leads to is written.
    """
    with _temporary({_led_to(place): content for place, content in files.items()}) as moves:
        for new, place in moves:
            os.replace(new, place)
            stopping.note_written(place)


def _led_to(place: Path) -> Path:
    """Return where a link leads, or the place itself where it is none."""
    if not place.is_symlink():
        return place
    if not place.exists():
        raise CalandoError(
            f"{place} is a link that leads nowhere, and is left as it is; choose another place"
        )
    return place.resolve()


@contextmanager
def _temporary(files: dict[Path, bytes]) -> Iterator[list[tuple[Path, Path]]]:
    made: list[tuple[Path, Path]] = []
    place = Path()
    try:
        for place, content in files.items():
            refuse_folders([place])
            if place.exists() and not place.is_file():
                # A device as /dev/null would be gone from the system, and a file in its place.
                raise CalandoError(f"{place} is no file, and is left as it is; choose another place")
            handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.absolute().parent)
            made.append((Path(name), place))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(name, 0o644)
        yield made
    except OSError as error:
        raise CalandoError(f"{place} cannot be written ({os_reason(error)}); choose another place") from None
    finally:
        for new, _ in made:
            new.unlink(missing_ok=True)
