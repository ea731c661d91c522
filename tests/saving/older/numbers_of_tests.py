"""Numbers that all versions of Keras and the tests make alike, so that no file holds them."""

import zlib

import numpy as np


def numbers(shape, key):
    """Float32 values between -0.6 and 0.6 that depend on a text alone."""
    start = zlib.crc32(key.encode()) % 1000
    size = int(np.prod(shape, dtype="int64"))
    values = 0.6 * np.sin(start + 1.7 * np.arange(size, dtype="float64"))
    return values.reshape(shape).astype("float32")


def weight(shape, layer, index, is_positive=False):
    """The value of a weight; variances are positive."""
    values = numbers(shape, f"{layer}/{index}")
    return np.abs(values) + np.float32(0.5) if is_positive else values


def inputs(shape, dtype, index):
    """An input of a batch of two."""
    if dtype.startswith("int"):
        values = np.arange(int(np.prod(shape, dtype="int64"))) * 7 % 5
        return values.reshape(shape).astype(dtype)
    return 2 * numbers(shape, f"input {index}")
