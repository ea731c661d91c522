"""FunctionNetwork: a pair of JAX functions that make parameters and compute with them."""

from collections.abc import Callable
from typing import Any

from deepkit.core.errors import ArgumentError, SerializationError
from deepkit.core.serialization import serialize_keras_object
from deepkit.models._call_plan import CallPlan


class FunctionNetwork:
    """Plain functions `init(key, inputs)` and `apply(params, inputs)`.

    Args:
        init: makes the parameters; `None` if they are given.
        apply: computes the outputs.
        params: the parameters, if there is no `init`.
        state: the state, if there is no `init`.

    Raises:
        ArgumentError: there is neither `init` nor `params`; or a state without parameters, or
            without a parameter of `apply` for it.
    """

    takes_one_example = False
    what = "`apply`"

    def __init__(
        self,
        init: Callable[..., Any] | None,
        apply: Callable[..., Any],
        params: Any = None,
        state: Any = None,
    ) -> None:
        self._init, self._apply = init, apply
        self._params, self._state = params, state
        self._plan = CallPlan(apply, "`apply`", leading=("params",))
        self.takes_key = "key" in self._plan.takes
        self.changes_state = "state" in self._plan.takes
        if state is not None and not self.changes_state:
            raise ArgumentError(
                "Expected `apply` to have a parameter named `state`, because a `state` is given. "
                "Write it as `apply(params, state, inputs)` that returns `(outputs, new_state)`."
            )
        if params is not None:
            if self.changes_state and state is None:
                raise ArgumentError(
                    "Expected `state`, because `apply` has a parameter named `state` and `params` "
                    "are given. Pass `state=...` too, or an `init` that returns both."
                )
            return
        if state is not None:
            raise ArgumentError(
                "Expected `params` beside `state`, received `state` alone, which `init` makes too. "
                "Pass both or none."
            )
        if init is None:
            raise ArgumentError(
                "Expected `params`, or a pair `(init, apply)` of which the first makes them, "
                "received `apply` alone."
            )
        self._init_plan = CallPlan(init, "`init`", leading=("key",), needs_inputs=False)

    def given(self) -> tuple[Any, Any] | None:
        """The parameters and the state, if they were given."""
        if self._params is None:
            return None
        return self._params, () if self._state is None else self._state

    def init(self, key: Any, inputs: Any) -> tuple[Any, Any]:
        """What `init` makes."""
        args, kwargs = self._init_plan.arguments(inputs, key=key, training=False)
        made = self._init(*args, **kwargs)
        if not self.changes_state:
            return made, ()
        if not isinstance(made, tuple | list) or len(made) != 2:
            raise ArgumentError(
                f"Expected `init` to return `(params, state)`, because `apply` has a parameter "
                f"named `state`, received {type(made).__name__}."
            )
        return made[0], made[1]

    def apply(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        """What `apply` computes."""
        args, kwargs = self._plan.arguments(
            inputs, params=params, state=state, key=key, training=training
        )
        result = self._apply(*args, **kwargs)
        if not self.changes_state:
            return result, ()
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise ArgumentError(
                f"Expected `apply` to return `(outputs, new_state)`, because it has a parameter "
                f"named `state`, received {type(result).__name__}."
            )
        return result[0], result[1]

    def module(self, params: Any, state: Any) -> Any:
        """The parameters; `(params, state)` where there is a state."""
        return (params, state) if self.changes_state else params

    def get_config(self) -> Any:
        """The functions, by their names.

        Raises:
            SerializationError: the parameters were given.
        """
        if self._init is None or self._params is not None:
            raise SerializationError(
                "A JaxModel whose `params` are given cannot be written to a config, which holds "
                "no arrays. Pass a pair `(init, apply)`, or keep the weights by `save_weights`."
            )
        return [serialize_keras_object(function) for function in (self._init, self._apply)]
