"""Feeds of another process go on where one stood."""

import json
import warnings

import numpy as np
import pytest

import deepkit
from deepkit.core.errors import DataError
from deepkit.data import EpochFeed, make_data


class Numbers(deepkit.utils.PyDataset):
    """Batches that hold their index."""

    def __init__(self, count, **options):
        super().__init__(**options)
        self.count, self.made = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.made.append(index)
        return np.full((2, 1), index, "float32")


class Reordering(Numbers):
    """As many a data set does: shuffles itself, also with the global generator of NumPy."""

    def __init__(self, count):
        super().__init__(count)
        self.order, self.epochs = np.arange(count), 0

    def __getitem__(self, index):
        return super().__getitem__(int(self.order[index]))

    def on_epoch_end(self):
        np.random.shuffle(self.order)

    def on_epoch_begin(self):
        self.epochs += 1


class Loader:
    def __iter__(self):
        return generator(5)


def generator(count):
    for index in range(count):
        yield np.full((2, 1), index, "float32")


def arrays(count):
    return np.repeat(np.arange(count, dtype="float32"), 2)[:, None]


SOURCES = {
    "arrays": lambda: make_data(arrays(5), batch_size=2, shuffle=True),
    "batchwise": lambda: make_data(arrays(5), batch_size=2, shuffle="batch"),
    "dataset": lambda: make_data(Numbers(5), shuffle=True),
    "workers": lambda: make_data(Numbers(5, workers=2), shuffle=True),
    "reordering": lambda: make_data(Reordering(5), shuffle=True),
    "iterable": lambda: make_data(Loader()),
    "generator": lambda: make_data(generator(40)),
}


def taken(batches, count=None):
    found = []
    for batch in batches:
        found.append(batch[0].ravel().tolist())
        if len(found) == count:
            break
    return found


def _length(steps, epoch):
    """Batches of an epoch, of data with 5 of them."""
    return {None: 5, 2: 2, 3: 2 if epoch % 2 else 3, 5: 5}[steps]


@pytest.mark.parametrize("steps", [None, 2, 3, 5], ids=str)
@pytest.mark.parametrize("name", SOURCES)
def test_another_feed_gives_what_is_left(name, steps):
    if name == "generator" and steps is None:
        pytest.skip("A generator serves one epoch.")
    warnings.filterwarnings("ignore", "The data ran out")
    for done_epochs, done in [(0, 1), (1, 0), (2, 1), (3, _length(steps, 3)), (4, 2)]:
        np.random.seed(1)
        feed = EpochFeed(SOURCES[name](), steps)
        feed.notes_random_state = True
        for _ in range(done_epochs):
            list(feed.epoch())
        going_on = feed.epoch()
        passed = taken(going_on, done) if done else []
        position = json.loads(json.dumps(feed.position()))
        state = np.random.get_state()
        expected = [taken(going_on), taken(feed.epoch())]
        numbers = np.random.rand(3)

        np.random.seed(1)
        data = SOURCES[name]()
        other = EpochFeed(data, steps)
        if data.has_hooks:
            for _ in range(done_epochs):
                other.repeat_epoch()
            if passed:
                other.repeat_epoch(whole=False)
        other.go_to(position, len(passed))
        np.random.set_state(state)
        assert [taken(other.epoch()), taken(other.epoch())] == expected
        assert np.array_equal(np.random.rand(3), numbers)


def test_batches_that_are_done_are_not_made_again():
    dataset = Numbers(6)
    feed = EpochFeed(make_data(dataset), None)
    position = {
        **feed.position(),
        "epochs": 3,
        "total": 18,
        "taken": 4,
        "random": deepkit.tensors.get_random_state(),
    }
    feed.go_to(position, 4)
    dataset.made.clear()
    assert taken(feed.epoch()) == [[4.0, 4.0], [5.0, 5.0]]
    assert dataset.made == [4, 5]


def test_hooks_of_epochs_that_are_done_are_called_again():
    dataset = Reordering(4)
    feed = EpochFeed(make_data(dataset), None)
    np.random.seed(5)
    for _ in range(3):
        list(feed.epoch())
    other = Reordering(4)
    other_feed = EpochFeed(make_data(other), None)
    np.random.seed(5)
    for _ in range(3):
        other_feed.repeat_epoch()
    assert other.made == [] and other.epochs == 3 and other.order.tolist() == dataset.order.tolist()


def test_a_generator_that_gives_less_than_before_is_an_error():
    feed = EpochFeed(make_data(generator(9)), 4)
    feed.notes_random_state = True
    list(feed.epoch())
    other = EpochFeed(make_data(generator(3)), 4)
    with pytest.raises(DataError, match="the generator to yield the 4 batches again .* received 3"):
        other.go_to(feed.position())


def test_a_generator_that_was_used_up_stays_so():
    feed = EpochFeed(make_data(generator(3)))
    list(feed.epoch())
    other = EpochFeed(make_data(generator(3)))
    other.go_to(feed.position())
    with pytest.raises(DataError, match="received none: the data ended after 3 batches in all"):
        list(other.epoch())
