"""Arrays by name, from mappings, modules and files; none is read before it is asked for."""

import contextlib
import dataclasses
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from deepkit.core.errors import ArgumentError, ArgumentTypeError, CorruptFileError
from deepkit.saving._formats import _dtypes
from deepkit.saving._formats._archive_members import check_names
from deepkit.saving._formats._damage import damage_in
from deepkit.saving._formats._safetensors_reader import SafetensorsReader
from deepkit.saving._paths import existing_file

_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")


@dataclasses.dataclass(frozen=True)
class Source:
    """An array that can be had.

    Attributes:
        name: its name.
        shape: its shape.
        read: gives the array.
        owner: the name of the object whose variable it is, if the writer noted it.
    """

    name: str
    shape: tuple[int, ...]
    read: Callable[[], np.ndarray]
    owner: str | None = None


@contextlib.contextmanager
def opened(origin: Any) -> Iterator[tuple[str, list[Source]]]:
    """What weights come from, as messages name it, and all arrays in it.

    Args:
        origin: a mapping of arrays, a module with `state_dict`, or the path of a `.safetensors` or
            `.npz` file.

    Raises:
        ArgumentError: it is a file of another kind.
        ArgumentTypeError: it is nothing of these, or holds something else than numbers.
        CorruptFileError: the file is damaged.
    """
    if isinstance(origin, str | os.PathLike):
        path = existing_file(origin)
        with _open_file(path) as sources:
            yield f"'{path}'", sources
        return
    if not isinstance(origin, Mapping) and callable(getattr(origin, "state_dict", None)):
        origin = origin.state_dict()
    if not isinstance(origin, Mapping):
        raise ArgumentTypeError(
            f"Expected a mapping of names and arrays, a module with `state_dict`, or the path of a "
            f"`.safetensors` or `.npz` file, received {type(origin).__name__}."
        )
    yield "the mapping", list(_from_mapping(origin, ""))


def _from_mapping(mapping: Mapping[Any, Any], prefix: str) -> Iterator[Source]:
    for key, value in mapping.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _from_mapping(value, f"{name}.")
            continue
        shape = tuple(getattr(value, "shape", None) or np.shape(value))
        yield Source(name, shape, lambda name=name, value=value: _numbers(name, value))


def _numbers(name: str, value: Any) -> np.ndarray:
    """An array of what may be a tensor of PyTorch, on any device."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        # NumPy has no bfloat16 of its own, so PyTorch does not hand it out.
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    array = np.asarray(value)
    if not _dtypes.is_numeric(array.dtype) and not _dtypes.is_opaque(array.dtype):
        raise ArgumentTypeError(
            f"Expected arrays of numbers, received {type(value).__name__} of dtype {array.dtype} "
            f"for {name[:100]!r}. Leave it out by `rename={{{name[:100]!r}: None}}`."
        )
    return array


@contextlib.contextmanager
def _open_file(path: pathlib.Path) -> Iterator[list[Source]]:
    if path.suffix == ".safetensors":
        with SafetensorsReader(path, str(path)) as reader:
            stored = {**{key: key for key in reader.datasets}, **reader.aliases()}
            infos = {name: reader.datasets[key] for name, key in stored.items()}
            owners = _owners(reader)
            yield [
                Source(name, info.shape, lambda info=info: reader.read(info), owners.get(name))
                for name, info in infos.items()
            ]
    elif path.suffix == ".npz":
        with damage_in(f"'{path}'"), zipfile.ZipFile(path) as archive:
            check_names(archive.namelist(), str(path))
            sources = [_from_member(archive, name, str(path)) for name in archive.namelist()]
        yield sources
    elif path.suffix in _PICKLES:
        raise ArgumentError(_pickle_message(path))
    else:
        raise ArgumentError(
            f"Expected the path of a `.safetensors` or `.npz` file, received '{path}'. Files of "
            f"Keras and deepkit are loaded by `load_weights`."
        )


def _owners(reader: SafetensorsReader) -> dict[str, str]:
    """The names of the objects that arrays belong to, as deepkit notes them, by key."""
    names = reader.names()
    groups = {key: path.rpartition("/")[0] for key, path in reader.paths().items()}
    return {key: names[group] for key, group in groups.items() if group in names}


def _pickle_message(path: pathlib.Path) -> str:
    return (
        f"'{path}' is a pickle, which can run any code while it is read, so it is not read here. "
        f"Where PyTorch is, and if you trust the file, make a safetensors file of it: "
        f"`from safetensors.torch import save_file; "
        f"save_file(torch.load('{path.name}', weights_only=True), '{path.stem}.safetensors')`."
    )


def _from_member(archive: zipfile.ZipFile, member: str, file: str) -> Source:
    """An array of a `.npz` file, of which only the header is read."""
    with archive.open(member) as stream:
        shape, dtype = _npy_header(stream, member, file)
    declared = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if declared > archive.getinfo(member).file_size:
        raise CorruptFileError(
            f"'{file}' is damaged: its array {member[:100]!r} speaks of {declared:,} bytes, and "
            f"has fewer."
        )

    def read() -> np.ndarray:
        with damage_in(f"'{file}'"), zipfile.ZipFile(file) as again, again.open(member) as stream:
            array = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read(1)  # the checksum is compared at the end
            return array

    return Source(member.removesuffix(".npy"), shape, read)


def _npy_header(stream: BinaryIO, member: str, file: str) -> tuple[tuple[int, ...], np.dtype]:
    version = np.lib.format.read_magic(stream)
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    shape, _, dtype = read[version[0]](stream)
    if not _dtypes.is_numeric(dtype):
        raise ArgumentTypeError(
            f"Expected arrays of numbers in '{file}', received dtype {dtype} for {member[:100]!r}."
        )
    return tuple(shape), dtype
