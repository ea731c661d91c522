"""Settings: Keras's defaults, what is accepted, and what is said of the rest."""

import pytest

import deepkit
from deepkit import backend, config, errors
from deepkit.core.config import standardize_data_format
from tests.oracle import keras, oracle


@pytest.fixture(autouse=True)
def _settings_are_restored(monkeypatch):
    import deepkit.core.config as settings

    monkeypatch.setattr(settings, "_SETTINGS", settings._Settings())


SETTINGS = {
    "floatx": ["float16", "bfloat16", "float64", "float32"],
    "epsilon": [1e-3, 1],
    "image_data_format": ["channels_first", "channels_last"],
    "max_epochs": [3, None],
    "max_steps_per_epoch": [2, None],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_begin_as_keras_has_them_and_can_be_set(name):
    get, set_ = getattr(config, name), getattr(config, f"set_{name}")
    with oracle():
        assert get() == getattr(keras.config, name)()
    for value in SETTINGS[name]:
        set_(value)
        assert get() == value


REFUSED = [
    ("set_floatx", "float8", r"`value` to be one of \('float16', .*received 'float8'"),
    ("set_floatx", 32, "received 32"),
    ("set_epsilon", 0, "a number above 0, received 0"),
    ("set_epsilon", True, "a number above 0, received True"),
    ("set_epsilon", "1", "a number above 0, received '1'"),
    ("set_epsilon", float("nan"), "received nan"),
    ("set_image_data_format", "NCHW", r"`data_format` to be one of .*received 'nchw'"),
    ("set_dtype_promotion", "loose", r"\('standard', 'strict'\), received 'loose'"),
    ("set_max_epochs", 0, "`max_epochs` to be an integer of at least 1 or None, received 0"),
    ("set_max_epochs", 1.5, "received 1.5"),
    ("set_max_steps_per_epoch", True, "`max_steps_per_epoch` .* received True"),
    ("set_backend", "torch", r"`backend` to be one of \('jax',\), received 'torch'"),
]


@pytest.mark.parametrize(("setter", "value", "text"), REFUSED)
def test_other_values_are_refused(setter, value, text):
    before = {name: getattr(config, name)() for name in SETTINGS}
    with pytest.raises(errors.ArgumentError, match=text):
        getattr(config, setter)(value)
    assert {name: getattr(config, name)() for name in SETTINGS} == before


@pytest.mark.parametrize("name", ["interactive_logging", "traceback_filtering", "flash_attention"])
def test_switches_go_on_and_off(name):
    is_enabled = getattr(config, f"is_{name}_enabled")
    with oracle():
        assert is_enabled() == getattr(keras.config, f"is_{name}_enabled")()
    getattr(config, f"disable_{name}")()
    assert is_enabled() is False
    getattr(config, f"enable_{name}")()
    assert is_enabled() is True


def test_promotion_is_standard_until_it_is_strict():
    assert config.dtype_promotion() == "standard"
    config.set_dtype_promotion("strict")
    assert config.dtype_promotion() == "strict"


def test_data_formats_default_to_the_global_one():
    assert standardize_data_format(None) == "channels_last"
    config.set_image_data_format("Channels_First")
    assert standardize_data_format(None) == "channels_first"
    assert standardize_data_format("CHANNELS_LAST") == "channels_last"
    with pytest.raises(errors.ArgumentError, match="received 'last'"):
        standardize_data_format("last")


def test_the_backend_is_jax():
    config.set_backend("jax")
    assert config.backend() == backend.backend() == deepkit.backend.backend() == "jax"
    assert config.is_nnx_enabled() is False
