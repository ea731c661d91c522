"""MultiHeadAttention: several attentions side by side."""

import string
from typing import Any

from deepkit.core.errors import ArgumentError, ShapeError
from deepkit.layers._arguments import check_positive
from deepkit.layers._projected_attention import ProjectedAttention
from deepkit.layers._stateful import in_file_order


class MultiHeadAttention(ProjectedAttention):
    """Attention over several heads (Vaswani et al., 2017, arXiv:1706.03762).

    Each head projects queries, keys and values, and computes
    `softmax(query @ transpose(key) / sqrt(key_dim)) @ value`; the heads' outputs are projected
    back together.

    Args:
        num_heads: the number of heads.
        key_dim: size of queries and keys in a head.
        value_dim: size of values in a head; `key_dim` if `None`.
        dropout: the part of the weights that is dropped in training.
        use_bias: whether projections have a bias.
        output_shape: size of the outputs' last axis, or sizes of the last axes; that of the query
            if `None`.
        attention_axes: the axes along which to attend; all but the batch and the features if
            `None`.
        sliding_window: how far a source may be from its target; any distance if `None`.
        flash_attention: whether to use a fused kernel; the device's choice if `None`.
        kernel_initializer: of the kernels.
        bias_initializer: of the biases.
        kernel_regularizer: a penalty on the kernels.
        bias_regularizer: a penalty on the biases.
        activity_regularizer: a penalty on the projections.
        kernel_constraint: applied to the kernels after each update.
        bias_constraint: applied to the biases after each update.
        use_gate: whether a learned gate multiplies the outputs of the heads.
        seed: an integer for the same dropout each time the program runs.

    Call arguments:
        query: of shape (batch, targets, features).
        value: of shape (batch, sources, features).
        key: of shape (batch, sources, features); `value` if `None`.
        query_mask, value_mask, key_mask: booleans of shape (batch, length); those that travel
            with the tensors if left out.
        attention_mask: booleans of shape (batch, targets, sources).
        return_attention_scores: whether to return the weights too, of shape
            (batch, heads, targets, sources).
        training: whether to drop.
        use_causal_mask: whether a target sees no later source.

    Raises:
        ArgumentError: a size is no integer of at least 1.
        ShapeError: keys and values have different lengths.

    Example:
        >>> import deepkit
        >>> layer = deepkit.layers.MultiHeadAttention(num_heads=2, key_dim=3)
        >>> x = deepkit.ops.ones((2, 5, 8))
        >>> layer(x, x).shape
        (2, 5, 8)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            key_dim if isinstance(key_dim, int) and key_dim > 0 else 1,
            dropout,
            use_bias,
            sliding_window,
            flash_attention,
            use_gate,
            seed,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
        self.num_heads = check_positive("num_heads", num_heads, self)
        self.key_dim = check_positive("key_dim", key_dim, self)
        self.value_dim = check_positive("value_dim", value_dim or key_dim, self)
        if isinstance(output_shape, int):
            output_shape = (output_shape,)
        self._output_sizes = None if not output_shape else tuple(output_shape)
        if isinstance(attention_axes, int):
            attention_axes = (attention_axes,)
        if attention_axes is not None and not isinstance(attention_axes, list | tuple):
            raise ArgumentError(
                f"Expected `attention_axes` of the layer '{self.name}' to be an integer or a list "
                f"of integers, received {attention_axes!r}."
            )
        self.attention_axes = None if attention_axes is None else tuple(attention_axes)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ShapeError(
                f"{self._described()} expects keys and values of one length, received key shape "
                f"{tuple(key_shape)} and value shape {tuple(value_shape)}."
            )
        key_sizes = (self.num_heads, self.key_dim)
        value_sizes = (self.num_heads, self.value_dim)
        self._query_dense = self._to_heads(query_shape, key_sizes, "query")
        self._key_dense = self._to_heads(key_shape, key_sizes, "key")
        if self.use_gate:
            self._gate_dense = self._to_heads(
                query_shape, value_sizes, "gate", activation="sigmoid"
            )
        self._value_dense = self._to_heads(value_shape, value_sizes, "value")
        rank = len(query_shape)
        if self.attention_axes is None:
            axes = tuple(range(1, rank - 1))
        else:
            axes = tuple(axis if axis >= 0 else rank + axis for axis in self.attention_axes)
        self._attended = axes
        self._make_weighing(tuple(range(-len(axes), 0)))
        self._output_dense = self._from_heads(query_shape)

    def _to_heads(self, shape: Any, sizes: tuple[int, int], name: str, **kwargs: Any) -> Any:
        free = string.ascii_letters[: len(shape) - 1]
        bound, head, size = string.ascii_letters[len(free) : len(free) + 3]
        equation = f"{free}{bound},{bound}{head}{size}->{free}{head}{size}"
        sizes_of_output = (*(None for _ in free[1:]), *sizes)
        dense = self._project(equation, sizes_of_output, head + size, name, **kwargs)
        dense.build(shape)
        return dense

    def _from_heads(self, query_shape: Any) -> Any:
        sizes = self._output_sizes or (query_shape[-1],)
        letters = string.ascii_letters
        free = letters[: len(query_shape) - 1]
        bound = letters[len(free) : len(free) + 2]
        out = letters[len(free) + 2 : len(free) + 2 + len(sizes)]
        equation = f"{free}{bound},{bound}{out}->{free}{out}"
        dense = self._project(
            equation, (*(None for _ in free[1:]), *sizes), out, "attention_output"
        )
        dense.build((*query_shape[:-1], self.num_heads, self.value_dim))
        return dense

    def _equations(self) -> tuple[str, str]:
        """With letters for all axes of the targets, and others for those that are attended."""
        rank = len(self._query_dense.equation.split("->")[1])
        letters = string.ascii_letters
        target = letters[:rank]
        source = list(target)
        for offset, axis in enumerate(self._attended):
            source[axis] = letters[rank + offset]
        together = [i for i in range(rank - 2) if i not in self._attended]
        scores = "".join(target[i] for i in (*together, rank - 2, *self._attended)) + "".join(
            source[i] for i in self._attended
        )
        sources = "".join(source)
        return f"{sources},{target}->{scores}", f"{scores},{sources}->{target}"

    def saveable_children(self) -> dict[str, Any]:
        """The parts; files know the projections by public names."""
        children = super().saveable_children()
        public = ("_query_dense", "_key_dense", "_value_dense", "_output_dense")
        return in_file_order({k[1:] if k in public else k: v for k, v in children.items()})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **self._shared_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "output_shape": self._output_sizes,
            "attention_axes": self.attention_axes,
        }
