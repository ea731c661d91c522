"""Generators, iterables and Python data sets as batches, and their cutting into epochs."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from deepkit.core.errors import ArgumentError, DataError
from deepkit.data import EpochFeed, GeneratorData, IterableData, PyDataset, PyDatasetData, make_data
from tests.data.datasets import Count, Endless, Failing


def firsts(batches):
    return [float(batch[0][0]) for batch in batches]


def stream(count):
    for index in range(count):
        yield np.full((2, 3), float(index)), np.zeros(2)


class Loader:
    """As PyTorch's loader: new iterators, a length, lists for batches."""

    def __init__(self, count, length=None):
        self.count = count
        self.length = length
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        return iter([[jnp.full((2,), float(i)), [0, 1]] for i in range(self.count)])

    def __len__(self):
        if self.length is None:
            raise TypeError("no length")
        return self.length


class TensorFlowLike:
    def as_numpy_iterator(self):
        return iter([(np.full(2, 7.0), np.zeros(2))])

    def __iter__(self):
        raise AssertionError("the NumPy iterator should be used")


def test_generator_gives_each_batch_once():
    data = make_data(stream(3))
    assert isinstance(data, GeneratorData)
    assert data.num_batches is None and data.batch_size is None and not data.restartable
    x, y = data.peek()
    assert x.dtype == np.float32 and y.shape == (2,)
    assert float(data.peek()[0][0, 0]) == 0.0
    batches = data.batches()
    assert float(next(batches)[0][0, 0]) == 0.0
    assert [float(x[0, 0]) for x, _ in data.batches()] == [1.0, 2.0]
    assert list(data.batches()) == []


def test_iterable_starts_again_and_peeks_without_loss():
    loader = Loader(3, length=3)
    data = make_data(loader)
    assert isinstance(data, IterableData)
    assert data.num_batches == 3 and data.restartable
    data.peek()
    assert firsts(data.batches()) == [0.0, 1.0, 2.0]
    assert loader.passes == 1
    assert firsts(data.batches()) == [0.0, 1.0, 2.0]
    assert loader.passes == 2


def test_unknown_and_endless_lengths():
    assert make_data(Loader(1)).num_batches is None
    assert make_data(Loader(1, length=sys.maxsize)).num_batches is None


def test_tensorflow_data_sets_are_read_as_numpy():
    assert firsts(make_data(TensorFlowLike()).batches()) == [7.0]


FORMS = [
    (np.ones(2), 1),
    ({"a": np.ones(2)}, 1),
    ((np.ones(2),), 1),
    ([np.ones(2), np.ones(2)], 2),
    ((np.ones(2), None, np.ones(2)), 3),
]


@pytest.mark.parametrize(("batch", "length"), FORMS)
def test_forms_of_batches(batch, length):
    found = make_data(iter([batch])).peek()
    assert isinstance(found, tuple) and len(found) == length


def test_class_weight_applies_to_each_batch():
    data = make_data(iter([(np.ones(2), np.array([0, 1]))]), class_weight={1: 4.0})
    _, _, weight = data.peek()
    assert weight.tolist() == [1.0, 4.0]


def test_bad_batches_are_named():
    batches = [(np.ones(2), np.ones(2)), (np.ones(2), np.ones(3))]
    with pytest.raises(DataError, match=r"x of batch 1 has 2, y of batch 1 has 3"):
        list(make_data(iter(batches)).batches())
    with pytest.raises(DataError, match=r"x of batch 1 to hold real numbers, received dtype <U1"):
        list(make_data(iter([np.ones(2), np.array(["a"])])).batches())
    with pytest.raises(DataError, match=r"received a tuple of 4"):
        make_data(iter([(1, 2, 3, 4)])).peek()


GOOD = np.ones((4, 3), "float32"), np.zeros(4, "int32")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((GOOD[0], GOOD[1][:3]), "same number of samples"),
        ((GOOD[0].astype(complex), GOOD[1]), "real numbers"),
        ((GOOD[0], np.full(4, 2**40)), "fit int32"),
        ((GOOD[0][0, 0], GOOD[1]), "scalar"),
        ((*GOOD, *GOOD), "received a tuple of 4"),
        ((GOOD[0], np.full(4, None)), "dtype object"),
    ],
)
def test_a_bad_batch_after_good_ones_is_seen(bad, message):
    """Batches of a form that was checked are not checked again."""
    batches = make_data(iter([GOOD, GOOD, GOOD, bad])).batches()
    assert [next(batches) is batch for batch in (GOOD, GOOD, GOOD)] == [False, True, True]
    with pytest.raises(DataError, match=message):
        next(batches)


def test_other_forms_after_usual_ones_are_converted():
    wide = GOOD[0].astype("float64"), GOOD[1].astype("int64")
    made = list(make_data(iter([GOOD, wide, GOOD, wide, list(GOOD)])).batches())
    assert [[part.dtype.name for part in batch] for batch in made] == [["float32", "int32"]] * 5
    data = make_data(iter([GOOD, GOOD, (GOOD[0] * np.nan, GOOD[1])]), finite=True)
    with pytest.raises(DataError, match="of batch 2, received 12 NaN"):
        list(data.batches())
    weighted = make_data(iter([GOOD] * 3), class_weight={0: 2.0}).batches()
    assert [batch[2].tolist() for batch in weighted] == [[2.0] * 4] * 3


def test_empty_streams():
    with pytest.raises(DataError, match="Expected the generator to yield at least one batch, rec"):
        make_data(iter([])).peek()
    with pytest.raises(DataError, match="Expected the data set to yield at least one batch, rec"):
        make_data(Loader(0)).peek()
    with pytest.raises(DataError, match="Expected the data set to have at least one batch, rec"):
        make_data(Loader(0, length=0))
    with pytest.raises(DataError, match="Expected Count to have at least one batch, received none"):
        make_data(Count(0))


REFUSED = [
    (
        {"x": iter([1]), "y": np.ones(1)},
        ArgumentError,
        "Expected no `y` where `x` is a generator, ",
    ),
    (
        {"x": Count(1), "y": np.ones(1)},
        ArgumentError,
        "no `y` where `x` is a PyDataset, received a",
    ),
    ({"x": Loader(1), "sample_weight": [1]}, ArgumentError, "Let it yield `(x, y, sample_weight)`"),
    ({"x": Count(1), "batch_size": 3}, ArgumentError, "`batch_size` where `x` is a PyDataset"),
    ({"x": iter([1]), "batch_size": 3}, ArgumentError, "Its batches come as they are."),
    ({"x": Loader(1), "batch_size": 3}, ArgumentError, "`batch_size` where `x` is a Loader"),
    ({"x": "text"}, DataError, "an iterable of batches, received a str"),
    ({"x": 3}, DataError, "Expected x to be arrays, a PyDataset, a generator or an iterable of"),
    ({"x": None}, DataError, "Expected x to be data, received None"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSED)
def test_refused(arguments, error, message):
    with pytest.raises(error) as info:
        make_data(**arguments)
    assert message in str(info.value)


def test_data_passes_through():
    data = make_data(stream(1))
    assert make_data(data) is data
    with pytest.raises(ArgumentError, match="`y` where `x` is data that is already made"):
        make_data(data, np.ones(1))


@pytest.mark.parametrize(
    "options",
    [{}, {"workers": 0}, {"workers": 3}, {"workers": 3, "max_queue_size": 1}],
)
def test_py_dataset_in_order(options):
    data = make_data(Count(7, **options))
    assert isinstance(data, PyDatasetData) and data.num_batches == 7
    assert firsts([data.peek()]) == [0.0]
    for _ in range(2):
        assert firsts(data.batches()) == [float(i) for i in range(7)]


def test_py_dataset_in_processes():
    dataset = Count(4, workers=2, use_multiprocessing=True)
    data = make_data(dataset)
    assert firsts(data.batches()) == [0.0, 1.0, 2.0, 3.0]
    dataset.offset = 10  # a change between epochs must reach the workers
    assert firsts(data.batches()) == [10.0, 11.0, 12.0, 13.0]


def test_py_dataset_that_cannot_be_sent_to_processes():
    class Local(Count):
        pass

    data = make_data(Local(3, workers=1, use_multiprocessing=True))
    with pytest.raises(
        DataError, match="Expected Local to be picklable, as `use_multiprocessing=T"
    ):
        next(data.batches())


def test_py_dataset_shuffles_batches():
    np.random.seed(0)
    data = make_data(Count(20, workers=2), shuffle=True)
    orders = [firsts(data.batches()) for _ in range(2)]
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1]) == [float(i) for i in range(20)]


def test_endless_py_dataset():
    data = make_data(Endless(workers=2), shuffle=True)
    assert data.num_batches is None
    batches = data.batches()
    assert firsts(next(batches) for _ in range(5)) == [0.0, 1.0, 2.0, 3.0, 4.0]
    batches.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_in_py_datasets_arrive(workers):
    with pytest.raises(KeyError, match="batch 2 is broken"):
        list(make_data(Failing(5, workers=workers)).batches())


def test_py_dataset_without_its_constructor_or_length():
    class Old(PyDataset):
        def __init__(self):
            pass

        def __getitem__(self, index):
            return np.ones(2)

    with pytest.raises(DataError, match=r"Expected Old to tell its number of batches. Define `__l"):
        make_data(Old())
    assert Old().workers == 1


def test_py_dataset_must_define_getitem():
    with pytest.raises(TypeError, match="__getitem__"):
        PyDataset()


@pytest.mark.parametrize("option", [{"workers": -1}, {"workers": 1.5}, {"max_queue_size": 0}])
def test_py_dataset_options(option):
    with pytest.raises(ArgumentError, match=f"Expected `{next(iter(option))}` to be an integer"):
        Count(1, **option)


def test_iterating_a_py_dataset():
    assert firsts(Count(3)) == [0.0, 1.0, 2.0]


def test_hooks_reach_the_py_dataset():
    dataset = Count(2)
    feed = EpochFeed(make_data(dataset))
    list(feed.epoch())
    assert dataset.events == ["begin", "end"]


def test_epochs_are_passes():
    feed = EpochFeed(make_data(Loader(3)))
    for _ in range(2):
        assert firsts(feed.epoch()) == [0.0, 1.0, 2.0]
    assert not feed.exhausted


def test_epochs_of_steps_go_on_in_the_pass():
    feed = EpochFeed(make_data(Loader(6)), steps=2)
    epochs = [firsts(feed.epoch()) for _ in range(4)]
    assert epochs == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [0.0, 1.0]]


def test_pass_that_ends_inside_an_epoch():
    feed = EpochFeed(make_data(Loader(3)), steps=2)
    assert firsts(feed.epoch()) == [0.0, 1.0]
    with pytest.warns(UserWarning, match=r"in epoch 2: 2 batches were wanted and 1 came. Lower"):
        assert firsts(feed.epoch()) == [2.0]
    assert not feed.exhausted
    assert firsts(feed.epoch()) == [0.0, 1.0]


def test_generator_that_ends_inside_an_epoch():
    feed = EpochFeed(make_data(stream(3)), steps=2)
    list(feed.epoch())
    with pytest.warns(UserWarning, match=r"2 batches were wanted and 1 came. A generator can be"):
        assert len(list(feed.epoch())) == 1
    assert feed.exhausted
    with pytest.raises(DataError, match=r"Expected 2 batches in epoch 3, received none: the data "):
        list(feed.epoch())


def test_generator_without_steps_serves_one_epoch():
    feed = EpochFeed(make_data(stream(3)))
    assert len(list(feed.epoch())) == 3
    assert feed.exhausted
    with pytest.raises(DataError, match=r"at least one batch in epoch 2, .* after 3 batches in al"):
        list(feed.epoch())


def test_wrapping_and_closing():
    closed = []

    def wrap(iterator):
        try:
            yield from (("wrapped", batch) for batch in iterator)
        finally:
            closed.append(True)

    feed = EpochFeed(make_data(Loader(5)), steps=2, wrap=wrap)
    assert [kind for kind, _ in feed.epoch()] == ["wrapped"] * 2
    feed.close()
    assert closed == [True]
