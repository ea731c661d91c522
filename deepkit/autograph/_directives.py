"""What a user writes inside of a loop to say how it is to be compiled."""

from typing import Any


def set_loop_options(
    maximum_iterations: int | None = None,
    parallel_iterations: Any = None,
    swap_memory: Any = None,
    shape_invariants: Any = None,
) -> None:
    """Say how the loop around is to be compiled; written first in its body.

    It is read when the loop is converted, and does nothing by itself. Loops that run in Python are
    not changed by it.

    Args:
        maximum_iterations: most turns to make. A `while` with it has gradients: it becomes a scan
            of so many turns, in which those after the end do nothing.
        parallel_iterations: accepted for TensorFlow's signature; XLA decides by itself.
        swap_memory: likewise.
        shape_invariants: likewise. Shapes cannot change in a loop of XLA.

    Example:
        >>> import deepkit, jax
        >>> def root(x):
        ...     y = x
        ...     while abs(y * y - x) > 1e-3:
        ...         deepkit.autograph.set_loop_options(maximum_iterations=20)
        ...         y = (y + x / y) / 2
        ...     return y
        >>> f = jax.jit(deepkit.autograph.convert(root))
        >>> print(f"{f(2.0):.3f} {jax.grad(f)(2.0):.3f}")
        1.414 0.354
    """
