"""Makes golden files: small models as a release of Keras writes them, with what they compute.

    python make.py NAME SOURCE FOLDER [NET ...]

SOURCE is the module to import: `keras`, `tf_keras`, `tensorflow.keras` or `deepkit`; NAME the name
of the archive that is made in FOLDER, such as `keras_2.3.1`. It has for each net its files, and
`NET.npz`: inputs, targets, predictions, loss, and the weights and predictions after two more
epochs, without shuffling. The script runs under Python 3.6 to 3.13 and Keras 1.2 to 3. `README.md`
says which releases made what is here. The nets of `OPTIMIZER_NETS` are made only if they are named.
"""

import importlib
import os
import sys
import tempfile
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

RANDOM = np.random.RandomState(7)
SAMPLES = 8


def number(version):
    return tuple(int(part) for part in version.split(".")[:2])


class Source:
    """A release of Keras: its module, and what can be asked of it."""

    def __init__(self, module):
        self.k = importlib.import_module(module)
        tensorflow = sys.modules.get("tensorflow")
        version = getattr(self.k, "__version__", None) or tensorflow.__version__
        if module == "tensorflow.keras":
            version = tensorflow.__version__
        self.version = number(version.split("-")[0])
        self.is_tensorflow = module != "keras"
        self.is_old = self.version[0] == 1 and not self.is_tensorflow
        self.is_three = self.version[0] == 3 or module == "deepkit"
        # The optimizers of TensorFlow 2.11 and later have other slots and no `decay`.
        self.has_new_optimizers = self.is_three or (self.is_tensorflow and self.version >= (2, 11))
        self.has_archives = self.is_three or (self.is_tensorflow and self.version >= (2, 12))
        self.mean = self.k.ops.mean if self.is_three else self.backend("mean")
        self.square = self.k.ops.square if self.is_three else self.backend("square")
        self.abs = self.k.ops.abs if self.is_three else self.backend("abs")

    def backend(self, name):
        return getattr(importlib.import_module(self.k.__name__ + ".backend"), name)

    def part(self, name):
        """A module of Keras such as `layers`, which Keras 1 does not import by itself."""
        try:
            return getattr(self.k, name)
        except AttributeError:
            return importlib.import_module(self.k.__name__ + "." + name)

    def optimizer(self, name, rate, **options):
        """An optimizer by class, with its learning rate as its time called it."""
        key = "lr" if not self.is_tensorflow and self.version < (2, 3) else "learning_rate"
        options[key] = rate
        return getattr(self.part("optimizers"), name)(**options)

    def decaying(self, name, rate, decay, **options):
        """The same with `decay`, where it was still known."""
        if not self.has_new_optimizers:
            options["decay"] = decay
        return self.optimizer(name, rate, **options)


# The nets. Each takes a source and returns a compiled model, its inputs and its targets.


def normal(*shape):
    return RANDOM.normal(size=(SAMPLES,) + shape).astype("float32")


def in_order(s, model):
    """Have Keras on TensorFlow 1 change variables when all gradients are there, the number last.

    Otherwise some read what has changed already and some do not, as it happens to be.
    """
    if s.is_tensorflow or s.version >= (2, 4):
        return
    import tensorflow as tf

    optimizer = model.optimizer
    original, gradients_of = optimizer.get_updates, optimizer.get_gradients

    def get_gradients(loss, params):
        gradients = gradients_of(loss, params)
        with tf.control_dependencies(gradients):
            return [tf.identity(gradient) for gradient in gradients]

    def get_updates(*args, **kwargs):
        updates = original(*args, **kwargs)
        if updates[0].op.type == "Assign":  # not counted, as nothing depends on it
            return updates
        done = [update for update in updates[1:] if not isinstance(update, tuple)]
        with tf.control_dependencies(done):
            updates[0] = s.backend("update_add")(optimizer.iterations, 1)
        return updates

    optimizer.get_updates, optimizer.get_gradients = get_updates, get_gradients


def one_hot(count):
    return np.eye(count, dtype="float32")[RANDOM.randint(count, size=SAMPLES)]


def chain(s):
    """A chain with a regularizer, dropout and batch normalization; compiled by names."""
    layers, l2 = s.part("layers"), s.part("regularizers").l2
    first = {"W_regularizer" if s.is_old else "kernel_regularizer": l2(0.01)}
    model = s.part("models").Sequential(
        [
            layers.Dense(4, activation="relu", input_shape=(5,), name="first", **first),
            layers.Dropout(0.25),
            layers.BatchNormalization(name="norm"),
            layers.Dense(3, activation="softmax", name="last"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model, [normal(5)], [one_hot(3)]


def pictures(s):
    """Convolutions of three kinds, batch normalization, pooling; an old style of optimizer."""
    layers = s.part("layers")
    if s.is_old:
        stack = [
            layers.Convolution2D(
                3, 3, 3, border_mode="same", bias=False, input_shape=(8, 8, 2), name="conv"
            ),
            layers.BatchNormalization(name="norm"),
            layers.Activation("relu", name="relu"),
            layers.MaxPooling2D((2, 2), name="pool"),
            layers.Convolution2D(4, 2, 3, subsample=(1, 1), name="conv_2"),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="last"),
        ]
    else:
        stack = [
            layers.Conv2D(3, 3, padding="same", use_bias=False, input_shape=(8, 8, 2), name="conv"),
            layers.BatchNormalization(name="norm", momentum=0.9),
            layers.Activation("relu", name="relu"),
            layers.MaxPooling2D((2, 2), name="pool"),
            layers.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, name="separable"),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="last"),
        ]
        if hasattr(layers, "DepthwiseConv2D"):
            stack.insert(4, layers.DepthwiseConv2D(2, name="depthwise"))
    model = s.part("models").Sequential(stack)
    rate = 0.05 if s.is_tensorflow else 0.005
    optimizer = s.decaying("SGD", rate, 0.01, momentum=0.9, nesterov=True)
    model.compile(optimizer=optimizer, loss="mse")
    return model, [normal(8, 8, 2)], [normal(2)]


def drawn(s, inputs, outputs, name):
    kind = s.part("models").Model
    if s.is_old:
        return kind(input=inputs, output=outputs, name=name)
    return kind(inputs=inputs, outputs=outputs, name=name)


def two_ways(s):
    """Two inputs, two outputs, a layer that both share."""
    layers = s.part("layers")
    a, b = layers.Input((5,), name="a"), layers.Input((5,), name="b")
    shared = layers.Dense(4, activation="tanh", name="shared")
    if s.is_old:
        joined = layers.merge([shared(a), shared(b)], mode="concat", name="joined")
    else:
        joined = layers.Concatenate(name="joined")([shared(a), shared(b)])
    scores = layers.Dense(2, name="scores")(joined)
    flag = layers.Dense(1, activation="sigmoid", name="flag")(joined)
    model = drawn(s, [a, b], [scores, flag], "two_ways")
    model.compile(
        optimizer=s.optimizer("RMSprop", 0.01),
        loss={"scores": "mse", "flag": "binary_crossentropy"},
        loss_weights={"scores": 1.0, "flag": 0.5},
        metrics={"scores": ["mae"]},
    )
    return model, [normal(5), normal(5)], [normal(2), one_hot(2)[:, :1]]


def text(s):
    """Embedding with a mask, recurrent layers both ways, a layer for each time step."""
    layers = s.part("layers")
    length = {} if s.is_three else {"input_length": 6}
    shape = {"input_shape": (6,)} if s.is_three else {}
    model = s.part("models").Sequential(
        [
            layers.Embedding(12, 4, mask_zero=True, name="words", **length, **shape),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both_ways"),
            layers.TimeDistributed(layers.Dense(4), name="each"),
            layers.GRU(3, return_sequences=True, name="gru"),
            layers.LSTM(2, name="lstm"),
            layers.Dense(2, activation="softmax", name="last"),
        ]
    )
    if s.is_three:  # on TensorFlow it does not add up the gradients of equal words for Adam
        optimizer = s.optimizer("SGD", 0.05, momentum=0.9)
    else:
        optimizer = s.decaying("Adam", 0.01, 0.05, beta_1=0.8)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    words = RANDOM.randint(1, 12, size=(SAMPLES, 6))
    words[1, 4:], words[5, 2:] = 0, 0
    return model, [words.astype("int32")], [RANDOM.randint(2, size=(SAMPLES, 1)).astype("float32")]


def attention(s):
    """A block of attention; loss and metric are objects, the learning rate is a schedule."""
    layers, k = s.part("layers"), s.k
    x = layers.Input((6, 4), name="x")
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=3, name="attention")(x, x)
    joined = layers.LayerNormalization(name="norm")(layers.Add(name="add")([x, attended]))
    pooled = layers.GlobalAveragePooling1D(name="pool")(joined)
    model = drawn(s, x, layers.Dense(1, name="last")(pooled), "attention_net")
    schedule = k.optimizers.schedules.ExponentialDecay(0.02, decay_steps=2, decay_rate=0.9)
    model.compile(
        optimizer=k.optimizers.SGD(learning_rate=schedule, momentum=0.9),
        loss=k.losses.BinaryCrossentropy(from_logits=True),
        metrics=[k.metrics.BinaryAccuracy(name="hits", threshold=0.3)],
    )
    return model, [normal(6, 4)], [one_hot(2)[:, :1]]


def nested(s):
    """A chain and a drawn model within a drawn model."""
    layers = s.part("layers")
    encoder = s.part("models").Sequential(name="encoder")
    encoder.add(layers.Dense(4, activation="tanh", input_shape=(5,), name="inner"))
    encoder.add(layers.BatchNormalization(name="inner_norm"))
    y = layers.Input((4,), name="y")
    head = drawn(s, y, layers.Dense(2, name="deep")(layers.Dense(3, name="middle")(y)), "head")
    x = layers.Input((5,), name="x")
    model = drawn(s, x, layers.Dense(2, name="last")(head(encoder(x))), "nested")
    if s.is_tensorflow or s.is_three:
        optimizer = s.optimizer("Adagrad", 0.05)
    else:  # whose Adagrad takes other steps where gradients are small
        optimizer = s.optimizer("SGD", 0.05, momentum=0.5)
    model.compile(optimizer=optimizer, loss="mae", metrics=["mse"])
    return model, [normal(5)], [normal(2)]


def custom(s):
    """A layer, a loss and a metric of one's own."""
    layers = s.part("layers")

    class Scale(layers.Layer):
        def __init__(self, power=2, **kwargs):
            super().__init__(**kwargs)
            self.power = power

        def build(self, input_shape):
            shape = (int(input_shape[-1]),)
            arguments = {"shape": shape, "initializer": "ones", "trainable": True}
            if s.is_old:
                arguments["initializer"] = self.k_ones
            self.factor = self.add_weight(name="factor", **arguments)
            super().build(input_shape)

        def k_ones(self, shape, name=None):
            return s.backend("variable")(np.ones(shape), name=name)

        def call(self, x, mask=None):
            return x**self.power * self.factor

        def get_config(self):
            return dict(super().get_config(), power=self.power)

    def distance(y_true, y_pred):
        return 2.0 * s.mean(s.square(y_true - y_pred), axis=-1)

    def largest_miss(y_true, y_pred):
        return s.mean(s.abs(y_true - y_pred))

    model = s.part("models").Sequential(
        [
            layers.Dense(4, input_shape=(5,), name="first"),
            Scale(power=3, name="scale"),
            layers.Dense(2, name="last"),
        ]
    )
    model.compile(optimizer=s.optimizer("Adam", 0.01), loss=distance, metrics=[largest_miss])
    return model, [normal(5)], [normal(2)]


def subclassed(s):
    """A model of one's own class, with layers in attributes, a list and a dict."""
    layers = s.part("layers")

    class Branches(s.part("models").Model):
        def __init__(self):
            super().__init__(name="branches")
            self.stem = layers.Dense(4, activation="tanh", name="stem")
            self.blocks = [layers.Dense(4, name=f"block_{index}") for index in range(2)]
            self.norm = layers.BatchNormalization(name="norm")
            self.last = layers.Dense(2, name="last")

        def call(self, x, training=None):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x) + x
            return self.last(self.norm(x, training=training))

    model = Branches()
    model.compile(optimizer=s.optimizer("SGD", 0.05, momentum=0.9), loss="mse")
    return model, [normal(5)], [normal(2)]


OPTIMIZERS = {
    "SGD": {},
    "RMSprop": {},
    "Adagrad": {},
    "Adadelta": {},
    "Adam": {"amsgrad": True},
    "Adamax": {},
    "Nadam": {},
    "Ftrl": {},
}


def by_optimizer(name):
    def net(s):
        """Two layers whose arrays have the same shapes, so that their order shows."""
        layers = s.part("layers")
        model = s.part("models").Sequential(
            [layers.Dense(3, input_shape=(3,), name="first"), layers.Dense(3, name="last")]
        )
        options = dict(OPTIMIZERS[name])
        if s.is_old or (s.version < (2, 1) and not s.is_tensorflow):
            options = {}
        if (name == "RMSprop" and s.is_tensorflow) or (s.is_three and name == "RMSprop"):
            options = {"momentum": 0.5, "centered": True}
        model.compile(optimizer=s.optimizer(name, 0.02, **options), loss="mse")
        return model, [normal(3)], [normal(3)]

    return net


NETS = {
    "chain": chain,
    "pictures": pictures,
    "two_ways": two_ways,
    "text": text,
    "attention": attention,
    "nested": nested,
    "custom": custom,
    "subclassed": subclassed,
}
NETS.update({name.lower(): by_optimizer(name) for name in OPTIMIZERS})


# Nets for optimizers that older Keras kept in ways of their own, in `optimizers`.


def pair(s, optimizer, **options):
    layers = s.part("layers")
    model = s.part("models").Sequential(
        [
            layers.Dense(3, input_shape=(3,), name="first", **options),
            layers.Dense(3, name="last", **options),
        ]
    )
    model.compile(optimizer=optimizer, loss="mse")
    return model, [normal(3)], [normal(3)]


def factored(s):
    """Adafactor for weights of three, two and one dimensions."""
    layers = s.part("layers")
    model = s.part("models").Sequential(
        [
            layers.Conv1D(3, 2, input_shape=(4, 2), name="conv"),
            layers.Flatten(name="flat"),
            layers.Dense(3, name="last"),
        ]
    )
    model.compile(optimizer=s.optimizer("Adafactor", 0.02, clip_threshold=0.7), loss="mse")
    return model, [normal(4, 2)], [normal(3)]


def long_nadam(s):
    return pair(s, s.optimizer("Nadam", 0.002))


def legacy_nadam(s):
    return pair(s, s.part("optimizers").legacy.Nadam(0.02))


def scaling(s, inner, scale=64.0, steps=3):
    """An optimizer that scales the loss: by a scale that grows each so many steps, or never."""
    if s.version < (2, 4):
        kind = s.part("mixed_precision").experimental.LossScaleOptimizer
        if steps is None:
            return kind(inner, scale)
        import tensorflow as tf

        dynamic = tf.mixed_precision.experimental.DynamicLossScale(scale, steps)
        return kind(inner, dynamic)
    kind = s.part("mixed_precision").LossScaleOptimizer
    return kind(inner, dynamic=steps is not None, initial_scale=scale, dynamic_growth_steps=steps)


def scaled(s):
    return pair(s, scaling(s, s.optimizer("Adam", 0.02)))


def scaled_nadam(s):
    legacy = getattr(s.part("optimizers"), "legacy", s.part("optimizers"))
    return pair(s, scaling(s, legacy.Nadam(learning_rate=0.02)))


def scaled_by_a_number(s):
    return pair(s, scaling(s, s.optimizer("SGD", 0.05, momentum=0.9), 1024.0, None))


def scaled_at_first(s):
    """By the former class, in the release that had both."""
    kind = s.part("mixed_precision").experimental.LossScaleOptimizer
    return pair(s, kind(s.optimizer("RMSprop", 0.02, momentum=0.5), "dynamic"))


def scaled_by_policy(s):
    """A model of mixed precision, whose optimizer `compile` wraps without a word in its config."""
    precision = s.part("mixed_precision")
    precision.set_global_policy("mixed_float16")
    try:
        model, inputs, targets = pair(s, "adam")
    finally:
        precision.set_global_policy("float32")
    # Gradients that fit into float16: TensorFlow counted steps that were left out, too.
    return model, inputs, [0.1 * targets[0]]


OPTIMIZER_NETS = {
    "factored": factored,
    "long_nadam": long_nadam,
    "legacy_nadam": legacy_nadam,
    "scaled": scaled,
    "scaled_nadam": scaled_nadam,
    "scaled_by_a_number": scaled_by_a_number,
    "scaled_at_first": scaled_at_first,
    "scaled_by_policy": scaled_by_policy,
}
EPOCHS = {"long_nadam": 40}


def scale_of(model):
    """The scale of the loss, and the number of steps that went well since it changed."""
    scale = model.optimizer.loss_scale
    if hasattr(model.optimizer, "dynamic_counter"):
        return [float(scale), float(model.optimizer.dynamic_counter or 0)]
    return [float(scale()), float(getattr(scale, "_num_good_steps", 0))]


# Training them, and writing what they are.


def fit(s, model, x, y, epochs=2):
    key = "nb_epoch" if s.is_old else "epochs"
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0, **{key: epochs})


def alone(arrays):
    return arrays[0] if len(arrays) == 1 else arrays


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def weights_of(model, found):
    """The weights of all layers that have no layers, under the layers' names."""
    for layer in model.layers:
        if getattr(layer, "layers", None):
            weights_of(layer, found)
            continue
        for index, value in enumerate(layer.get_weights()):
            found[f"{layer.name}/{index}"] = np.asarray(value)
    return found


def save_h5(s, model, path):
    try:
        model.save(path)
    except ValueError as error:
        # Some releases of Keras 3 give the weights of inner layers the same name, and stop.
        if not s.is_three or "name already exists" not in str(error):
            raise
        os.remove(path)


def save(s, name, model, folder):
    def target(ending):
        return os.path.join(folder, name + ending)

    if name != "subclassed":
        if s.has_archives:
            # Without the format, 2.12 writes HDF5 under this name too.
            form = {"save_format": "keras_v3"} if s.version == (2, 12) else {}
            model.save(target(".keras"), **form)
        # Keras 3 forgets the optimizer when it writes this, so it comes last.
        save_h5(s, model, target(".h5"))
    if name.upper() in map(str.upper, OPTIMIZERS) or name in OPTIMIZER_NETS:
        return
    if s.has_archives:
        model.save_weights(target(".weights.h5"))
    if not s.is_three:
        model.save_weights(target("_weights.h5"))


def make(s, name, folder):
    model, inputs, targets = dict(NETS, **OPTIMIZER_NETS)[name](s)
    in_order(s, model)
    x, y = alone(inputs), alone(targets)
    if name == "subclassed":
        model.predict(x)
    model.set_weights([w + RANDOM.uniform(0, 0.2, w.shape) for w in model.get_weights()])
    fit(s, model, x, y, EPOCHS.get(name, 2))
    expected = {"loss": np.asarray(listed(model.evaluate(x, y, batch_size=SAMPLES, verbose=0)))}
    expected.update((f"x/{i}", array) for i, array in enumerate(inputs))
    expected.update((f"y/{i}", array) for i, array in enumerate(targets))
    for index, array in enumerate(listed(model.predict(x))):
        expected[f"predictions/{index}"] = array
    for path, array in weights_of(model, {}).items():
        expected["weights/" + path] = array
    save(s, name, model, folder)
    if name != "chain":  # whose dropout makes its steps random
        fit(s, model, x, y)
        for index, array in enumerate(listed(model.predict(x))):
            expected[f"later_predictions/{index}"] = array
        for path, array in weights_of(model, {}).items():
            expected["later_weights/" + path] = array
    if name.startswith("scaled"):  # The scale is not in files, so it begins anew in Keras too.
        again = s.part("models").load_model(os.path.join(folder, name + ".h5"))
        expected["scale"] = np.asarray(scale_of(again))
        fit(s, again, x, y)
        expected["later_scale"] = np.asarray(scale_of(again))
    np.savez(os.path.join(folder, name + ".npz"), **expected)


def available(s):
    without = set()
    if not s.is_tensorflow and not s.is_three:  # it knew no layers in lists
        without.add("subclassed")
    if not s.is_three and (not s.is_tensorflow or s.version < (2, 4)):
        without |= {"attention", "ftrl"}
    return [name for name in NETS if name not in without]


def main(archive, module, target, *names):
    s = Source(module)
    np.random.seed(3)
    with tempfile.TemporaryDirectory() as folder:
        for name in names or available(s):
            make(s, name, folder)
        path = os.path.join(target, archive + ".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in sorted(os.listdir(folder)):
                packed.write(os.path.join(folder, name), name)
    print(archive, s.version, os.path.getsize(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
