"""What a snapshot sees of a model's changes, and what it leaves out."""

import threading

import numpy as np
import pytest

import deepkit
from deepkit.training._snapshot import Key, Snapshot
from deepkit.training._watch import Watch


class Thing:
    """Something with a config, so that its attributes count."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def get_config(self):
        return {}


def _layer():
    layer = deepkit.layers.Dense(2, kernel_regularizer="l2")
    layer.build((None, 3))
    layer.thing = Thing(a=1, nested=Thing(rate=0.5), items=[1, 2], table={"a": [1]})
    return layer


def _put_back(thing):
    """Another attribute with the same value in its place."""
    del thing.a
    thing.b = 1


@pytest.mark.parametrize(
    "change",
    [
        lambda layer: setattr(layer, "units", 3),
        lambda layer: setattr(layer, "units", 2.0),
        lambda layer: setattr(layer, "trainable", False),
        lambda layer: setattr(layer.kernel, "trainable", False),
        lambda layer: setattr(layer.kernel, "constraint", deepkit.constraints.NonNeg()),
        lambda layer: setattr(layer.kernel.regularizer, "l2", 5.0),
        lambda layer: layer.add_weight("new", (2,)),
        lambda layer: delattr(layer, "bias"),
        lambda layer: layer.__dict__.update(other=1),
        lambda layer: setattr(layer.thing.nested, "rate", 0.6),
        lambda layer: layer.thing.items.append(3),
        lambda layer: layer.thing.items.reverse(),
        lambda layer: layer.thing.table.update(b=1),
        lambda layer: layer.thing.table["a"].pop(),
        lambda layer: _put_back(layer.thing),
    ],
)
def test_a_change_is_seen(change):
    layer = _layer()
    snapshot = Snapshot((layer,))
    assert snapshot.holds(layer)
    change(layer)
    assert not snapshot.holds(layer)
    assert Snapshot((layer,)).key != snapshot.key


def test_what_changes_nothing_in_a_program_is_not_seen():
    layer = _layer()
    snapshot = Snapshot((layer,))
    layer.kernel.assign(np.ones((3, 2)))
    layer(np.ones((1, 3), "float32"))
    layer.add_loss(1.0)
    assert snapshot.holds(layer)


def test_a_change_of_place_is_seen():
    first, second = [1, 2], [3]
    watch = Watch()
    watch.note_list(first)
    watch.note_list(second)
    second.insert(0, first.pop())
    assert not watch.holds()


def test_others_are_watched_but_no_part_of_the_key():
    layer, other = _layer(), Thing(a=1)
    snapshot = Snapshot((layer,), (other,))
    assert snapshot.key == Snapshot((layer,)).key
    other.a = 2
    assert not snapshot.holds(layer, other)
    assert snapshot.key == Snapshot((layer,)).key
    assert not Snapshot((layer,), (other,)).holds(layer, Thing(a=2))


def test_keys_are_equal_by_value():
    assert Key((1, "a")) == Key((1, "a"))
    assert hash(Key((1, "a"))) == hash(Key((1, "a")))
    assert Key((1, "a")) != Key((1, "b"))
    assert Key(1) != 1


def test_dicts_may_change_size_in_another_thread():
    layer = _layer()
    done = threading.Event()

    def grow_and_shrink():
        while not done.is_set():
            layer.thing.table["new"] = 1
            layer.thing.table.pop("new")

    thread = threading.Thread(target=grow_and_shrink)
    thread.start()
    try:
        for _ in range(300):
            Snapshot((layer,)).holds(layer)
    finally:
        done.set()
        thread.join()
    assert Snapshot((layer,)).holds(layer)
