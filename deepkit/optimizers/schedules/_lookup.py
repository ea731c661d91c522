"""Schedules to configs, and back."""

from typing import Any

from deepkit.core import serialization

from ._learning_rate_schedule import LearningRateSchedule


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The config of a schedule, in the form that `deserialize` takes."""
    return serialization.serialize_keras_object(learning_rate_schedule)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule of a config that `serialize` made, here or in Keras.

    Args:
        config: the config.
        custom_objects: names and the classes that they mean.
    """
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)
