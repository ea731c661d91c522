"""Weights of Keras 1: the gates of recurrent layers apart, and optimizers that sort by name."""

from collections.abc import Sequence

from deepkit.saving._formats._inspection import DatasetInfo
from deepkit.saving._formats._taken import Taken
from deepkit.tensors import Variable

# The order of the gates today, by their places in the files of Keras 1: each was kernel, recurrent
# kernel, bias.
_LSTM_GATES = (0, 2, 1, 3)
_GRU_GATES = (0, 1, 2)


def join_gates(
    variables: Sequence[Variable], saved: Sequence[DatasetInfo]
) -> list[list[DatasetInfo]] | None:
    """For each variable of a recurrent layer, or of one both ways, the arrays of its gates.

    Returns:
        Lists of arrays to be joined; `None` if the numbers are not those of such a layer.
    """
    gates = {4: _LSTM_GATES, 3: _GRU_GATES}.get(len(saved) // max(len(variables), 1), ())
    if not gates or len(variables) % 3 or len(saved) != len(variables) * len(gates):
        return None
    joined = []
    for start in range(0, len(saved), 3 * len(gates)):
        one_way = saved[start : start + 3 * len(gates)]
        joined.extend([one_way[3 * gate + kind] for gate in gates] for kind in range(3))
    return joined


def slot_parts(variables: Sequence[Variable], pairs: Sequence[Taken]) -> list[list[int]]:
    """For each variable, which slots of a kind are its: Keras 1 sorted them by names of weights.

    Args:
        variables: the variables that the optimizer updates.
        pairs: the weights of the model and their arrays.
    """
    infos = {id(pair.variable): pair.infos for pair in pairs}
    if any(id(variable) not in infos for variable in variables):
        return [[index] for index in range(len(variables))]
    paths = [info.path for variable in variables for info in infos[id(variable)]]
    ranks = {path: rank for rank, path in enumerate(sorted(paths, key=_name))}
    return [[ranks[info.path] for info in infos[id(variable)]] for variable in variables]


def _name(path: str) -> str:
    """The name of a weight, which comes after the groups of all weights and of its layer."""
    return path.split("/", 2)[-1]
