"""Files of training runs: the weights of a model, with all else that a run needs to go on.

They are `.weights.h5` files with one group more, so that their weights can also be loaded alone.
"""

import contextlib
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from deepkit.core.errors import CorruptFileError
from deepkit.saving._atomic import replacing
from deepkit.saving._formats._differences import Difference, compare, report
from deepkit.saving._formats._reader import Hdf5Reader
from deepkit.saving._formats._state import groups_of, load_state, write_state
from deepkit.saving._formats._steps import RUN
from deepkit.saving._formats._writer import written_to
from deepkit.saving._json import read_json, write_json
from deepkit.saving._saveable import Saveable
from deepkit.tensors import StatelessScope, Variable

_DESCRIPTION = f"{RUN}/description"


def write_run(
    model: Saveable,
    path: pathlib.Path,
    description: Mapping[str, Any],
    arrays: Mapping[str, Any],
    variables: Sequence[Variable],
    before_replacing: Callable[[pathlib.Path], None] = lambda temporary: None,
) -> None:
    """Write a run so that at any moment the file is the old one or the new one, whole.

    Args:
        model: the model.
        path: the file.
        description: what JSON can hold.
        arrays: arrays by name.
        variables: the variables that the run needs; those which the state of the model holds are
            not written twice.
        before_replacing: called with the new file, once it is whole, before it takes its place.
    """
    with replacing(path) as temporary:
        with written_to(temporary, str(path)) as writer:
            write_state(groups_of(model), writer)
            others = [i for i, variable in enumerate(variables) if not writer.has(variable)]
            for index in others:
                writer.array(f"{RUN}/variables/{index}", variables[index])
            for name, array in arrays.items():
                writer.array(f"{RUN}/arrays/{name}", array)
            whole = {**description, "variables": len(variables), "other_variables": others}
            text = write_json(whole, "description of the run")
            writer.array(_DESCRIPTION, np.frombuffer(text.encode(), "uint8"))
        before_replacing(temporary)


class RunFile:
    """A file that `write_run` wrote, opened and verified.

    Args:
        reader: the file.

    Attributes:
        description: as it was given.
        arrays: as they were given.
    """

    def __init__(self, reader: Hdf5Reader) -> None:
        self._reader = reader
        info = reader.datasets.get(_DESCRIPTION)
        if info is None:
            raise CorruptFileError(f"'{reader.file}' holds no run of a training.")
        text = reader.read(info).tobytes()
        self.description: dict[str, Any] = read_json(text, "The description", reader.file)
        self.arrays = {
            name: reader.read(info) for name, info in reader.datasets_in(f"{RUN}/arrays").items()
        }

    def load(self, model: Saveable, variables: Sequence[Variable], hint: str) -> None:
        """Load the state of the model and the other variables: all of it or nothing.

        Args:
            model: the model, built.
            variables: the variables that the run needs.
            hint: what can be done if it does not fit, for the message.

        Raises:
            WeightMismatchError: something does not fit.
        """
        found = self._reader.datasets_in(f"{RUN}/variables")
        count, others = self.description["variables"], self.description["other_variables"]
        differences = []
        if count != len(variables):
            text = f"{count} variables of the model, its optimizers and metrics in the file"
            differences.append(Difference("differs", f"{text}, {len(variables)} in the run"))
        else:
            pairs = [(variables[index], found[str(index)]) for index in others]
            compared = [compare(info, variable, variable.path) for variable, info in pairs]
            differences.extend(d for d in compared if d is not None)
        if differences:
            # Says more, if it is the weights that differ; in the scope nothing is changed.
            with StatelessScope():
                load_state(model, self._reader, hint)
            report(differences, self._reader.file, model.name, False, hint)
        values = [(variable, self._reader.read(info)) for variable, info in pairs]
        load_state(model, self._reader, hint)
        for variable, value in values:
            variable.assign(value)


@contextlib.contextmanager
def opened_run(path: pathlib.Path) -> Iterator[RunFile]:
    """Open a file that `write_run` wrote; all of it is read and compared with its checksums first.

    Raises:
        CorruptFileError: it is damaged, or another kind of file.
    """
    with Hdf5Reader(path, str(path)) as reader:
        reader.verify()
        yield RunFile(reader)
