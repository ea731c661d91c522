"""Whether compiled functions run as plain Python, to look into them."""

_STATE = {"eagerly": False}


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Let all functions made by `deepkit.function` run as plain Python, or compiled again.

    Args:
        run_eagerly: whether they do.

    Example:
        >>> import deepkit
        >>> double = deepkit.function(lambda x: x * 2)
        >>> deepkit.config.run_functions_eagerly(True)
        >>> double(3)
        6
        >>> deepkit.config.run_functions_eagerly(False)
    """
    _STATE["eagerly"] = bool(run_eagerly)


def functions_run_eagerly() -> bool:
    """Whether functions made by `deepkit.function` run as plain Python now."""
    return _STATE["eagerly"]
