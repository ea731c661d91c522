"""The base of `SimpleRNN`, `LSTM` and `GRU`: recurrent layers that make their cell themselves."""

from typing import Any

from deepkit import regularizers
from deepkit.layers._arguments import check_choice
from deepkit.layers._input_spec import InputSpec
from deepkit.layers._recurrent_layer import RecurrentLayer


def of_cell(name: str, doc: str) -> property:
    """An attribute of a layer that is its cell's."""
    return property(lambda layer: getattr(layer.cell, name), doc=doc)


class CellLayer(RecurrentLayer):
    """Base of layers around a cell of the library's, whose arguments are theirs too.

    Args:
        cell: the cell.
        use_cudnn: accepted for Keras's signature; one compiled program serves all devices.
        **kwargs: those of `RecurrentLayer`.
    """

    units = of_cell("units", "Size of the output and of each state.")
    activation = of_cell("activation", "The activation.")
    use_bias = of_cell("use_bias", "Whether there is a bias.")
    kernel_initializer = of_cell("kernel_initializer", "Of the kernel.")
    recurrent_initializer = of_cell("recurrent_initializer", "Of the recurrent kernel.")
    bias_initializer = of_cell("bias_initializer", "Of the bias.")
    kernel_regularizer = of_cell("kernel_regularizer", "A penalty on the kernel.")
    recurrent_regularizer = of_cell("recurrent_regularizer", "A penalty on the recurrent kernel.")
    bias_regularizer = of_cell("bias_regularizer", "A penalty on the bias.")
    kernel_constraint = of_cell("kernel_constraint", "Applied to the kernel.")
    recurrent_constraint = of_cell("recurrent_constraint", "Applied to the recurrent kernel.")
    bias_constraint = of_cell("bias_constraint", "Applied to the bias.")
    dropout = of_cell("dropout", "The part of the inputs that is dropped in training.")
    recurrent_dropout = of_cell("recurrent_dropout", "The part of the state that is dropped.")
    seed = of_cell("seed", "The seed of the dropout masks.")

    def __init__(self, cell: Any, *, use_cudnn: Any = "auto", **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self.use_cudnn = check_choice("use_cudnn", use_cudnn, ("auto", True, False), self)
        self.input_spec = InputSpec(ndim=3)

    @staticmethod
    def _cell_options(kwargs: dict[str, Any]) -> dict[str, Any]:
        """Those of a layer's further arguments that are its cell's too."""
        shared = {key: kwargs[key] for key in ("dtype", "trainable") if key in kwargs}
        return {**shared, "implementation": kwargs.pop("implementation", None)}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = self.cell.get_config()
        return {
            **super().get_config(),
            **{k: v for k, v in own.items() if k not in ("name", "trainable", "dtype")},
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
