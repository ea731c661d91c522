"""Assets: files that a layer keeps beside its variables, such as a vocabulary.

A layer has them if it has `save_assets(folder)` and `load_assets(folder)`, as in Keras.
"""

import pathlib
import stat
import tempfile

from deepkit.core.errors import CorruptFileError, SerializationError, UnsafeFileError
from deepkit.saving._formats._archive_members import FREE_BYTES, MAX_EXPANSION
from deepkit.saving._formats._checksums import Piece
from deepkit.saving._formats._member_names import ASSETS
from deepkit.saving._formats._members import Members
from deepkit.saving._saveable import Place, Saveable, check_path, check_step, places_of


def assets_of(model: Saveable) -> dict[str, list[Piece]]:
    """The content of all assets of a model, by the names of members.

    Raises:
        SerializationError: something else than a file is among them, or two have the same name.
    """
    found: dict[str, list[Piece]] = {}
    for place in places_of(model):
        if not hasattr(place.saveable, "save_assets"):
            continue
        with tempfile.TemporaryDirectory(prefix="deepkit-") as folder:
            place.saveable.save_assets(folder)
            for name, path in _files_in(pathlib.Path(folder), place):
                if name in found:
                    raise SerializationError(
                        f"Expected assets of different names, but two layers have '{name}'."
                    )
                found[name] = [Piece(path.read_bytes())]
    return found


def _files_in(folder: pathlib.Path, place: Place) -> list[tuple[str, pathlib.Path]]:
    found = []
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise SerializationError(
                f"Expected `save_assets` of '{place.saveable.name}' to write plain files, but "
                f"'{path.name}' is none."
            )
        check_step(path.name)
        if stat.S_ISREG(mode):
            found.append((f"{_prefix(place)}{path.relative_to(folder).as_posix()}", path))
    return found


def _prefix(place: Place) -> str:
    return f"{ASSETS}/{place.path}/" if place.path else f"{ASSETS}/"


def load_assets(model: Saveable, members: Members) -> None:
    """Give each object that loads assets a folder with its own, which is removed afterwards.

    Raises:
        CorruptFileError: an asset is damaged.
        UnsafeFileError: one has a name that leads elsewhere, or all are too large together.
    """
    takers = [place for place in places_of(model) if hasattr(place.saveable, "load_assets")]
    if not takers:
        return
    prefixes = tuple(_prefix(place) for place in takers)
    names = [name for name in members.names if name.startswith(prefixes)]
    _check_total(names, members)
    with tempfile.TemporaryDirectory(prefix="deepkit-") as folder:
        for name in names:
            _unpack(name, members, pathlib.Path(folder))
        for place in takers:
            own = pathlib.Path(folder, _prefix(place))
            own.mkdir(parents=True, exist_ok=True)
            try:
                place.saveable.load_assets(str(own))
            except Exception as error:
                error.add_note(
                    f"Raised by `load_assets` of '{place.saveable.name}' "
                    f"({type(place.saveable).__name__}), at '{place.path}' in '{members.file}'."
                )
                raise


def _check_total(names: list[str], members: Members) -> None:
    total = sum(members.size(name) for name in names)
    allowed = FREE_BYTES + MAX_EXPANSION * members.stored_size
    if total > allowed:
        raise UnsafeFileError(
            f"'{members.file}' is not loaded: its assets have {total:,} bytes, more than the "
            f"{allowed:,} that are allowed for a file of this size."
        )


def _unpack(name: str, members: Members, folder: pathlib.Path) -> None:
    """Write an asset into a folder that nobody else uses."""
    if name.endswith("/"):
        return
    try:
        check_path(name)
    except SerializationError as error:
        raise UnsafeFileError(
            f"'{members.file}' is not loaded: the name of its asset {name[:100]!r} may lead "
            f"elsewhere."
        ) from error
    path = folder / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb") as stream:
            stream.write(members.read(name))
    except (FileExistsError, NotADirectoryError) as error:
        raise CorruptFileError(
            f"'{members.file}' is damaged: the asset '{name}' is a file and a folder."
        ) from error
