"""Layers of Keras 1: its classes and arguments have names of their own."""

from case_of_a_layer import IMAGE, SEQUENCE, VOLUME, case_maker


def cases(keras):
    """As `layer_cases.cases`."""
    layers, regularizers = keras.layers, keras.regularizers
    case = case_maker(layers)

    rich = {
        "W_regularizer": lambda: regularizers.l1l2(0.1, 0.2),
        "b_regularizer": lambda: regularizers.l2(0.1),
        "W_constraint": lambda: keras.constraints.maxnorm(3, 1),
        "b_constraint": lambda: keras.constraints.nonneg(),
    }
    yield case("Dense", (4,), 3)
    yield case("Dense", (4,), 3, activation="relu", init="he_normal", bias=False)
    yield case("Dense", (4,), 3, activity_regularizer=lambda: regularizers.activity_l2(0.1), **rich)
    yield case("Dense", (4,), 3, W_constraint=lambda: keras.constraints.unitnorm(0))
    for init in [
        "uniform",
        "lecun_uniform",
        "normal",
        "zero",
        "one",
        "glorot_normal",
        "he_uniform",
        "orthogonal",
        "identity",
    ]:
        yield case("Dense", (3,), 3, init=init)
    for name in [
        "softmax",
        "softplus",
        "softsign",
        "relu",
        "tanh",
        "sigmoid",
        "hard_sigmoid",
        "linear",
        "elu",
    ]:
        yield case("Activation", SEQUENCE, name)
    yield case("TimeDistributedDense", SEQUENCE, 3)
    yield case("MaxoutDense", (4,), 3)
    yield case("Highway", (4,))
    yield case("Dropout", (4,), 0.25)
    yield case("SpatialDropout1D", SEQUENCE, 0.25)
    yield case("SpatialDropout2D", IMAGE, 0.25, dim_ordering="tf")
    yield case("GaussianDropout", (4,), 0.25)
    yield case("GaussianNoise", (4,), 0.25)
    yield case("Flatten", IMAGE)
    yield case("Reshape", (4,), (2, 2))
    yield case("Permute", SEQUENCE, (2, 1))
    yield case("RepeatVector", (4,), 3)
    yield case("ActivityRegularization", (4,), l1=0.1, l2=0.2)
    yield case("Masking", SEQUENCE, mask_value=0.5)
    yield case("Embedding", [("int32", (3,))], 5, 4)
    yield case(
        "Embedding",
        [("int32", (3,))],
        5,
        4,
        mask_zero=True,
        init="normal",
        W_regularizer=rich["W_regularizer"],
    )
    yield case("Embedding", [("int32", (3,))], 5, 4, dropout=0.2)
    yield case("Convolution1D", SEQUENCE, 3, 2)
    yield case(
        "Convolution1D",
        SEQUENCE,
        3,
        2,
        border_mode="same",
        subsample_length=2,
        activation="relu",
        **rich,
    )
    yield case("AtrousConvolution1D", SEQUENCE, 3, 2, atrous_rate=2)
    yield case("Convolution2D", IMAGE, 3, 2, 3, dim_ordering="tf")
    yield case(
        "Convolution2D",
        IMAGE,
        3,
        2,
        3,
        border_mode="same",
        subsample=(2, 2),
        bias=False,
        dim_ordering="tf",
        **rich,
    )
    yield case("AtrousConvolution2D", IMAGE, 3, 2, 2, atrous_rate=(2, 2), dim_ordering="tf")
    yield case(
        "Deconvolution2D", IMAGE, 3, 2, 2, (None, 12, 12, 3), subsample=(2, 2), dim_ordering="tf"
    )
    yield case(
        "SeparableConvolution2D",
        IMAGE,
        3,
        2,
        2,
        depth_multiplier=2,
        dim_ordering="tf",
        depthwise_regularizer=lambda: regularizers.l2(0.1),
    )
    yield case("Convolution3D", VOLUME, 3, 2, 2, 2, dim_ordering="tf")
    yield case("LocallyConnected1D", SEQUENCE, 3, 2)
    for kind in ("Max", "Average"):
        yield case(kind + "Pooling1D", SEQUENCE)
        yield case(kind + "Pooling1D", SEQUENCE, 3, stride=2, border_mode="same")
        yield case(kind + "Pooling2D", IMAGE, (2, 3), strides=(1, 2), dim_ordering="tf")
        yield case(kind + "Pooling3D", VOLUME, dim_ordering="tf")
        yield case(f"Global{kind}Pooling1D", SEQUENCE)
        yield case(f"Global{kind}Pooling2D", IMAGE, dim_ordering="tf")
    yield case("UpSampling1D", SEQUENCE, length=3)
    yield case("UpSampling2D", IMAGE, (2, 3), dim_ordering="tf")
    yield case("UpSampling3D", VOLUME, (2, 1, 2), dim_ordering="tf")
    yield case("ZeroPadding1D", SEQUENCE, 2)
    yield case("ZeroPadding1D", SEQUENCE, {"left_pad": 1, "right_pad": 2})
    yield case("ZeroPadding2D", IMAGE, (1, 2), dim_ordering="tf")
    yield case("ZeroPadding2D", IMAGE, (1, 2, 0, 3), dim_ordering="tf")
    yield case("ZeroPadding2D", IMAGE, {"top_pad": 1, "left_pad": 2}, dim_ordering="tf")
    yield case("ZeroPadding3D", VOLUME, (1, 2, 1), dim_ordering="tf")
    yield case("Cropping1D", SEQUENCE, (1, 2))
    yield case("Cropping2D", IMAGE, ((1, 2), (0, 3)), dim_ordering="tf")
    yield case("Cropping3D", VOLUME, ((1, 1), (0, 1), (2, 0)), dim_ordering="tf")
    yield case("BatchNormalization", (4,))
    yield case(
        "BatchNormalization",
        IMAGE,
        axis=1,
        momentum=0.9,
        epsilon=0.01,
        beta_init="one",
        gamma_regularizer=lambda: regularizers.l2(0.1),
    )
    yield case("BatchNormalization", (4,), mode=1)
    yield case("BatchNormalization", (4,), mode=2)
    yield case("LeakyReLU", SEQUENCE, alpha=0.125)
    yield case("PReLU", SEQUENCE, init="one", shared_axes=[1])
    yield case("ELU", SEQUENCE, alpha=0.5)
    yield case("ThresholdedReLU", SEQUENCE, theta=0.25)
    yield case("ParametricSoftplus", SEQUENCE)
    yield case("SReLU", SEQUENCE)
    for name in ("SimpleRNN", "GRU", "LSTM"):
        yield case(name, SEQUENCE, 3, consume_less="gpu")
        yield case(name, SEQUENCE, 3, consume_less="gpu", return_sequences=True, go_backwards=True)
        yield case(
            name,
            SEQUENCE,
            3,
            consume_less="gpu",
            init="he_normal",
            inner_init="identity",
            activation="relu",
            W_regularizer=rich["W_regularizer"],
            U_regularizer=rich["b_regularizer"],
            b_regularizer=rich["b_regularizer"],
            dropout_W=0.1,
            dropout_U=0.2,
        )
    for name in ("GRU", "LSTM"):
        yield case(name, SEQUENCE, 3, consume_less="gpu", inner_activation="sigmoid")
    yield case("LSTM", SEQUENCE, 3, consume_less="gpu", forget_bias_init="zero")
    yield case("TimeDistributed", SEQUENCE, lambda: layers.Dense(3, name="inner"))
    for mode in ("concat", "sum", "ave"):
        yield case(
            "Bidirectional",
            SEQUENCE,
            lambda: layers.LSTM(3, consume_less="gpu", name="inner"),
            merge_mode=mode,
        )
    two = [SEQUENCE, SEQUENCE]
    for mode in ("sum", "mul", "concat", "ave", "max"):
        yield case("Merge", two, mode=mode)
    yield case("Merge", two, mode="concat", concat_axis=1)
    yield case("Merge", two, mode="dot", dot_axes=2)
    yield case("Merge", [(4,), (4,)], mode="cos", dot_axes=1)
