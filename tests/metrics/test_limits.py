"""Numbers of thresholds that no metric needs are refused before there is a list of them."""

import pytest

import deepkit
from deepkit.errors import ArgumentError, ConfigError


def test_thresholds():
    for make in (
        deepkit.metrics.AUC,
        lambda num_thresholds: deepkit.metrics.PrecisionAtRecall(0.5, num_thresholds),
    ):
        with pytest.raises(ArgumentError, match="to be at most 1,000,000, received 1,000,000,000"):
            make(num_thresholds=10**9)
    config = {"class_name": "AUC", "config": {"num_thresholds": 10**12}}
    with pytest.raises(ConfigError, match="`num_thresholds` to be at most 1,000,000"):
        deepkit.metrics.deserialize(config)
