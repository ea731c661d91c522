"""The seam between library code and the methods that users override."""

import threading

import pytest

from deepkit.core import user_code


def method():
    return "plain"


def test_without_a_conversion_methods_are_themselves():
    assert user_code.prepared(method) is method
    assert user_code.active_conversion() is None


def test_a_conversion_makes_of_a_method_what_it_likes():
    with user_code.converting(lambda m: lambda: m() + ", converted"):
        assert user_code.prepared(method)() == "plain, converted"
        with user_code.converting(None):
            assert user_code.prepared(method) is method
        assert user_code.prepared(method)() == "plain, converted"
    assert user_code.prepared(method) is method


def test_a_conversion_ends_with_an_error_and_stays_in_its_thread():
    seen = []
    with pytest.raises(KeyError), user_code.converting(lambda m: None):
        thread = threading.Thread(target=lambda: seen.append(user_code.prepared(method)))
        thread.start()
        thread.join()
        raise KeyError
    assert seen == [method]
    assert user_code.prepared(method) is method
