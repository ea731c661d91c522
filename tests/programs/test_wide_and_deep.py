"""Wide and deep: two inputs, two outputs, weighted losses; drawn and subclassed."""

import numpy as np
import pytest

import deepkit
from tests.programs.data import regression
from tests.programs.running import assert_goes_through_files, assert_trains_like_keras

X, Y = regression()
WIDE, DEEP = X[:, :5], X[:, 2:]


def drawn(k):
    input_wide = k.Input(shape=[5], name="input_wide")
    input_deep = k.Input(shape=[6], name="input_deep")
    hidden1 = k.layers.Dense(6, activation="relu")(input_deep)
    hidden2 = k.layers.Dense(6, activation="relu")(hidden1)
    concat = k.layers.concatenate([input_wide, hidden2])
    output = k.layers.Dense(1, name="output")(concat)
    aux_output = k.layers.Dense(1, name="aux_output")(hidden2)
    return k.Model(inputs=[input_wide, input_deep], outputs=[output, aux_output])


def subclass(k):
    class WideAndDeepModel(k.Model):
        def __init__(self, units=6, activation="relu", **kwargs):
            super().__init__(**kwargs)
            self.units, self.activation_name = units, activation
            self.norm_layer_wide = k.layers.LayerNormalization()
            self.hidden1 = k.layers.Dense(units, activation=activation)
            self.hidden2 = k.layers.Dense(units, activation=activation)
            self.main_output = k.layers.Dense(1)
            self.aux_output = k.layers.Dense(1)

        def call(self, inputs):
            input_wide, input_deep = inputs
            norm_wide = self.norm_layer_wide(input_wide)
            hidden2 = self.hidden2(self.hidden1(input_deep))
            concat = k.ops.concatenate([norm_wide, hidden2], axis=-1)
            return self.main_output(concat), self.aux_output(hidden2)

        def get_config(self):
            config = {"units": self.units, "activation": self.activation_name}
            return {**super().get_config(), **config}

    return WideAndDeepModel


def compiled(model, k):
    model.compile(
        loss=["mse", "mae"],
        loss_weights=[0.9, 0.1],
        optimizer=k.optimizers.SGD(0.005),
        metrics=[["mae"], ["mse"]],
    )
    return model


@pytest.fixture(scope="module")
def trained():
    return assert_trains_like_keras(lambda k: compiled(drawn(k), k), [WIDE, DEEP], [Y, Y])


def test_the_loss_is_the_weighted_sum(trained):
    results = trained.evaluate([WIDE, DEEP], [Y, Y], verbose=0, return_dict=True)
    main, aux = trained.predict([WIDE, DEEP], verbose=0)
    expected = {
        "loss": 0.9 * np.mean((main - Y) ** 2) + 0.1 * np.mean(np.abs(aux - Y)),
        "output_loss": np.mean((main - Y) ** 2),
        "aux_output_loss": np.mean(np.abs(aux - Y)),
        "output_mae": np.mean(np.abs(main - Y)),
        "aux_output_mse": np.mean((aux - Y) ** 2),
    }
    assert set(results) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(results[name], value, rtol=1e-5, err_msg=name)


def test_inputs_and_targets_by_name_are_the_same(trained):
    by_place = trained.evaluate([WIDE, DEEP], [Y, Y], verbose=0)
    by_name = trained.evaluate(
        {"input_deep": DEEP, "input_wide": WIDE}, {"aux_output": Y, "output": Y}, verbose=0
    )
    assert by_name == by_place
    assert trained.evaluate((WIDE, DEEP), (Y, Y), verbose=0) == by_place


def test_losses_by_name_train_alike():
    def by_name(k):
        model = drawn(k)
        model.compile(
            loss={"output": "mse", "aux_output": "mae"},
            loss_weights={"output": 0.9, "aux_output": 0.1},
            optimizer=k.optimizers.SGD(0.005),
        )
        return model

    assert_trains_like_keras(by_name, [WIDE, DEEP], [Y, Y])


def test_a_validation_set_of_two_inputs_and_outputs(trained):
    history = trained.fit(
        (WIDE, DEEP),
        (Y, Y),
        epochs=1,
        verbose=0,
        validation_data=((WIDE[:20], DEEP[:20]), (Y[:20], Y[:20])),
    ).history
    expected = trained.evaluate(
        (WIDE[:20], DEEP[:20]), (Y[:20], Y[:20]), verbose=0, return_dict=True
    )
    assert {f"val_{name}": [value] for name, value in expected.items()} == {
        name: value for name, value in history.items() if name.startswith("val_")
    }


def test_the_subclassed_model():
    model = assert_trains_like_keras(lambda k: compiled(subclass(k)(6), k), (WIDE, DEEP), (Y, Y))
    main, aux = model.predict((WIDE, DEEP), verbose=0)
    w = model.get_weights()
    hidden = np.maximum(np.maximum(DEEP @ w[2] + w[3], 0) @ w[4] + w[5], 0)
    np.testing.assert_allclose(aux, hidden @ w[8] + w[9], rtol=1e-4, atol=1e-5)
    assert main.shape == (64, 1)


def test_files_of_the_drawn_model(tmp_path):
    model = compiled(drawn(deepkit), deepkit)
    model.fit([WIDE, DEEP], [Y, Y], epochs=1, verbose=0)
    assert_goes_through_files(model, tmp_path, {}, [WIDE, DEEP], [Y, Y])


def test_files_of_the_subclassed_model(tmp_path):
    model_class = subclass(deepkit)
    model = compiled(model_class(6), deepkit)
    model.fit((WIDE, DEEP), (Y, Y), epochs=1, verbose=0)
    custom_objects = {"WideAndDeepModel": model_class}
    assert_goes_through_files(model, tmp_path, custom_objects, (WIDE, DEEP), (Y, Y))
