"""Writes the logs of each epoch to a CSV file."""

import csv
import os
import pathlib
from typing import Any, TextIO

import numpy as np

from ._callback import Callback


class CSVLogger(Callback):
    """Write the logs of each epoch as a row of a CSV file.

    The columns are `epoch` and the sorted names of the first epoch's logs; if they hold no
    validation, columns with `val_` follow for a later one. What an epoch does not log is `NA`.

    Args:
        filename: the file; its folder is made if it is missing.
        separator: what stands between values.
        append: whether to go on with an existing file; otherwise it is written anew.

    Example:
        >>> import deepkit, pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
        >>> callbacks = deepkit.callbacks.CallbackList([deepkit.callbacks.CSVLogger(path)])
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
        >>> callbacks.on_train_end()
        >>> print(path.read_text())
        epoch,loss,val_loss
        0,0.5,0.75
        <BLANKLINE>
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._file: TextIO | None = None
        self._writer: csv.DictWriter[str] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._close()
        path = pathlib.Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._has_header = self.append and path.exists() and path.stat().st_size > 0
        self._file = path.open("a" if self.append else "w", newline="")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self._writer is None:
            self._writer = csv.DictWriter(
                self._file,
                _columns(logs),
                restval="NA",
                extrasaction="ignore",
                delimiter=self.separator,
            )
            if not self._has_header:
                self._writer.writeheader()
        self._writer.writerow({**{name: _cell(v) for name, v in logs.items()}, "epoch": epoch})
        self._file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None


def _columns(logs: dict[str, Any]) -> list[str]:
    names = sorted(logs)
    if not any(name.startswith("val_") for name in names):
        names += [f"val_{name}" for name in names]
    return ["epoch", *names]


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not np.ndim(value):
        return value
    return f'"[{", ".join(map(str, value))}]"'
