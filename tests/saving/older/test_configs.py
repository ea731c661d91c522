"""Configs that older Keras wrote are read with all their arguments, and compute the same."""

import pytest

from deepkit.core.errors import ArgumentError, SerializationError
from tests.saving.older import expectations
from tests.saving.older.expectations import is_settled
from tests.saving.older.reading import (
    check_outputs,
    check_training,
    compiled,
    forms_of,
    golden,
    read,
)

VERSIONS = sorted(golden())


def each(name, *parts):
    """The cases of a version in their forms: title, case, form."""
    for part in parts:
        for case in golden()[name][part]:
            for form in forms_of(case):
                yield case["title"], case, form


def attempt(failures, name, title, check):
    """Run a check of a case, and note where it fails, or is not refused as it should be."""
    words = expectations.refusal(name, title)
    try:
        check()
    except (SerializationError, ArgumentError) as error:
        if words is None or words not in str(error):
            failures.append(f"{title}: {error}")
    except Exception as error:
        failures.append(f"{title}: {type(error).__name__}: {error}")
    else:
        if words is not None:
            failures.append(f"{title}: read, although {words!r} was expected")


@pytest.mark.parametrize("name", VERSIONS)
def test_models_compute_the_same(name):
    failures = []
    version = golden()[name]["version"]
    for title, case, form in each(name, "layers", "models"):
        if title not in expectations.LOST_BY.get(name, ()):
            attempt(failures, name, title, lambda c=case, f=form: check_outputs(c, f, version))
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("name", VERSIONS)
def test_arguments_are_kept(name):
    failures = []
    version = golden()[name]["version"]
    for title, case, form in each(name, "layers"):
        if name == "keras_122" or expectations.refusal(name, title) is not None:
            continue
        model = read(case[form], version)
        made = plain(model.get_layer("layer").get_config())
        [entry] = [
            entry
            for entry in case[form]["config"]["layers"]
            if entry["config"].get("name") == "layer"
        ]
        for reason in differences(entry["class_name"], plain(entry["config"]), made):
            failures.append(f"{title}: {reason}")
    assert not failures, "\n".join(failures)


def differences(class_name, older, made):
    """What is not in a made layer's config as it was in the older one, except what is known."""
    for key, value in older.items():
        dropped = expectations.DROPPED.get((class_name, key), ())
        if dropped is None or value in dropped or (key == "dtype" and value is None):
            continue
        now = expectations.RENAMED.get((class_name, key), key)
        if now not in made:
            yield f"{key}={value!r} is gone"
        elif isinstance(value, dict) and "config" in value and isinstance(made[now], dict):
            if key in ("layer", "backward_layer", "cell"):
                yield from differences(value["class_name"], value["config"], made[now]["config"])
            else:
                yield from _differences_of_objects(value, made[now])
        elif key == "cells":
            for cell, own in zip(value, made[now], strict=True):
                yield from differences(cell["class_name"], cell["config"], own["config"])
        elif not is_same(value, made[now]):
            yield f"{key}={value!r} is {made[now]!r}"


def _differences_of_objects(older, made):
    """The same for initializers, regularizers and constraints."""
    if older["class_name"] != made["class_name"]:
        yield f"{older['class_name']} is {made['class_name']}"
    for key, value in older["config"].items():
        is_normal = key == "distribution" and value == "normal"
        value = "truncated_normal" if is_normal else value
        if key != "dtype" and made["config"].get(key) != value:
            yield f"{older['class_name']}.{key}={value!r} is {made['config'].get(key)!r}"


def is_same(value, now):
    """Whether an argument is what it was, perhaps in another spelling."""
    if (value, now) in expectations.RESPELLED:
        return True
    # `Bidirectional` names its layers when it is made.
    return now in (value, [value], f"forward_{value}") or value == [now]


def plain(value):
    """A config of lists and names alone."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__tuple__":
        return plain(value["config"]["value"])
    if "class_name" in value and isinstance(value.get("config"), dict):
        config = {key: plain(item) for key, item in value["config"].items()}
        if value["class_name"] in ("Policy", "PolicyV1", "DTypePolicy"):
            return config["name"]
        return {"class_name": value["class_name"], "config": config}
    return {key: plain(item) for key, item in value.items()}


@pytest.mark.parametrize("name", VERSIONS)
def test_models_are_compiled_as_they_were(name):
    failures = []
    version = golden()[name]["version"]
    for title, case, form in each(name, "compile"):
        if form == "archive_config" and name != "tf_215":
            continue  # It is translated by the same functions.

        def check(case=case, form=form, title=title):
            is_other = expectations.is_other_rule(name, title)
            if is_other or (case["kind"] == "optimizer" and not is_settled(name, title)):
                compiled(case, form, version)
            else:
                check_training(case, form, version)

        attempt(failures, name, title, check)
    assert not failures, "\n".join(failures)
