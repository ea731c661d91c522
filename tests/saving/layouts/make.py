"""Makes files of older Keras whose weights lie otherwise than today's: kernels and CuDNN's layers.

    python make.py NAME SOURCE FOLDER [FORMAT]

SOURCE is `keras`, `tensorflow.keras` or `tf_keras`; NAME the name of the archive that is made in
FOLDER. It has for each net `NET.h5`, `NET_weights.h5`, and `NET.npz`: inputs, targets, predictions,
and the predictions after two more epochs without shuffling. `KERAS_BACKEND` may be `theano`. If
FORMAT is `keras`, which is for 2.12 and later, it has `NET.keras` and `NET.weights.h5` instead. Any
other one is what the names of the nets begin with that are made.

CuDNN's layers have weights on any machine and compute on some only. So a twin of plain layers
computes: it is given the weights, and the slots of the optimizer, by Keras's own conversion.
`README.md` says which releases made what is here.
"""

import importlib
import os
import sys
import tempfile
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

RANDOM = np.random.RandomState(11)
SAMPLES = 6
VERSION = (0, 0)
IS_OLD = IS_ARCHIVE = False
K = layers = models = optimizers = None


def load(source):
    global K, VERSION, IS_OLD, layers, models, optimizers
    keras = importlib.import_module(source)
    K, layers, models, optimizers = (
        importlib.import_module(source + "." + part)
        if source != "tensorflow.keras"
        else getattr(keras, part)
        for part in ("backend", "layers", "models", "optimizers")
    )
    version = getattr(keras, "__version__", "2.4")
    if source == "tensorflow.keras":
        version = sys.modules["tensorflow"].__version__
    VERSION = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
    IS_OLD = VERSION[0] == 1 and source == "keras"


def normal(*shape):
    return RANDOM.normal(size=(SAMPLES,) + shape).astype("float32")


# Nets of Keras 1.


def finished(stack, inputs):
    model = models.Sequential([*stack, layers.Flatten(name="flat"), layers.Dense(2, name="last")])
    return model, inputs


def pictures_1(order):
    """One kernel is as large one way as the other, so that shapes say nothing."""
    shape = (3, 7, 7) if order == "th" else (7, 7, 3)
    stack = [
        layers.Convolution2D(
            3, 3, 3, dim_ordering=order, activation="tanh", input_shape=shape, name="square"
        ),
        layers.MaxPooling2D((2, 2), strides=(1, 1), dim_ordering=order, name="pool"),
        layers.Convolution2D(4, 1, 3, dim_ordering=order, border_mode="same", name="conv"),
    ]
    return finished(stack, normal(*shape))


def sequences_1():
    stack = [
        layers.Convolution1D(4, 3, activation="tanh", input_shape=(8, 3), name="conv"),
        layers.Convolution1D(3, 2, subsample_length=2, bias=False, name="strided"),
    ]
    return finished(stack, normal(8, 3))


def volumes_1(order):
    shape = (2, 4, 4, 5) if order == "th" else (4, 4, 5, 2)
    conv = layers.Convolution3D(3, 2, 2, 3, dim_ordering=order, input_shape=shape, name="conv")
    return finished([conv], normal(*shape))


def separable_1(order):
    shape = (2, 5, 5) if order == "th" else (5, 5, 2)
    conv = layers.SeparableConvolution2D(
        3, 3, 2, depth_multiplier=2, dim_ordering=order, input_shape=shape, name="separable"
    )
    return finished([conv], normal(*shape))


def transposed_1(order):
    """As large one way as the other."""
    shape, to = ((2, 4, 4), (2, 5, 6)) if order == "th" else ((4, 4, 2), (5, 6, 2))
    conv = layers.Deconvolution2D(
        2, 2, 3, (None,) + to, dim_ordering=order, input_shape=shape, name="transposed"
    )
    return finished([conv], normal(*shape))


def deconvolution_1(order, mode, steps, kernel, to):
    """Sizes of outputs that the user chose."""
    shape, to = ((2, 4, 5), (3,) + to) if order == "th" else ((4, 5, 2), to + (3,))
    conv = layers.Deconvolution2D(
        3, *kernel, output_shape=(None,) + to, border_mode=mode, subsample=steps,
        activation="tanh", bias=mode == "same", dim_ordering=order, input_shape=shape,
        name="transposed"
    )  # fmt: skip
    return finished([conv], normal(*shape))


DECONVOLUTIONS = {
    "least": ("tf", "valid", (2, 2), (3, 3), (9, 11)),
    "more": ("tf", "valid", (2, 3), (3, 2), (10, 15)),
    "small": ("tf", "valid", (3, 3), (2, 2), (11, 15)),
    "first": ("th", "valid", (2, 2), (2, 3), (9, 12)),
    "same": ("tf", "same", (2, 3), (3, 4), (8, 15)),
    "same_odd": ("tf", "same", (2, 2), (3, 3), (7, 9)),
}


def nested_1():
    """Kernels in a model within a model, and in a layer for each time step."""
    inner_x = layers.Input((3, 2, 5, 5), name="inner_x")
    conv = layers.Convolution2D(3, 3, 2, dim_ordering="th", name="conv")
    inner_y = layers.TimeDistributed(conv, name="each")(inner_x)
    inner = models.Model(input=inner_x, output=layers.Flatten(name="flat")(inner_y), name="inner")
    x = layers.Input((3, 2, 5, 5), name="x")
    y = layers.Dense(2, name="last")(inner(x))
    return models.Model(input=x, output=y, name="outer"), normal(3, 2, 5, 5)


# Nets of Keras 2.


def sequences_2():
    stack = [
        layers.Conv1D(4, 3, activation="tanh", input_shape=(8, 3), name="conv"),
        layers.Conv1D(3, 2, dilation_rate=2, use_bias=False, name="dilated"),
    ]
    return finished(stack, normal(8, 3))


def pictures_2(order):
    shape = (3, 6, 6) if order == "channels_first" else (6, 6, 3)
    stack = [
        layers.Conv2D(3, 3, data_format=order, activation="tanh", input_shape=shape, name="square"),
        layers.Conv2DTranspose(2, (2, 3), data_format=order, name="transposed"),
    ]
    return finished(stack, normal(*shape))


def volumes_2():
    conv = layers.Conv3D(3, (2, 2, 3), input_shape=(4, 4, 5, 2), name="conv")
    back = [layers.Conv3DTranspose(2, (2, 3, 2), name="transposed")] if VERSION >= (2, 1) else []
    return finished([conv, *back], normal(4, 4, 5, 2))


def separable_2():
    stack = [
        layers.DepthwiseConv2D((2, 3), depth_multiplier=2, input_shape=(6, 6, 2), name="depthwise"),
        layers.SeparableConv2D(3, (3, 2), name="separable"),
    ]
    return finished(stack, normal(6, 6, 2))


# CuDNN's layers, and plain ones that compute the same.


def recurrent(kind):
    """Makers of layers, of CuDNN's or of plain ones."""
    if kind == "plain":
        return (
            lambda *a, **k: layers.LSTM(*a, recurrent_activation="sigmoid", **k),
            lambda *a, **k: layers.GRU(*a, recurrent_activation="sigmoid", reset_after=True, **k),
        )
    where = layers
    if K.__name__.startswith("tf_keras"):
        where = importlib.import_module("tf_keras.src.layers")
    elif not hasattr(layers, "CuDNNLSTM"):
        where = sys.modules["tensorflow"].compat.v1.keras.layers
    for kind in (where.CuDNNLSTM, where.CuDNNGRU):
        kind._process_batch = with_all_weights
    return where.CuDNNLSTM, where.CuDNNGRU


def with_all_weights(layer, inputs, initial_state):
    """In the place of what CuDNN computes: TensorFlow 1 runs no graph that has it, for any part."""
    factor = sum(K.sum(weight) for weight in (layer.kernel, layer.recurrent_kernel, layer.bias))
    column = K.sum(inputs, axis=-1, keepdims=True) * factor
    output = K.concatenate([column] * layer.units, axis=-1)
    return (output if layer.return_sequences else output[:, -1]), initial_state


def lstm_net(kind):
    lstm, _ = recurrent(kind)
    stack = [
        lstm(3, return_sequences=True, input_shape=(4, 5), name="first"),
        lstm(2, name="second"),
        layers.Dense(2, name="last"),
    ]
    return models.Sequential(stack), normal(4, 5)


def gru_net(kind):
    _, gru = recurrent(kind)
    stack = [
        gru(3, return_sequences=True, input_shape=(4, 5), name="first"),
        gru(2, name="second"),
        layers.Dense(2, name="last"),
    ]
    return models.Sequential(stack), normal(4, 5)


def wrapped_net(kind):
    """Both ways; in a model within a model, with statistics that stay; one layer is frozen."""
    lstm, gru = recurrent(kind)
    inner_x = layers.Input((4, 5), name="inner_x")
    y = layers.Bidirectional(lstm(2, return_sequences=True), name="both_ways")(inner_x)
    if K.__name__ != "keras.backend":  # which divides by one minus the momentum
        y = layers.BatchNormalization(momentum=1.0, name="norm")(y)
    inner = models.Model(inner_x, gru(3, return_sequences=True, name="gru")(y), name="inner")
    x = layers.Input((4, 5), name="x")
    y = gru(2, name="frozen", trainable=False)(inner(x))
    return models.Model(x, layers.Dense(2, name="last")(y), name="outer"), normal(4, 5)


def nets(source):
    if IS_OLD:
        found = {"sequences": sequences_1, "nested": nested_1}
        if K.backend() == "tensorflow":
            found["separable_th"] = lambda: separable_1("th")
        if K.backend() == "theano":
            found["pictures_tf"] = lambda: pictures_1("tf")
        if K.backend() == "tensorflow":
            for name, how in DECONVOLUTIONS.items():
                found["deconvolution_" + name] = lambda how=how: deconvolution_1(*how)
        for order in ("th", "tf"):
            found["transposed_" + order] = lambda order=order: transposed_1(order)
        return dict(found, pictures_th=lambda: pictures_1("th"), volumes_th=lambda: volumes_1("th"))
    if source == "keras" and K.backend() == "theano":
        found = {
            "sequences": sequences_2,
            "pictures_first": lambda: pictures_2("channels_first"),
            "pictures_last": lambda: pictures_2("channels_last"),
            "volumes": volumes_2,
        }
        if VERSION >= (2, 2):
            found["separable"] = separable_2
        return found
    return {"cudnn_lstm": lstm_net, "cudnn_gru": gru_net, "cudnn_wrapped": wrapped_net}


# Training them, and writing what they are.


def fill(model):
    """Values of the weights that are all different; variances, which are ones, stay positive."""
    model.set_weights(
        [w + RANDOM.uniform(-0.2, 0.3, w.shape).astype("float32") for w in model.get_weights()]
    )


def compiled(model, name):
    rate = {"lr" if VERSION < (2, 3) else "learning_rate": 0.01}
    is_momentum = name.startswith(("nested", "volumes"))
    optimizer = optimizers.SGD(momentum=0.5, **rate) if is_momentum else optimizers.Adam(**rate)
    model.compile(optimizer=optimizer, loss="mse")
    if K.__name__ == "keras.backend" and K.backend() == "tensorflow":
        in_order(optimizer)


def in_order(optimizer):
    """Have Keras on TensorFlow 1 change variables when all gradients are there, the number last.

    Otherwise some read what has changed already and some do not, as it happens to be.
    """
    import tensorflow as tf

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
            updates[0] = K.update_add(optimizer.iterations, 1)
        return updates

    optimizer.get_updates, optimizer.get_gradients = get_updates, get_gradients


def fit(model, x, y):
    epochs = {"nb_epoch" if IS_OLD else "epochs": 2}
    model.fit(x, y, batch_size=3, shuffle=False, verbose=0, **epochs)


def make_plain(name, net, folder):
    model, x = net()
    y = normal(2)
    fill(model)
    compiled(model, name)
    fit(model, x, y)
    expected = {"x": x, "y": y, "predictions": model.predict(x)}
    save(model, name, folder)
    fit(model, x, y)
    return dict(expected, later=model.predict(x))


def save(model, name, folder):
    if IS_ARCHIVE:
        options = {} if VERSION > (2, 12) else {"save_format": "keras_v3"}
        model.save(os.path.join(folder, name + ".keras"), **options)
        model.save_weights(os.path.join(folder, name + ".weights.h5"))
        return
    model.save(os.path.join(folder, name + ".h5"))
    model.save_weights(os.path.join(folder, name + "_weights.h5"))


def make_cudnn(name, net, folder):
    model, x = net("cudnn")
    twin, _ = net("plain")
    y = normal(2)
    fill(model)
    compiled(model, name)
    compiled(twin, name)
    slots = filled_slots(model)
    save(model, name, folder)
    for theirs, own in zip(leaves(model), leaves(twin)):
        own.set_weights(convert(own, theirs.get_weights(), factor=1))
    expected = {"x": x, "y": y, "predictions": twin.predict(x)}
    set_slots(twin, [converted(twin, kind) for kind in slots])
    fit(twin, x, y)
    return dict(expected, later=twin.predict(x))


STEPS = 5


def filled_slots(model):
    """Give the optimizer a state; of each kind of slots, the arrays."""
    weights = model.trainable_weights
    shapes = [K.int_shape(weight) for weight in weights]
    kinds = [
        [RANDOM.uniform(0.1, 0.4, shape).astype("float32") for shape in shapes] for _ in range(2)
    ]
    for weight, *arrays in zip(weights, *kinds):  # as equal gradients make them
        if "bias" in weight.name and len(arrays[0]) in (16, 24):
            for array in arrays:
                array[len(array) // 2 :] = array[: len(array) // 2]
    set_slots(model, kinds)
    return kinds


def set_slots(model, kinds):
    optimizer = model.optimizer
    if VERSION >= (2, 11):
        optimizer.build(model.trainable_weights)
        optimizer.iterations.assign(STEPS)
        arrays = [array for pair in zip(*kinds) for array in pair]
        slots = [v for v in optimizer.variables if len(v.shape) or v.name.startswith("Adam/")]
        slots = [v for v in slots if "iteration" not in v.name and "learning" not in v.name]
        for slot, array in zip(slots, arrays):
            slot.assign(array)
        assert len(slots) == len(arrays)
        return
    if hasattr(optimizer, "_create_all_weights"):
        optimizer._create_all_weights(model.trainable_weights)
    elif hasattr(model, "_make_train_function"):
        model._make_train_function()
    arrays = [np.asarray(STEPS), *kinds[0], *kinds[1]]
    expected = optimizer.get_weights()
    arrays += list(expected[len(arrays) :])  # placeholders of `amsgrad`
    optimizer.set_weights(arrays)


def converted(twin, arrays):
    """The slots of CuDNN's layers as those of plain ones, by Keras's own conversion."""
    arrays, found = list(arrays), []
    for layer in leaves(twin):
        count = len(layer.trainable_weights)
        own, arrays = arrays[:count], arrays[count:]
        # Both halves of a bias had the same gradient, and Keras adds them up.
        found += convert(layer, own, factor=0.5)
    return found


def convert(layer, own, factor):
    if type(layer).__name__ == "Bidirectional":
        half = len(own) // 2
        ways = (layer.forward_layer, own[:half]), (layer.backward_layer, own[half:])
        return [array for way in ways for array in convert(*way, factor=factor)]
    if type(layer).__name__ not in ("LSTM", "GRU") or not own:
        return own
    new = conversion()(layer, own)
    if type(layer).__name__ == "LSTM":
        new[2] = new[2] * factor
    return new


def conversion():
    for path in (
        "keras.engine.saving",
        "tensorflow.python.keras.saving.hdf5_format",
        "keras.saving.legacy.hdf5_format",
        "keras.src.saving.legacy.hdf5_format",
        "tf_keras.src.saving.legacy.hdf5_format",
    ):
        try:
            return importlib.import_module(path)._convert_rnn_weights
        except (AttributeError, ImportError):
            pass
    raise ImportError("no conversion of CuDNN's weights")


def leaves(model):
    for layer in model.layers:
        if getattr(layer, "layers", None):
            yield from leaves(layer)
        elif layer.weights:
            yield layer


def main(archive, source, target, kind="h5"):
    global IS_ARCHIVE
    load(source)
    IS_ARCHIVE = kind == "keras"
    np.random.seed(3)
    with tempfile.TemporaryDirectory() as folder:
        for name, net in sorted(nets(source).items()):
            if not IS_ARCHIVE and kind != "h5" and not name.startswith(kind):
                continue
            make = make_cudnn if name.startswith("cudnn") else make_plain
            np.savez(os.path.join(folder, name + ".npz"), **make(name, net, folder))
            K.clear_session() if K.backend() == "tensorflow" else None
        path = os.path.join(target, archive + ".zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name in sorted(os.listdir(folder)):
                packed.write(os.path.join(folder, name), name)
    print(archive, VERSION, os.path.getsize(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
