"""fit from streams: blocks of batches change no number, and no thread outlives its use."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc

import jax
import numpy as np
import pytest

import deepkit
from deepkit.data import BlockShelf, prefetch, private_batches
from deepkit.training import _device_data


def model(**arguments):
    deepkit.utils.set_random_seed(3)
    made = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    made.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **arguments})
    return made


def batches(rows, seed=0):
    """Batches `(x, y, sample_weight)` of so many rows each."""
    rng = np.random.default_rng(seed)
    return [
        (rng.random((n, 3), "float32"), rng.random((n, 2), "float32"), rng.random(n, "float32"))
        for n in rows
    ]


class EachBatch(deepkit.callbacks.Callback):
    """A hook that makes `fit` step by batch."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


# Numbers


@pytest.mark.parametrize(
    "rows", [[4] * 9, [4] * 9 + [1], [4, 4, 2, 2, 4, 3, 3, 3], [1], [700_000] * 3]
)
def test_blocks_give_the_numbers_of_single_batches(rows):
    data = batches(rows)
    single, blocks = model(), model()
    each = EachBatch()
    expected = single.fit(iter(data), verbose=0, callbacks=[each]).history
    found = blocks.fit(iter(data), verbose=0).history
    assert each.seen == list(range(len(rows)))
    # Both run the same operations; XLA may sum in another order inside a loop.
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
    for a, b in zip(single.get_weights(), blocks.get_weights()):
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-7)


def test_fitting_twice_gives_the_same_bits():
    data = batches([4] * 100 + [3])

    def slow(pause):
        for batch in data:
            time.sleep(pause)
            yield batch

    weights = []
    for pause in (0.0, 0.002):
        made = model()
        made.fit(slow(pause), verbose=0)
        weights.append(made.get_weights())
    for a, b in zip(*weights):
        np.testing.assert_array_equal(a, b)


def test_structures_keep_their_form():
    seen = []

    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs["b"]) + self.dense(inputs["a"][0])

        def train_step(self, data):
            x, y = data
            seen.append((sorted(x), type(x["a"]), x["a"][0].shape, x["b"].dtype.name, y.shape))
            return super().train_step(data)

    own = Own()
    own.compile("sgd", "mse")
    ones = np.ones((4, 3), "float32")
    own.fit(iter([({"b": ones, "a": (ones,)}, ones[:, :1])] * 5), verbose=0)
    assert set(map(str, seen)) == {str((["a", "b"], tuple, (4, 3), "float32", (4, 1)))}


def test_arrays_of_jax_are_taken_as_they_are():
    data = [tuple(map(deepkit.ops.convert_to_tensor, batch)) for batch in batches([4] * 5)]
    expected = model().fit(iter(batches([4] * 5)), verbose=0).history
    found = model().fit(iter(data), verbose=0).history
    np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-5)


def test_a_generator_may_use_its_arrays_again():
    data = batches([4] * 60)

    def reusing():
        # An aligned array is one that JAX would not copy.
        (x,) = next(private_batches([(np.empty((4, 3), "float32"),)]))
        for batch in data:
            x[...] = batch[0]
            yield x, *batch[1:]

    expected = model().fit(iter(data), verbose=0).history
    assert model().fit(reusing(), verbose=0).history == expected


def test_the_results_of_a_step_of_ones_own_are_those_of_the_last_batch():
    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.dense = deepkit.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            super().train_step(data)
            return {"largest": data[0].max()}

    own = Own()
    own.compile("sgd", "mse")
    data = batches([4] * 7)
    assert own.fit(iter(data), verbose=0).history["largest"] == [pytest.approx(data[-1][0].max())]


def test_a_refused_value_stops_right_before_its_batch():
    labels = [np.zeros(4, "int32") for _ in range(9)]
    labels[6][2] = 5

    def stream():
        for y in labels:
            yield np.ones((4, 3), "float32"), y

    made = model(loss="sparse_categorical_crossentropy", metrics=[])
    made.fit(itertools.islice(stream(), 1), verbose=0)
    with pytest.raises(deepkit.errors.DataError) as raised:
        made.fit(stream(), verbose=0)
    assert "This is in batch 6, counted from 0." in raised.value.__notes__
    assert int(made.optimizer.iterations) == 1 + 6


# Pace


def test_many_batches_are_few_dispatches(dispatches):
    data = batches([4] * 300 + [2])
    made = model()
    made.fit(iter(data), verbose=0)
    dispatches.clear()
    made.fit(iter(data), verbose=0)
    assert dispatches.count("many") == len(dispatches) <= 30


def test_a_slow_generator_is_not_waited_for(dispatches):
    data = batches([4] * 6)
    made = model()
    made.fit(iter(data), verbose=0)
    dispatches.clear()
    late = []

    def stream():
        for index, batch in enumerate(data):
            deadline = time.monotonic() + 10
            while len(dispatches) < index - 1 and time.monotonic() < deadline:
                time.sleep(0.01)
            late.append(time.monotonic() >= deadline)
            yield batch

    made.fit(stream(), verbose=0)
    assert not any(late)


def test_no_more_batches_are_read_than_epochs_want():
    read = []

    def stream():
        for index in itertools.count():
            read.append(index)
            yield batches([4])[0]

    endless = stream()
    made = model()
    for _ in range(2):
        made.fit(endless, steps_per_epoch=5, epochs=2, verbose=0)
    made.evaluate(endless, steps=3, verbose=0)
    made.predict(endless, steps=2, verbose=0)
    assert len(read) == 2 * 10 + 3 + 2


def test_shelves_are_bounded():
    shelf = BlockShelf(max_bytes=1000, max_batches=4)
    for _ in range(100):
        if not shelf.has_room():
            break
        shelf.put((np.ones((2, 5), "float32"),))
    assert [shelf.take().count for _ in range(2)] == [4, 4]
    for size in itertools.cycle([3, 4]):
        if not shelf.has_room():
            break
        shelf.put((np.ones((2, size), "float32"),))
    assert [shelf.take().count for _ in range(3)] == [1, 1, 1]


# Threads


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("deepkit")]


def endless():
    yield from itertools.repeat(batches([4])[0])


class Strike(deepkit.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise KeyboardInterrupt


def test_the_thread_ends_with_its_fit():
    made = model()
    made.fit(endless(), steps_per_epoch=3, verbose=0)
    assert not readers()
    made.predict((batch[0] for batch in batches([4, 4, 4])), verbose=0)
    assert not readers()
    with pytest.raises(KeyboardInterrupt):
        made.fit(endless(), steps_per_epoch=3, verbose=0, callbacks=[Strike()])
    assert not readers()
    with prefetch(itertools.count()) as items:
        next(items)
        assert readers()
    assert not readers()


PREPARED = """
    import itertools, os, signal, threading, time
    import numpy as np, jax, jax.numpy as jnp
    import deepkit
    model = deepkit.Sequential([deepkit.Input((300,)), deepkit.layers.Dense(3)])
    model.compile("adam", deepkit.losses.SparseCategoricalCrossentropy(from_logits=True))
    X, Y = np.ones((64, 300), "float32"), np.zeros(64, "int32")
"""
ENDINGS = {
    "endless": """
        model.fit(itertools.repeat((X, Y)), steps_per_epoch=50, epochs=2, verbose=0)
    """,
    "jax": """
        def batches():
            while True:
                yield jnp.sin(jnp.asarray(X)) @ jnp.ones((300, 300)), Y
        model.fit(batches(), steps_per_epoch=50, verbose=0)
    """,
    "stuck": """
        def batches():
            yield from itertools.repeat((X, Y), 5)
            time.sleep(3600)
        class Stop(deepkit.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                self.model.stop_training = batch == 3
        model.fit(batches(), verbose=0, callbacks=[Stop()])
    """,
    "interrupted": """
        def batches():
            yield from itertools.repeat((X, Y), 5)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(3600)
        try:
            model.fit(batches(), verbose=0)
        except KeyboardInterrupt:
            print("interrupted")
    """,
    "failing": """
        def batches():
            yield from itertools.repeat((X, Y), 5)
            raise KeyError("broken")
        try:
            model.fit(batches(), verbose=0)
        except KeyError:
            pass
    """,
    "left_open": """
        from deepkit.data import prefetch
        items = prefetch(iter(lambda: jnp.ones(10_000).sum(), None), 1000)
        next(items)
    """,
    "predict": """
        model.predict((X for _ in range(20)), verbose=0)
    """,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_process_ends_well_after_streams(ending):
    code = textwrap.dedent(PREPARED) + textwrap.dedent(ENDINGS[ending])
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert time.monotonic() - started < 100


# Arrays


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
def test_arrays_that_are_read_in_their_place_give_the_same_numbers(shuffle, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.random((70, 3), "float32"), rng.random((70, 2), "float32")
    arguments = {"batch_size": 8, "epochs": 3, "verbose": 0, "shuffle": shuffle}
    arguments["validation_data"] = x[:20], y[:20]
    found = []
    for limit in (2**20, 0):
        monkeypatch.setattr(_device_data, "_MAX_COPIED", limit)
        made = model()
        found.append((made.fit(x, y, **arguments).history, made.evaluate(x, y, verbose=0)))
    (expected, expected_end), (history, end) = found
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    np.testing.assert_allclose(end, expected_end, rtol=1e-5)


def test_large_arrays_are_not_copied(monkeypatch):
    monkeypatch.setattr(_device_data, "_MAX_COPIED", 64 * 2**20)
    x, y = np.ones((200_000, 100), "float32"), np.zeros(200_000, "int32")
    assert x.nbytes > _device_data._MAX_COPIED
    live = []

    class Count(deepkit.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            live.append(sum(array.nbytes for array in jax.live_arrays()))

    made = deepkit.Sequential([deepkit.Input((100,)), deepkit.layers.Dense(2)])
    made.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = sum(array.nbytes for array in jax.live_arrays())
    tracemalloc.start()
    made.fit(x, y, batch_size=2_000, epochs=2, verbose=0, callbacks=[Count()])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Two blocks wait and two are under way, of 4 MiB each; the labels are checked all at once.
    assert max(live) - before < 24 * 2**20
    assert peak < 32 * 2**20
