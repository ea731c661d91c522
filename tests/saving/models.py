"""Small models of every kind, in deepkit or Keras alike."""

import io
import zipfile

import h5py
import numpy as np

FORMATS = (".keras", ".h5", ".weights.h5")
INPUTS = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
TARGETS = np.random.default_rng(1).normal(size=(6, 2)).astype("float32")


def chained(k):
    layers = [
        k.layers.Dense(3, activation="relu", name="first"),
        k.layers.BatchNormalization(),
        k.layers.Dropout(0.5, seed=1),
        k.layers.Dense(2),
    ]
    return k.Sequential([k.Input((5,)), *layers])


def drawn(k):
    """Two ways of equal layers that meet, a layer used twice, and a model inside."""
    inputs = k.Input((5,), name="x")
    left, right = k.layers.Dense(3), k.layers.Dense(3)
    shared = k.layers.Dense(3)
    inner = k.Sequential([k.Input((6,)), k.layers.Dense(6), k.layers.Dense(2)])
    joined = k.layers.Concatenate()([shared(right(inputs)), shared(left(inputs))])
    return k.Model(inputs, inner(joined))


def nested_class(k):
    class Nested(k.Model):
        """Layers in lists and dicts, public and private, before and after `layers` by name."""

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.blocks = [k.layers.Dense(3), {"deep": k.layers.Dense(3)}, (k.layers.Dense(3),)]
            self.tail = k.layers.Dense(2)
            self.noise = k.layers.Dropout(0.5, seed=2)
            self.inner = k.Sequential([k.layers.Dense(3)])
            self._hidden = k.layers.Dense(3)
            self.watched = k.metrics.Mean(name="watched")
            self.bias = self.add_weight(shape=(3,), name="bias")

        def call(self, x, training=None):
            x = self.blocks[1]["deep"](self.blocks[0](x))
            x = self._hidden(self.inner(self.blocks[2][0](x))) + self.bias
            return self.tail(self.noise(x, training=training))

    return Nested


def nested(k):
    model = nested_class(k)()
    model(INPUTS)
    return model


KINDS = {"chained": chained, "drawn": drawn, "nested": nested}


def fill(model, seed=0):
    """Other weights for a model, each different from all others."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        variable.assign(generator.uniform(0.1, 1.0, tuple(variable.shape)).astype("float32"))
    return model


def values(model):
    return [np.asarray(variable) for variable in model.weights]


def assert_equal_values(actual, expected):
    actual, expected = list(actual), list(expected)
    assert len(actual) == len(expected)
    for a, e in zip(actual, expected):
        assert np.asarray(a).dtype == np.asarray(e).dtype
        np.testing.assert_array_equal(np.asarray(a), np.asarray(e))


def open_weights(path):
    """The HDF5 file of a path, also of the one in a `.keras` archive, to be changed or read."""
    if str(path).endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            return h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
    return h5py.File(path, "r")


def arrays_in(path):
    """All arrays in a file by path, without what only deepkit writes."""
    found = {}

    def visit(name, item):
        own = name.startswith("deepkit_") or "seed_generator" in name
        if isinstance(item, h5py.Dataset) and not own:
            found[name] = item[()]

    with open_weights(path) as file:
        file.visititems(visit)
    return found


def group_names_in(path):
    """The names that a file notes for groups of variables."""
    found = {}
    with open_weights(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item.attrs["name"]})
                if "name" in item.attrs and "seed_generator" not in name
                else None
            )
        )
    return found


def rewrite_member(path, target, **members):
    """A copy of an archive with other members; `None` takes one out."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update({name.replace("__", "."): data for name, data in members.items()})
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return target
