"""Data sets that worker processes can import."""

import numpy as np

from deepkit.data import PyDataset


class Count(PyDataset):
    """`length` batches that hold their own index."""

    def __init__(self, length, **options):
        super().__init__(**options)
        self.length = length
        self.offset = 0
        self.events = []

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return np.full(2, float(index + self.offset)), np.zeros(2)

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


class Failing(Count):
    def __getitem__(self, index):
        if index == 2:
            raise KeyError("batch 2 is broken")
        return super().__getitem__(index)


class Endless(PyDataset):
    @property
    def num_batches(self):
        return None

    def __getitem__(self, index):
        return np.full(2, float(index)), np.zeros(2)
