"""Names: snake case, numbers, and the paths of scopes."""

import threading

import pytest

from deepkit import backend, errors
from deepkit.core import naming
from tests.oracle import keras


@pytest.fixture(autouse=True)
def _names_start_again():
    naming.reset_names()


@pytest.mark.parametrize(
    "name", ["Conv2DTranspose", "MyDense", "LSTM", "RMSprop", "AUC", "relu", "A B-c", "F1Score"]
)
def test_snake_case_is_keras_s(name):
    assert naming.to_snake_case(name) == keras.src.utils.naming.to_snake_case(name)


def test_automatic_names_are_numbered():
    assert [naming.auto_name("dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert naming.auto_name("conv") == "conv"
    assert naming.get_uid("dense") == 4
    assert naming.auto_name("dense") == "dense_4"
    backend.clear_session(free_memory=False)
    assert naming.auto_name("dense") == "dense"
    assert backend.get_uid("other") == 1
    assert backend.get_uid("other") == 2


def test_threads_never_get_the_same_name():
    names = []
    threads = [
        threading.Thread(target=lambda: names.extend(naming.auto_name("x") for _ in range(200)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 800


def test_names_among_taken_ones():
    assert naming.unique_name("a", {"b"}) == "a"
    assert naming.unique_name("a", {"a", "a_1"}) == "a_2"


@pytest.mark.parametrize("name", [3, None, "", "a/b", "a\x00b"])
def test_unusable_names(name):
    with pytest.raises(
        errors.ArgumentError, match="`name` of a Thing to be text .* no '/', received"
    ):
        naming.check_name(name, "a Thing")


def test_scopes_make_paths():
    layer = object()
    with naming.name_scope("model"), naming.name_scope("layer", layer):
        with naming.name_scope("layer", layer):
            assert naming.current_path() == "model/layer"
        with naming.name_scope("layer", object()):
            assert naming.current_path() == "model/layer/layer"
        assert naming.current_path() == "model/layer"
    assert naming.current_path() == ""


def test_scopes_close_after_errors_and_belong_to_a_thread():
    seen = []
    with pytest.raises(KeyError), naming.name_scope("outer"):
        thread = threading.Thread(target=lambda: seen.append(naming.current_path()))
        thread.start()
        thread.join()
        raise KeyError
    assert seen == [""]
    assert naming.current_path() == ""
