"""The `.weights.json` format: the state alone, in several files and an index of them."""

import contextlib
import math
import os
import pathlib
import re
import secrets
import stat
from collections.abc import Iterable
from typing import Any

import numpy as np

from deepkit.core.errors import ArgumentError, CorruptFileError, DeepkitError
from deepkit.saving._atomic import replacing, sync_folder
from deepkit.saving._formats._checksums import Piece, workers
from deepkit.saving._formats._output import write_pieces
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._shard_index import MAX_SHARDS, Shard, ShardIndex
from deepkit.saving._formats._sharded_reader import ShardedReader
from deepkit.saving._formats._state import Group, groups_of, load_state, write_state
from deepkit.saving._formats._writer import written_to
from deepkit.saving._leftovers import is_abandoned, temporary_beside
from deepkit.saving._paths import WEIGHTS_ENDING as ENDING
from deepkit.saving._saveable import Saveable
from deepkit.tensors import Variable

# How often loading starts again because a saver has replaced the index meanwhile.
_MOST_TRIES = 10


def save_weights(model: Saveable, path: pathlib.Path, max_bytes: float) -> None:
    """Write the state of a model into files of a greatest size, and an index.

    The new files have names of their own, so that the old index and its files stay whole until the
    new index takes its place.
    """
    target = pathlib.Path(os.path.realpath(path))
    plan = plan_of(groups_of(model), max_bytes)
    former = _named_in(target) or set()
    token = secrets.token_hex(8)
    made: list[pathlib.Path] = []
    try:
        with replacing(target, token) as temporary, workers() as pool:
            index, total = _write_shards(plan, target, token, made)
            _write_anchor(target)
            sync_folder(target.parent)
            content = [Piece(index.to_bytes(total))]
            write_pieces(temporary, content, pool, str(path))
            ShardIndex.read(temporary, str(path))
    except BaseException:
        # After the index was replaced, it is the folder that could not be synced.
        if not {shard.name for shard in made} & (_named_in(target) or set()):
            for shard in made:
                shard.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):
        _remove_old_shards(target, former)


def load_weights(model: Saveable, path: pathlib.Path, **options: Any) -> bool:
    """Load the state of a model; for options see `load_state`.

    A saver that replaces the index meanwhile takes its shards away: then the new ones are loaded.
    """
    target = pathlib.Path(os.path.realpath(path))
    tries = 0
    while True:
        index = ShardIndex.read(target, str(path))
        try:
            with ShardedReader(index, target.parent, str(path)) as reader:
                return load_state(model, reader, **options)
        except CorruptFileError:
            tries += 1
            if tries == _MOST_TRIES or ShardIndex.read(target, str(path)) == index:
                raise


def plan_of(groups: Iterable[Group], max_bytes: float) -> list[list[Group]]:
    """Which groups go into which file; a group may go into several.

    A variable that was met before goes where it is already, and is linked to there.

    Raises:
        ArgumentError: an array alone is too large, or there would be too many files.
    """
    shards: list[dict[str, Group]] = [{}]
    homes: dict[int, int] = {}
    filled = 0.0
    for group in groups:
        _part_of(group, shards[-1])
        for key, value in group.arrays.items():
            size = _size(value)
            if size > max_bytes:
                raise ArgumentError(
                    f"Expected `max_shard_size` to be enough for every array, received "
                    f"{max_bytes / 2**30:g} GB, where '{group.path}/{key}' has "
                    f"{size / 2**30:g} GB. Pass a larger one."
                )
            home = homes.get(id(value)) if isinstance(value, Variable) else None
            if home is None:
                if filled + size > max_bytes:
                    shards.append({})
                    filled = 0.0
                filled += size
                home = homes[id(value)] = len(shards) - 1
            _part_of(group, shards[home]).arrays[key] = value  # type: ignore[index]
    if len(shards) > MAX_SHARDS:
        raise ArgumentError(
            f"Expected `max_shard_size` to make at most {MAX_SHARDS:,} files, received "
            f"{max_bytes / 2**30:g} GB, which makes {len(shards):,}. Pass a larger one."
        )
    return [list(shard.values()) for shard in shards]


def _part_of(group: Group, shard: dict[str, Group]) -> Group:
    return shard.setdefault(group.path, Group(group.path, group.attributes, {}))


def _size(value: Any) -> int:
    return math.prod(value.shape) * np.dtype(value.dtype).itemsize


def _write_shards(
    plan: list[list[Group]], target: pathlib.Path, token: str, made: list[pathlib.Path]
) -> tuple[ShardIndex, int]:
    """Write all shards; each is on the disk when the next begins."""
    files: dict[str, list[str]] = {}
    shards: dict[str, Shard | None] = {}
    total = 0
    for number, groups in enumerate(plan):
        path = target.with_name(f"{_base(target)}_{token}_{number:05}{ENDING}")
        path.touch(exist_ok=False)
        made.append(path)
        if target.exists():
            path.chmod(stat.S_IMODE(target.stat().st_mode))
        with written_to(path, str(path)) as writer:
            write_state(groups, writer)
        with path.open("rb") as stream, Hdf5Reader(stream, str(path)) as reader:
            shards[path.name] = Shard(path.stat().st_size, reader.manifest.identity)
            total += sum(info.nbytes for info in reader.datasets.values())
        for group in groups:
            if group.arrays:
                files.setdefault(group.path, []).append(path.name)
    return ShardIndex(files, shards), total


def _base(target: pathlib.Path) -> str:
    """What names of shards begin with, in Keras too."""
    return target.name.removesuffix(".json").removesuffix(".weights")


def _anchor(target: pathlib.Path) -> pathlib.Path:
    """The file that Keras opens before it looks into the index."""
    return target.with_name(f"{_base(target)}_00000{ENDING}")


def _write_anchor(target: pathlib.Path) -> None:
    """Write a file without content, unless there is one, which the old index may need."""
    if not _anchor(target).exists():
        _empty(_anchor(target))


def _empty(path: pathlib.Path) -> None:
    with replacing(path) as temporary, written_to(temporary, str(path)):
        pass


def _named_in(target: pathlib.Path) -> set[str] | None:
    """The shards that an index names; `None` if there is none that can be read."""
    try:
        return set(ShardIndex.read(target, str(target)).shards)
    except (OSError, DeepkitError):
        return None


def _remove_old_shards(target: pathlib.Path, former: set[str]) -> None:
    """Remove shards of this index that it does not name any more.

    Args:
        target: the index.
        former: the shards that the old one named. Among those with names as Keras gives them, no
            other ones are removed: such names are those of single files, too.
    """
    base = re.escape(_base(target))
    pattern = re.compile(rf"{base}_(?:([0-9a-f]{{16}})_)?\d{{5}}{re.escape(ENDING)}")
    found = [match for match in map(pattern.fullmatch, os.listdir(target.parent)) if match]
    # Before the index is read: a saver that is done now has its shards in it.
    done = [
        match[0]
        for match in found
        if (is_abandoned(temporary_beside(target, match[1])) if match[1] else match[0] in former)
    ]
    named = _named_in(target)
    if named is None:
        return
    for name in set(done) - named:
        with contextlib.suppress(OSError):
            if target.with_name(name) == _anchor(target):
                _empty(_anchor(target))
            else:
                target.with_name(name).unlink()
