"""The arguments that a function was declared to take."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from deepkit.core import dtypes, tree
from deepkit.core.errors import ArgumentTypeError, SignatureError
from deepkit.tensors import TensorSpec, Variable, is_symbolic

from ._arguments import Arguments

_WITH_DTYPE = (TensorSpec, jax.Array, np.ndarray, np.generic)


class InputSignature:
    """Checks arguments against specifications, and makes arrays of them.

    Args:
        specs: a `TensorSpec`, or nested ones, for each argument.
        arguments: the arguments of the function.

    Raises:
        ArgumentTypeError: something is no `TensorSpec`, or there are more than arguments.
    """

    def __init__(self, specs: Sequence[Any], arguments: Arguments) -> None:
        if not isinstance(specs, (list, tuple)):
            raise ArgumentTypeError(
                f"Expected `input_signature` to be a list with a TensorSpec for each argument, "
                f"received {specs!r}."
            )
        for spec in tree.flatten(specs):
            if not isinstance(spec, TensorSpec):
                raise ArgumentTypeError(
                    f"Expected `input_signature` to be made of TensorSpecs, received {spec!r}."
                )
        self.specs = tuple(specs)
        self._arguments = arguments
        if len(specs) > arguments.count:
            raise ArgumentTypeError(
                f"`input_signature` has {len(specs)} specifications, and the function "
                f"'{arguments.name}{arguments.signature}' takes {arguments.count} arguments."
            )

    def fitted(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments as arrays that fit; those beyond the signature as they are.

        Raises:
            SignatureError: they do not fit.
        """
        if len(args) < len(self.specs):
            raise SignatureError(
                f"The function '{self._arguments.name}' has a signature of {len(self.specs)} "
                f"arguments, received {len(args)}."
            )
        fitted = [self._fit(spec, value) for spec, value in zip(self.specs, args)]
        return (*fitted, *args[len(fitted) :]), kwargs

    def _fit(self, spec: Any, value: Any) -> Any:
        if isinstance(spec, TensorSpec):
            return self._fit_one(spec, value)
        try:
            return tree.map_structure(self._fit_one, spec, value)
        except (TypeError, ValueError) as error:
            if isinstance(error, SignatureError):
                raise
            raise self._error(spec, value) from None

    def _fit_one(self, spec: TensorSpec, value: Any) -> Any:
        if (
            isinstance(value, TensorSpec)
            or is_symbolic(value)
            or isinstance(value, (jax.Array, np.ndarray, np.generic))
        ):
            fits = spec.is_compatible_with(value)
        else:
            value = self._array(spec, value)
            fits = spec.fits_shape(value.shape)
        if not fits:
            raise self._error(spec, value)
        return value

    def _array(self, spec: TensorSpec, value: Any) -> Any:
        """A Python value or a variable as an array of the dtype of the specification."""
        if isinstance(value, Variable):
            value = value.value
            if dtypes.standardize_dtype(value.dtype) != spec.dtype:
                raise self._error(spec, value)
            return value
        try:
            array = np.asarray(value)
            loses = array.dtype.kind not in "biufc" or not np.can_cast(
                array.dtype, np.dtype(jnp.dtype(spec.dtype)), "same_kind"
            )
        except (TypeError, ValueError):
            raise self._error(spec, value) from None
        if loses:
            raise self._error(spec, value)
        return array.astype(spec.dtype)

    def _error(self, spec: Any, value: Any) -> SignatureError:
        shown = value
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            shown = TensorSpec(value.shape, value.dtype)
        return SignatureError(
            f"Expected the function '{self._arguments.name}' to be given {spec!r}, as its "
            f"`input_signature` says, received {shown!r}."
        )
