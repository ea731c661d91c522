"""Network: what a JaxModel needs of something that computes with JAX."""

from typing import Any, Protocol


class Network(Protocol):
    """A pure computation with parameters and state, in whatever library it was written.

    Attributes:
        takes_key: whether it takes a random key.
        takes_one_example: whether it is written for one example instead of a batch, by custom.
        changes_state: whether a call returns a new state.
        what: what it is, for messages.
    """

    takes_key: bool
    takes_one_example: bool
    changes_state: bool
    what: str

    def given(self) -> tuple[Any, Any] | None:
        """The parameters and the state, if they exist before any input is seen."""

    def init(self, key: Any, inputs: Any) -> tuple[Any, Any]:
        """The parameters and the state for inputs of a form; an empty state is `()`."""

    def apply(
        self, params: Any, state: Any, inputs: Any, key: Any, training: bool
    ) -> tuple[Any, Any]:
        """The outputs and the new state."""

    def module(self, params: Any, state: Any) -> Any:
        """The network with these weights, in the form of its library."""

    def get_config(self) -> Any:
        """What names it in a file."""


def unnamed_error(what: str) -> str:
    """Why a module of another library cannot be written to a config."""
    return (
        f"A JaxModel of {what} cannot be written to a config, because no file can name the module. "
        f"Keep the weights by `model.save_weights('name.weights.h5')`; where they are loaded, make "
        f"the module and its JaxModel again and call `load_weights`."
    )
