"""Stand-ins for models and optimizers: all that callbacks know of them."""

import numpy as np

from deepkit.tensors import Variable


class FakeOptimizer:
    built = True

    def __init__(self, learning_rate=0.5, name="sgd"):
        self.learning_rate = learning_rate
        self.name = name


class FakeMetric:
    def __init__(self, name, direction=None, metrics=()):
        self.name = name
        self.metrics = list(metrics)
        self.variables = []
        if direction:
            self._direction = direction


class FakeModel:
    """A model of one weight that keeps a record of what it was asked to save."""

    built = True
    name = "fake"

    def __init__(self, optimizer=None, metrics=()):
        self.optimizer = optimizer
        self.metrics = list(metrics)
        self.variable = Variable(np.zeros(2, "float32"))
        self.stop_training = False
        self.history = None
        self.saved = []

    @property
    def weight(self):
        return self.variable.numpy()

    @weight.setter
    def weight(self, value):
        self.variable.assign(value)

    def get_weights(self):
        return [self.weight]

    def set_weights(self, weights):
        (self.weight,) = weights

    def save(self, path, overwrite):
        self.saved.append(str(path))

    def save_weights(self, path, overwrite):
        self.saved.append(str(path))

    def saveable_children(self):
        return {}

    def save_own_variables(self, store):
        store["0"] = self.variable

    def load_own_variables(self, store):
        self.variable.assign(store["0"])


class EmaOptimizer(FakeOptimizer):
    use_ema = True

    def __init__(self, variables):
        super().__init__()
        self._trainable_variables = variables
        self._model_variables_moving_average = [Variable(v.value * 10.0) for v in variables]
