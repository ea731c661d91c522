"""Layers of older Keras: a title, how the layer is made, and the shapes of its inputs.

Runs under each version; what one does not have is left out by the caller.
"""

from case_of_a_layer import IMAGE, SEQUENCE, VOLUME, case_maker


def cases(keras):
    """What `case_maker` makes of layers and their arguments."""
    layers, regularizers = keras.layers, keras.regularizers
    constraints, initializers = keras.constraints, keras.initializers
    case = case_maker(layers)

    def rich(prefix="kernel", bias=True):
        """Objects for all arguments that take one."""
        given = {
            prefix + "_initializer": initializers.RandomNormal(0.1, 0.2, 3),
            prefix + "_regularizer": regularizers.l1_l2(0.1, 0.2),
            prefix + "_constraint": constraints.MaxNorm(3, 0),
        }
        if bias:
            given["bias_initializer"] = initializers.Constant(0.5)
            given["bias_regularizer"] = regularizers.l2(0.3)
            given["bias_constraint"] = constraints.NonNeg()
        return given

    def with_rich(class_name, shapes, *args, **kwargs):
        made = case(class_name, shapes, *args, **kwargs)
        prefix = kwargs.pop("prefix", "kernel")
        plain = case(class_name, shapes, *args, **kwargs)
        made["make"] = lambda **more: plain["make"](**dict(rich(prefix), **more))
        made["title"] = plain["title"] + " rich"
        return made

    yield case("Dense", (4,), 3)
    yield case("Dense", (4,), 3, activation="relu", use_bias=False)
    yield case("Dense", SEQUENCE, 3, activation="softmax")
    yield with_rich("Dense", (4,), 3, activation="selu")
    yield case("Dense", (4,), 3, activity_regularizer=lambda: regularizers.l1(0.01))
    for name in [
        "elu",
        "relu",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "softplus",
        "softsign",
        "linear",
        "exponential",
        "swish",
        "gelu",
        "selu",
        "softmax",
        "mish",
        "silu",
    ]:
        yield case("Activation", SEQUENCE, name)
    for name in [
        "zeros",
        "ones",
        "glorot_uniform",
        "glorot_normal",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "lecun_uniform",
        "orthogonal",
        "identity",
        "random_normal",
        "random_uniform",
        "truncated_normal",
        "uniform",
        "normal",
        "zero",
        "one",
    ]:
        yield case("Dense", (3,), 3, kernel_initializer=name)
    made = {
        "VarianceScaling": (2.0, "fan_out", "uniform", 5),
        "TruncatedNormal": (0.1, 0.3, 4),
        "RandomUniform": (-0.2, 0.4, 7),
        "Orthogonal": (1.5, 3),
        "Identity": (2.0,),
        "Constant": (0.25,),
        "Zeros": (),
        "Ones": (),
    }
    for name, args in sorted(made.items()):
        yield case(
            "Dense",
            (3,),
            3,
            kernel_initializer=lambda n=name, a=args: getattr(initializers, n)(*a),
        )
    for name in [
        "he_normal",
        "he_uniform",
        "glorot_normal",
        "glorot_uniform",
        "lecun_normal",
        "lecun_uniform",
    ]:
        yield case(
            "Dense", (3,), 3, bias_initializer="one",
            kernel_initializer=lambda n=name: getattr(initializers, n)(seed=3),
        )  # fmt: skip
    for distribution in ("normal", "truncated_normal", "untruncated_normal"):
        yield case(
            "Dense",
            (3,),
            3,
            kernel_initializer=lambda d=distribution: initializers.VarianceScaling(
                1.5, "fan_avg", d, 3
            ),
        )
    for name in ("l1", "l2", "l1_l2"):
        yield case("Dense", (3,), 3, kernel_regularizer=name)
        yield case(
            "Dense", (3,), 3, kernel_regularizer=lambda n=name: getattr(regularizers, n)(0.125)
        )
    yield case(
        "Dense",
        (3,),
        3,
        kernel_regularizer=lambda: regularizers.OrthogonalRegularizer(0.25, "columns"),
    )
    for name in ("non_neg", "max_norm", "unit_norm", "min_max_norm"):
        yield case("Dense", (3,), 3, kernel_constraint=name)
    yield case("Dense", (3,), 3, kernel_constraint=lambda: constraints.UnitNorm(1))
    yield case("Dense", (3,), 3, kernel_constraint=lambda: constraints.MinMaxNorm(0.1, 2, 0.5, 1))

    yield case("Dropout", (4,), 0.25, noise_shape=(None, 1), seed=3)
    for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME)):
        yield case(f"SpatialDropout{rank}D", shape, 0.25)
    yield case("SpatialDropout2D", IMAGE, 0.25, data_format="channels_last")
    yield case("GaussianDropout", (4,), 0.25)
    yield case("GaussianNoise", (4,), 0.25)
    yield case("AlphaDropout", (4,), 0.25, seed=2)
    yield case("Flatten", IMAGE)
    yield case("Flatten", IMAGE, data_format="channels_first")
    yield case("Reshape", (4,), (2, 2))
    yield case("Reshape", (4,), (2, -1))
    yield case("Permute", SEQUENCE, (2, 1))
    yield case("RepeatVector", (4,), 3)
    yield case("ActivityRegularization", (4,), l1=0.1, l2=0.2)
    yield case("Masking", SEQUENCE, mask_value=0.5)
    yield case("Embedding", [("int32", (3,))], 5, 4)
    yield case(
        "Embedding", [("int32", (3,))], 5, 4, mask_zero=True, input_length=3,
        embeddings_initializer="ones", embeddings_regularizer=lambda: regularizers.l2(0.1),
        embeddings_constraint="non_neg", activity_regularizer=lambda: regularizers.l1(0.1),
    )  # fmt: skip

    for rank, shape in ((1, SEQUENCE), (2, IMAGE), (3, VOLUME)):
        name = f"Conv{rank}D"
        yield case(name, shape, 3, 2)
        yield case(name, shape, 3, 2, strides=2, padding="same", activation="relu")
        yield case(name, shape, 3, 2, dilation_rate=2, use_bias=False)
        yield case(name, shape, 4, 2, groups=2)
        yield with_rich(name, shape, 3, 3, padding="same")
        yield case(name + "Transpose", shape, 3, 2)
        yield case(name + "Transpose", shape, 3, 3, strides=2, padding="same")
        yield case(name + "Transpose", shape, 3, 3, strides=2, padding="same", output_padding=1)
        yield with_rich(name + "Transpose", shape, 3, 2)
        for kind in ("Max", "Average"):
            yield case(f"{kind}Pooling{rank}D", shape)
            yield case(f"{kind}Pooling{rank}D", shape, 3, 2, "same")
            yield case(f"Global{kind}Pooling{rank}D", shape)
            yield case(f"Global{kind}Pooling{rank}D", shape, keepdims=True)
        yield case(f"UpSampling{rank}D", shape, 2)
        yield case(f"ZeroPadding{rank}D", shape)
        yield case(f"Cropping{rank}D", shape)
    yield case("Conv1D", SEQUENCE, 3, 2, padding="causal", dilation_rate=2)
    yield case("Conv2D", IMAGE, 3, (2, 3), strides=(1, 2), data_format="channels_last")
    yield case("UpSampling2D", IMAGE, (2, 3), interpolation="bilinear")
    yield case("UpSampling2D", IMAGE, (2, 1), interpolation="nearest")
    for interpolation in ("area", "bicubic", "lanczos3", "lanczos5", "mitchellcubic", "gaussian"):
        yield case("UpSampling2D", IMAGE, (2, 2), interpolation=interpolation)
    yield case("ZeroPadding1D", SEQUENCE, (1, 2))
    yield case("ZeroPadding2D", IMAGE, ((1, 2), (0, 3)))
    yield case("ZeroPadding3D", VOLUME, ((1, 2), (0, 1), (2, 0)))
    yield case("Cropping1D", SEQUENCE, (1, 2))
    yield case("Cropping2D", IMAGE, ((1, 2), (0, 3)))
    yield case("Cropping3D", VOLUME, ((1, 1), (0, 1), (2, 0)))
    yield case("MaxPooling2D", IMAGE, (2, 1), (1, 2), data_format="channels_last")
    for name, shape in (("SeparableConv1D", SEQUENCE), ("SeparableConv2D", IMAGE)):
        yield case(name, shape, 3, 2)
        yield case(
            name, shape, 3, 2, padding="same", depth_multiplier=2, activation="tanh",
            depthwise_initializer="he_normal", pointwise_initializer="ones",
            depthwise_regularizer="l2", pointwise_regularizer=lambda: regularizers.l1(0.1),
            depthwise_constraint="non_neg", pointwise_constraint=lambda: constraints.MaxNorm(2, 1),
        )  # fmt: skip
    for name, shape in (("DepthwiseConv1D", SEQUENCE), ("DepthwiseConv2D", IMAGE)):
        yield case(name, shape, 2)
        yield case(name, shape, 3, strides=2, padding="same", depth_multiplier=2, use_bias=False)
        yield with_rich(name, shape, 2, prefix="depthwise")
    yield case("DepthwiseConv2D", IMAGE, 2, dilation_rate=2)

    yield case("BatchNormalization", IMAGE)
    yield case(
        "BatchNormalization", IMAGE, axis=1, momentum=0.9, epsilon=0.01, center=False,
        gamma_initializer=lambda: initializers.Constant(0.5), moving_mean_initializer="ones",
        moving_variance_initializer="zeros", gamma_regularizer=lambda: regularizers.l2(0.1),
        gamma_constraint="non_neg",
    )  # fmt: skip
    yield case("BatchNormalization", IMAGE, scale=False, beta_regularizer="l2")
    yield case("BatchNormalization", IMAGE, fused=False)
    yield case("BatchNormalization", IMAGE, synchronized=True)
    yield case("experimental.SyncBatchNormalization", IMAGE)
    yield case("LayerNormalization", SEQUENCE)
    yield case("LayerNormalization", IMAGE, axis=(1, 2), epsilon=0.01, center=False)
    yield case("GroupNormalization", IMAGE, groups=2, epsilon=0.01)
    yield case("UnitNormalization", SEQUENCE, axis=1)
    yield case("Normalization", SEQUENCE, axis=-1)
    yield case("Normalization", SEQUENCE, mean=2.0, variance=3.0, axis=None)
    yield case("Normalization", SEQUENCE, mean=2.0, variance=3.0, axis=None, invert=True)
    yield case("Rescaling", SEQUENCE, 0.5, offset=1.0)
    yield case("Identity", SEQUENCE)

    yield case("ReLU", SEQUENCE)
    yield case("ReLU", SEQUENCE, max_value=0.5, negative_slope=0.2, threshold=0.1)
    yield case("ReLU", SEQUENCE, 6.0)
    yield case("LeakyReLU", SEQUENCE)
    yield case("LeakyReLU", SEQUENCE, alpha=0.125)
    yield case("ELU", SEQUENCE, alpha=0.5)
    yield case("ThresholdedReLU", SEQUENCE, theta=0.25)
    yield case("Softmax", SEQUENCE, axis=1)
    yield case("PReLU", SEQUENCE, shared_axes=[1])
    yield case(
        "PReLU", SEQUENCE, alpha_initializer="ones", alpha_regularizer=lambda: regularizers.l2(0.1),
        alpha_constraint="non_neg",
    )  # fmt: skip

    two, three = [SEQUENCE, SEQUENCE], [SEQUENCE, SEQUENCE, SEQUENCE]
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        yield case(name, three)
    yield case("Subtract", two)
    yield case("Concatenate", two, axis=1)
    yield case("Dot", two, axes=2)
    yield case("Dot", two, axes=(1, 1), normalize=True)

    recurrent = {
        "kernel_initializer": "he_normal",
        "recurrent_initializer": lambda: initializers.Orthogonal(1.0, 2),
        "bias_initializer": "ones",
        "kernel_regularizer": lambda: regularizers.l1(0.1),
        "recurrent_regularizer": lambda: regularizers.l2(0.1),
        "bias_regularizer": lambda: regularizers.l1_l2(0.1, 0.2),
        "kernel_constraint": lambda: constraints.MaxNorm(2),
        "recurrent_constraint": "non_neg",
        "bias_constraint": lambda: constraints.UnitNorm(),
    }
    for name in ("SimpleRNN", "GRU", "LSTM"):
        yield case(name, SEQUENCE, 3)
        yield case(name, SEQUENCE, 3, return_sequences=True, go_backwards=True)
        yield case(name, SEQUENCE, 3, activation="relu", use_bias=False, unroll=True)
        yield case(name, SEQUENCE, 3, dropout=0.1, recurrent_dropout=0.2, **recurrent)
        yield case(name, SEQUENCE, 3, return_state=True)
        yield case(name, SEQUENCE, 3, implementation=1)
        yield case(name, SEQUENCE, 3, time_major=False)
        cell = lambda n=name, **k: getattr(layers, n + "Cell")(3, name="cell", **k)  # noqa: E731
        yield case("RNN", SEQUENCE, cell, return_sequences=True)
        yield case(
            "RNN", SEQUENCE, lambda n=name: [getattr(layers, n + "Cell")(3, name=k) for k in "ab"]
        )
    for name in ("GRU", "LSTM"):
        yield case(name, SEQUENCE, 3, recurrent_activation="hard_sigmoid")
        yield case(name, SEQUENCE, 3, recurrent_activation="sigmoid")
    yield case("GRU", SEQUENCE, 3, reset_after=True)
    yield case("GRU", SEQUENCE, 3, reset_after=False)
    yield case("LSTM", SEQUENCE, 3, unit_forget_bias=False)
    yield case(
        "RNN", SEQUENCE, lambda: layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3)])
    )
    inner = {"return_sequences": True, "name": "inner"}
    for mode in ("concat", "sum", "mul", "ave"):
        yield case("Bidirectional", SEQUENCE, lambda: layers.LSTM(3, **inner), merge_mode=mode)
    yield case("Bidirectional", SEQUENCE, lambda: layers.GRU(3, name="inner"), merge_mode=None)
    yield case(
        "Bidirectional", SEQUENCE, lambda: layers.LSTM(3, name="ahead"),
        backward_layer=lambda: layers.LSTM(3, activation="relu", go_backwards=True, name="back"),
    )  # fmt: skip
    yield case("TimeDistributed", SEQUENCE, lambda: layers.Dense(3, name="inner"))
    yield case("TimeDistributed", IMAGE, lambda: layers.Conv1D(3, 2, name="inner"))

    yield case("Attention", two)
    yield case("Attention", three, use_scale=True)
    yield case("Attention", two, causal=True)
    yield case("Attention", two, score_mode="concat")
    yield case("Attention", two, _call={"use_causal_mask": True})
    yield case("AdditiveAttention", two)
    yield case("AdditiveAttention", two, use_scale=False, causal=True)
    yield case("MultiHeadAttention", [SEQUENCE], 2, 3, _call={"self": True})
    yield case(
        "MultiHeadAttention", [SEQUENCE], 2, 3, value_dim=2, use_bias=False, output_shape=5,
        attention_axes=(1,), dropout=0.1, kernel_initializer="he_normal", _call={"self": True},
    )  # fmt: skip
    yield case("EinsumDense", SEQUENCE, "abc,cd->abd", (None, 3), bias_axes="d", activation="relu")

    for name in ("CuDNNLSTM", "CuDNNGRU"):
        yield case(name, SEQUENCE, 3, return_sequences=True)
    yield case("LocallyConnected1D", SEQUENCE, 3, 2)
    yield case("ConvLSTM2D", (2, 4, 4, 2), 3, 2)
    yield case("Resizing", IMAGE, 3, 3)
    yield case("LSTM", SEQUENCE, 3, time_major=True)
    yield case("RNN", SEQUENCE, lambda: layers.StackedRNNCells(
        [layers.SimpleRNNCell(3), layers.LSTMCell(2)]), return_state=True)  # fmt: skip
