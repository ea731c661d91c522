"""EquinoxNetwork: an Equinox module, its floating arrays apart from all else."""

from typing import Any

from deepkit.core.errors import ArgumentError, SerializationError
from deepkit.models._call_plan import CallPlan
from deepkit.models._jax_network import unnamed_error


class EquinoxNetwork:
    """An Equinox module. Only its floating arrays are weights; other leaves stay as they are.

    Args:
        module: an `equinox.Module`.
        state: the `equinox.nn.State` that `equinox.nn.make_with_state` returned beside it.

    Raises:
        ArgumentError: the module needs a state, and there is none.
    """

    takes_one_example = True
    what = "the Equinox module"

    def __init__(self, module: Any, state: Any = None) -> None:
        import equinox

        self._equinox = equinox
        self._params, self._static = equinox.partition(module, equinox.is_inexact_array)
        self._state = state
        self.changes_state = state is not None
        ignored = () if self.changes_state else ("state",)
        self._plan = CallPlan(type(module).__call__, self.what, ("module",), ignored)
        self.takes_key = "key" in self._plan.takes
        if state is None and "state" in self._plan.inputs:
            raise ArgumentError(
                "Expected a state, because `__call__` of the Equinox module has a parameter named "
                "`state`. Pass it: `module, state = equinox.nn.make_with_state(Module)(...)`, "
                "`JaxModel(module, state=state)`."
            )

    def given(self) -> tuple[Any, Any]:
        """The floating arrays and the state."""
        return self._params, self._state if self.changes_state else ()

    def init(self, key: Any, inputs: Any) -> tuple[Any, Any]:
        """The same."""
        return self.given()

    def apply(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        """What the module computes; outside of training in its inference mode."""
        module = self._equinox.combine(params, self._static)
        if not training:
            module = self._equinox.nn.inference_mode(module)
        given = {"state": state} if self.changes_state else {}
        args, kwargs = self._plan.arguments(
            inputs, module=module, key=key, training=training, **given
        )
        result = args[0](*args[1:], **kwargs)
        if not self.changes_state:
            return result, ()
        if not isinstance(result, tuple) or len(result) != 2:
            raise ArgumentError(
                f"Expected the Equinox module to return `(outputs, state)`, because a state is "
                f"given, received {type(result).__name__}."
            )
        return result

    def module(self, params: Any, state: Any) -> Any:
        """The module with these weights; `(module, state)` where there is a state."""
        module = self._equinox.combine(params, self._static)
        return (module, state) if self.changes_state else module

    def get_config(self) -> Any:
        """Raise: a module is no data.

        Raises:
            SerializationError: always.
        """
        raise SerializationError(unnamed_error("an Equinox module"))
