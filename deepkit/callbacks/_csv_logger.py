"""Writes the logs of each epoch to a CSV file."""

import csv
import os
import pathlib
import warnings
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
        self._left_at: dict[str, Any] | None = None
        self._close()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._close()
        self._left_at = None
        path = pathlib.Path(self.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Nothing is cut off yet, as a run that was interrupted may go on.
        self._file = path.open("a", newline="")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._begin()

    def _begin(self) -> None:
        """Cut off what does not belong to the run, once."""
        if self._file is None or self._has_begun:
            return
        size = self._file.tell()
        kept = size if self.append else 0
        if self._left_at is not None:
            kept = self._left_at["size"]
            self._columns = self._left_at["columns"]
        if kept > size:
            warnings.warn(
                f"'{self.filename}' lacks rows of the epochs before the run was interrupted: it "
                f"had {kept} bytes and has {size}.",
                stacklevel=2,
            )
        self._file.truncate(min(kept, size))
        self._file.seek(0, os.SEEK_END)
        self._has_header, self._has_begun = self._file.tell() > 0, True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        self._begin()
        if self._writer is None:
            self._columns = self._columns or _columns(logs)
            self._writer = csv.DictWriter(
                self._file,
                self._columns,
                restval="NA",
                extrasaction="ignore",
                delimiter=self.separator,
            )
            if not self._has_header:
                self._writer.writeheader()
        self._writer.writerow({**{name: _cell(v) for name, v in logs.items()}, "epoch": epoch})
        self._file.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._begin()
        self._close()

    def on_train_error(self, error: BaseException) -> None:
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._writer = None
        self._columns: list[str] | None = None
        self._has_begun = False

    def get_backup_state(self) -> dict[str, Any]:
        if self._file is None or not self._has_begun:
            return {}
        return {"size": self._file.tell(), "columns": self._columns}

    def set_backup_state(self, state: dict[str, Any]) -> None:
        self._left_at = state


def _columns(logs: dict[str, Any]) -> list[str]:
    names = sorted(logs)
    if not any(name.startswith("val_") for name in names):
        names += [f"val_{name}" for name in names]
    return ["epoch", *names]


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not np.ndim(value):
        return value
    return f'"[{", ".join(map(str, value))}]"'
