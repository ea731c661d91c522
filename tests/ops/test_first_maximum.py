"""The search for the greatest entry agrees with NumPy, with ties and NaN among the entries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.ops._first_maximum import first_maximum

ROWS = {
    "ties": [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]],
    "nan": [[1.0, np.nan, 3.0], [np.nan, np.nan, 0.0]],
    "infinite": [[-np.inf, -np.inf, -np.inf], [0.0, np.inf, np.inf]],
    "one": [[5.0], [6.0]],
    "integers": [[1, 3, 3], [2, 0, 2]],
}


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ROWS)
def test_agrees_with_numpy(name, axis):
    x = np.array(ROWS[name])
    expected = np.argmax(x, axis)
    x = jnp.asarray(x, "float32" if x.dtype.kind == "f" else "int32")
    found = first_maximum(x, axis)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == jnp.argmax(x, axis).dtype


def test_in_transformations():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3, 5)), "float32")
    expected = np.argmax(x, -1)
    np.testing.assert_array_equal(jax.vmap(lambda row: first_maximum(row, -1))(x), expected)
    _, found = jax.lax.scan(lambda carry, row: (carry, first_maximum(row, 1)), 0, x)
    np.testing.assert_array_equal(found, expected)
