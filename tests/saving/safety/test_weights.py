"""Weights that do not fit are not loaded, and the message says all that differs."""

import re
import warnings

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import CorruptFileError, NotBuiltError, StateError, WeightMismatchError
from tests.oracle import keras, oracle
from tests.saving.models import FORMATS, INPUTS, TARGETS, assert_equal_values, fill, values
from tests.saving.safety.rows import row

Dense = deepkit.layers.Dense


def stack(*sizes, names=(), compiled=None):
    names = [*names, *[None] * len(sizes)]
    layers = [Dense(size, name=name) for size, name in zip(sizes, names)]
    model = fill(deepkit.Sequential([deepkit.Input((5,)), *layers]), seed=len(sizes))
    if compiled is not None:
        model.compile(compiled, loss="mse")
    return model


def saved(model, tmp_path, ending=".weights.h5"):
    path = tmp_path / f"file{ending}"
    (model.save_weights if ending == ".weights.h5" else model.save)(path)
    return path


def refused(model, path, **options):
    """The message of loading a file that does not fit; the model is as it was."""
    state = [*model.variables, *(model.optimizer.variables if model.optimizer else ())]
    before = [np.asarray(v) for v in state]
    with pytest.raises(WeightMismatchError) as error:
        model.load_weights(path, **options)
    assert_equal_values(state, before)
    return str(error.value)


every_format = pytest.mark.parametrize("ending", FORMATS)


@every_format
@row("W01")
def test_a_file_with_more_layers(ending, tmp_path):
    path = saved(stack(5, 5, 5, names="abc"), tmp_path, ending)
    message = refused(stack(5, 5, names="ab"), path)
    assert str(path) in message and "none was changed" in message
    unused = message.split("In the file, but not in the model:")[1]
    assert ("'layers/dense_2/vars/0' (5, 5)" if ending != ".h5" else "'c' [(5, 5), (5,)]") in unused


@every_format
@row("W01")
def test_a_model_with_more_layers(ending, tmp_path):
    path = saved(stack(5, 5, names="ab"), tmp_path, ending)
    message = refused(stack(5, 5, 5, names="abc"), path)
    missing = message.split("In the model, but missing in the file:")[1]
    assert ("c/kernel' (5, 5), as 'layers/dense_2/vars/0'" in missing) == (ending != ".h5")
    assert "skip_mismatch=True" in message


@every_format
@row("W02")
def test_another_shape(ending, tmp_path):
    path = saved(stack(4, 3), tmp_path, ending)
    model = stack(4, 2)
    message = refused(model, path)
    kernel = model.layers[1].kernel.path
    line = f"has shape (4, 3) in the file, '{kernel}' of the model has shape (4, 2)"
    assert line in message
    assert ("'layers/dense_1/vars/0'" in message) == (ending != ".h5")


@every_format
@row("W01", "W02")
def test_what_fits_is_loaded_with_skip_mismatch(ending, tmp_path):
    source, model = stack(4, 3, 2), stack(4, 7, 2)
    before = values(model)
    path = saved(source, tmp_path, ending)
    with pytest.warns(UserWarning, match="was not loaded") as caught:
        model.load_weights(path, skip_mismatch=True)
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "(4, 3)" in text and "(4, 7)" in text and "(3, 2)" in text and "(7, 2)" in text
    assert_equal_values(values(model)[:2], values(source)[:2])
    assert_equal_values(values(model)[2:], before[2:])


@every_format
@row("W03")
def test_layers_of_equal_shapes_are_never_swapped(ending, tmp_path):
    path = saved(stack(5, 5, names=["left", "right"]), tmp_path, ending)
    message = refused(stack(5, 5, names=["right", "left"]), path)
    assert "'left'" in message and "'right'" in message
    same = stack(5, 5, names=["left", "right"])
    same.load_weights(path)


@row("W03")
def test_automatic_names_may_be_shifted_but_not_permuted(tmp_path):
    path = saved(stack(5, 5, names=["dense_1", "dense_2"]), tmp_path)
    stack(5, 5, names=["dense_2", "dense_3"]).load_weights(path)
    assert "changed" in refused(stack(5, 5, names=["dense_2", "dense_1"]), path)


@row("W03")
def test_by_name_loads_layers_of_equal_names(tmp_path):
    source = stack(5, 5, names=["left", "right"])
    path = saved(source, tmp_path, ".h5")
    model = stack(5, 5, 2, names=["right", "left", "new"])
    before = values(model)
    model.load_weights(path, by_name=True)
    assert_equal_values(values(model)[:2], values(source)[2:])
    assert_equal_values(values(model)[2:4], values(source)[:2])
    assert_equal_values(values(model)[4:], before[4:])


@row("W02")
def test_another_number_of_arrays_in_a_layer(tmp_path):
    path = saved(stack(5), tmp_path, ".h5")
    model = deepkit.Sequential([deepkit.Input((5,)), Dense(5, use_bias=False)])
    assert "has 2 arrays in the file" in refused(model, path)
    message = refused(model, saved(stack(5), tmp_path))
    assert "'layers/dense/vars/1' (5,)" in message.split("but not in the model:")[1]


@row("W02")
def test_another_kind_of_dtype(tmp_path):
    path = saved(stack(5), tmp_path)
    with h5py.File(path, "r+") as file:
        del file["deepkit_manifest"], file["layers/dense/vars/1"]
        file["layers/dense/vars/1"] = np.arange(5)
    assert "has dtype int64 in the file" in refused(stack(5), path)


def test_a_layer_that_was_not_built(tmp_path):
    class Lazy(deepkit.layers.Layer):
        def __init__(self, eager, **kwargs):
            super().__init__(**kwargs)
            self.eager, self.inner = eager, Dense(5)

        def call(self, x):
            return self.inner(x) if self.eager else x

    path = saved(deepkit.Sequential([deepkit.Input((5,)), Lazy(True)]), tmp_path)
    message = refused(deepkit.Sequential([deepkit.Input((5,)), Lazy(False)]), path)
    assert "'layers/lazy/inner' has 2 arrays in the file" in message and "never built" in message


def test_long_lists_are_cut(tmp_path):
    path = saved(stack(*[5] * 14), tmp_path)
    assert "and 4 more" in refused(stack(5, 5), path)


# Optimizers


def trained(optimizer):
    model = stack(4, 2, compiled=optimizer)
    model.fit(INPUTS, TARGETS, verbose=0)
    return model


@row("W04")
def test_state_of_another_optimizer(tmp_path):
    path = saved(trained("adam"), tmp_path)
    model = trained("rmsprop")
    assert "is the state of Adam in the file, and of RMSprop in the model" in refused(model, path)
    iterations = int(model.optimizer.iterations)
    model.load_weights(path, include_optimizer=False)
    assert int(model.optimizer.iterations) == iterations
    model.load_weights(path, objects_to_skip=[model.optimizer])


@row("W04")
def test_another_number_of_slots(tmp_path):
    path = saved(trained(deepkit.optimizers.SGD(momentum=0.9)), tmp_path)
    model = trained(deepkit.optimizers.SGD())
    assert "'optimizer/vars/2'" in refused(model, path).split("but not in the model:")[1]
    with pytest.warns(UserWarning, match="'optimizer/vars/2'"):
        model.load_weights(path, skip_mismatch=True)
    whole = saved(trained("adam"), tmp_path, ".h5")
    assert "'optimizer_weights' has 10 arrays in the file" in refused(model, whole)


@row("W04")
def test_optimizers_get_their_slots_when_weights_are_loaded(tmp_path):
    source = trained("adam")
    for ending in FORMATS:
        model = stack(4, 2, compiled="adam")
        assert not model.optimizer.built
        model.load_weights(saved(source, tmp_path, ending))
        assert_equal_values(model.optimizer.variables, source.optimizer.variables)


@every_format
@row("W04")
def test_weights_that_are_loaded_before_compile(ending, tmp_path):
    source = trained("adam")
    path = saved(source, tmp_path, ending)
    model = stack(4, 2)
    model.load_weights(path)
    assert_equal_values(values(model), values(source))
    with pytest.warns(UserWarning, match="starts anew, though .*include_optimizer=True"):
        model.compile("adam", loss="mse")
    assert int(model.optimizer.iterations) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.compile("adam", loss="mse")
        untouched = stack(4, 2)
        untouched.load_weights(path, include_optimizer=False)
        untouched.compile("sgd", loss="mse")


@every_format
@row("W04")
def test_the_state_of_an_optimizer_waits_for_compile(ending, tmp_path):
    source = trained("adam")
    path = saved(source, tmp_path, ending)
    model = stack(4, 2)
    model.load_weights(path, include_optimizer=True)
    changed = fill(model, seed=7)
    before = values(changed)
    model.compile("adam", loss="mse")
    assert int(model.optimizer.iterations) > 0
    assert_equal_values(model.optimizer.variables, source.optimizer.variables)
    assert_equal_values(values(model), before)


@every_format
@row("W04")
def test_the_state_that_waits_must_fit(ending, tmp_path):
    path = saved(trained("adam"), tmp_path, ending)
    model = stack(4, 2)
    model.load_weights(path, include_optimizer=True)
    with pytest.raises(WeightMismatchError, match="include_optimizer=False"):
        model.compile(deepkit.optimizers.SGD(momentum=0.9), loss="mse")


@every_format
@row("W04")
def test_the_file_must_stay_until_compile(ending, tmp_path):
    path = saved(trained("adam"), tmp_path, ending)
    model = stack(4, 2)
    model.load_weights(path, include_optimizer=True)
    path.unlink()
    with pytest.raises(StateError, match="Call `compile` before `load_weights`"):
        model.compile("adam", loss="mse")


@every_format
@row("W04")
def test_a_file_without_an_optimizer(ending, tmp_path):
    path = saved(stack(4, 2), tmp_path, ending)
    model = trained("adam")
    message = refused(model, path)
    assert "the state of the optimizer 'adam" in message.split("missing in the file:")[1]
    assert "include_optimizer=False" in message
    before = [np.asarray(v) for v in model.optimizer.variables]
    model.load_weights(path, include_optimizer=False)
    assert_equal_values(model.optimizer.variables, before)
    with pytest.warns(UserWarning, match="the state of the optimizer 'adam"):
        model.load_weights(path, skip_mismatch=True)
    fresh = stack(4, 2, compiled="adam")
    fresh.load_weights(path)
    assert_equal_values(values(fresh), values(stack(4, 2)))


@every_format
@row("W04")
def test_an_optimizer_that_had_not_begun_begins_anew(ending, tmp_path):
    path = saved(stack(4, 2, compiled="adam"), tmp_path, ending)
    model, unbroken = trained("adam"), stack(4, 2, compiled="adam")
    model.load_weights(path)
    assert int(model.optimizer.iterations) == 0
    histories = [m.fit(INPUTS, TARGETS, shuffle=False, verbose=0) for m in (model, unbroken)]
    assert histories[0].history == histories[1].history
    assert_equal_values(values(model), values(unbroken))


def test_the_state_of_an_inner_optimizer_in_files_of_keras(tmp_path):
    path = tmp_path / "theirs.weights.h5"
    with oracle():
        theirs = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2)])
        theirs.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), loss="mse")
        theirs.fit(INPUTS, TARGETS, verbose=0)
        theirs.save_weights(path)
    model = deepkit.Sequential([deepkit.Input((5,)), Dense(2)])
    inner = deepkit.optimizers.Adam()
    model.compile(deepkit.optimizers.LossScaleOptimizer(inner), loss="mse")
    model.load_weights(path)
    assert int(model.optimizer.inner_optimizer._iterations) == 1
    with oracle():
        assert_equal_values(model.optimizer.variables, theirs.optimizer.variables)


def test_compile_false_leaves_the_optimizer_behind(tmp_path):
    for ending in (".keras", ".h5"):
        loaded = deepkit.saving.load_model(saved(trained("adam"), tmp_path, ending), compile=False)
        assert not loaded.compiled and loaded.optimizer is None


def test_include_optimizer_false_writes_none(tmp_path):
    model = trained("adam")
    for ending in (".keras", ".h5"):
        path = tmp_path / f"plain{ending}"
        model.save(path, include_optimizer=False)
        loaded = deepkit.saving.load_model(path)
        assert not loaded.compiled
        assert_equal_values(values(loaded), values(model))


# Parts


def test_objects_to_skip(tmp_path):
    source, model = stack(4, 3), stack(4, 2)
    before = values(model)
    model.load_weights(saved(source, tmp_path), objects_to_skip=[model.layers[1]])
    assert_equal_values(values(model), [*values(source)[:2], *before[2:]])


def test_dropout_may_come_and_go(tmp_path):
    with_dropout = deepkit.Sequential([deepkit.Input((5,)), deepkit.layers.Dropout(0.5), Dense(2)])
    without = deepkit.Sequential([deepkit.Input((5,)), Dense(2)])
    without.load_weights(saved(with_dropout, tmp_path))
    assert_equal_values(values(without), values(with_dropout))
    with_dropout.load_weights(saved(fill(without), tmp_path))
    assert_equal_values(values(without), values(with_dropout))


@every_format
@row("W04")
def test_models_that_are_not_built(ending, tmp_path):
    path = saved(stack(4, 2), tmp_path, ending)
    model = deepkit.Sequential([Dense(4), Dense(2)])
    with pytest.raises(NotBuiltError, match="no weights that could be loaded: it is not built"):
        model.load_weights(path)
    with pytest.raises(NotBuiltError, match="no weights that could be saved"):
        model.save_weights(tmp_path / "x.weights.h5")


class Own(deepkit.layers.Layer):
    """Keeps a variable and an array of its own, under names of its own."""

    def build(self, input_shape):
        self.scale = self.add_weight("scale", shape=(5,))
        self.seen = np.zeros(3)

    def call(self, x):
        return x * self.scale

    def save_own_variables(self, store):
        store["scale"] = self.scale
        store["seen"] = self.seen

    def load_own_variables(self, store):
        assert len(store) == len(list(store)) == 2 and "scale" in store
        self.scale.assign(store["scale"])
        self.seen = store["seen"]


def test_layers_may_save_and_load_in_their_own_way(tmp_path):
    model, other = (deepkit.Sequential([deepkit.Input((5,)), Own()]) for _ in range(2))
    model.layers[0].seen = np.arange(3.0)
    path = saved(model, tmp_path)
    other.load_weights(path)
    assert_equal_values(values(other), values(model))
    assert_equal_values([other.layers[0].seen], [np.arange(3.0)])


def test_arrays_of_any_byte_order(tmp_path):
    model, other = (deepkit.Sequential([deepkit.Input((5,)), Own()]) for _ in range(2))
    for dtype in (">f8", "<f8", ">i4", "uint16", "bool", "complex64"):
        model.layers[0].seen = np.array([0, 1, 1]).astype(dtype)
        other.load_weights(saved(model, tmp_path))
        np.testing.assert_array_equal(other.layers[0].seen, model.layers[0].seen)


@row("W02")
def test_an_error_in_the_users_loading_changes_nothing(tmp_path):
    class Broken(Own):
        def load_own_variables(self, store):
            super().load_own_variables(store)
            raise RuntimeError("no way")

    source = deepkit.Sequential([deepkit.Input((5,)), Dense(5), Own()])
    model = deepkit.Sequential([deepkit.Input((5,)), Dense(5), Broken()])
    before = values(model)
    path = saved(source, tmp_path)
    with h5py.File(path, "r+") as file:
        file.move("layers/own", "layers/broken")
        del file["deepkit_manifest"]
    with pytest.raises(RuntimeError, match="no way") as error:
        model.load_weights(path)
    assert "at 'layers/broken'" in error.value.__notes__[0]
    assert_equal_values(values(model), before)
    with pytest.warns(UserWarning, match="'layers/broken': no way"):
        model.load_weights(path, skip_mismatch=True)
    assert_equal_values(values(model), [*values(source)[:2], before[2]])


def test_wrong_shapes_in_the_users_loading_are_reported(tmp_path):
    path = saved(deepkit.Sequential([deepkit.Input((5,)), Own()]), tmp_path)
    with h5py.File(path, "r+") as file:
        del file["layers/own/vars/scale"], file["deepkit_manifest"]
        file["layers/own/vars/scale"] = np.zeros(4)
    model = deepkit.Sequential([deepkit.Input((5,)), Own()])
    assert re.search(r"Could not be loaded:\n +'layers/own': .*\(5,\)", refused(model, path))


def test_stores_refuse_what_files_cannot_hold(tmp_path):
    class Textual(Own):
        def save_own_variables(self, store):
            store[self.key] = self.kept

    model = deepkit.Sequential([deepkit.Input((5,)), Textual()])
    for key, kept, words in (
        ("a", np.array(["text"]), "Expected numbers to save at 'layers/textual/vars/a'"),
        ("a", np.array([object()]), "dtype object"),
        ("../a", np.zeros(1), "Expected a name that a file can hold"),
        ("", np.zeros(1), "Expected a name that a file can hold"),
    ):
        model.layers[0].key, model.layers[0].kept = key, kept
        with pytest.raises(deepkit.errors.SerializationError, match=re.escape(words)):
            model.save_weights(tmp_path / "x.weights.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_store_can_be_written_twice_and_read(tmp_path):
    class Careful(Own):
        def save_own_variables(self, store):
            store["scale"] = np.zeros(2)
            store["scale"] = self.scale
            store["seen"] = np.asarray(store["scale"])[:3]
            store["gone"] = np.zeros(2)
            del store["gone"]
            assert sorted(store) == ["scale", "seen"] and len(store) == 2

    model = deepkit.Sequential([deepkit.Input((5,)), Careful()])
    path = saved(model, tmp_path)
    model.load_weights(path)
    assert_equal_values([model.layers[0].seen], [np.asarray(model.layers[0].scale)[:3]])


def test_integers_that_do_not_fit_are_refused(tmp_path):
    model = trained("sgd")
    path = saved(model, tmp_path)
    for value, fits in ((5, True), (2**40, False)):
        with h5py.File(path, "r+") as file:
            if "deepkit_manifest" in file:
                del file["deepkit_manifest"]
            del file["optimizer/vars/0"]
            file["optimizer/vars/0"] = np.int64(value)
        if fits:
            model.load_weights(path)
            assert int(model.optimizer.iterations) == 5
        else:
            with pytest.raises(CorruptFileError, match="'optimizer/vars/0' .* too large for int32"):
                model.load_weights(path)


def test_floats_that_do_not_fit_are_refused(tmp_path):
    wide = stack(4)
    wide.layers[0].bias.assign(np.full(4, 1e5, "float32"))
    layer = Dense(4, dtype=deepkit.DTypePolicy("float16"))
    small = deepkit.Sequential([deepkit.Input((5,)), layer])
    for ending in (".weights.h5", ".h5"):
        with pytest.raises(CorruptFileError, match="dtype float32 that are too large for float16"):
            small.load_weights(saved(wide, tmp_path, ending))


def test_nothing_is_said_where_all_fits(tmp_path):
    path = saved(trained("adam"), tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained("adam").load_weights(path, skip_mismatch=True)
