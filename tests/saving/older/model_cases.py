"""Models of older Keras: a title and a function that makes one."""


def cases(keras):
    """Dicts of a title and a function that makes a model."""
    layers, models = keras.layers, keras.models
    Input, Dense, Model, Sequential = layers.Input, layers.Dense, models.Model, models.Sequential
    one = getattr(keras, "__version__", "").startswith("1.")

    def drawn(inputs, outputs):
        return Model(input=inputs, output=outputs) if one else Model(inputs=inputs, outputs=outputs)

    def added(tensors, name):
        return (
            layers.merge(tensors, mode="sum", name=name) if one else layers.add(tensors, name=name)
        )

    def chain():
        return Sequential([Dense(3, input_shape=(4,), name="a"), Dense(2, name="b")])

    def chain_of_models():
        first = Sequential([Dense(3, input_shape=(4,), name="a")])
        return Sequential([first, Dense(2, name="b")])

    def unnamed():
        return Sequential([Dense(3, input_dim=4), Dense(3), layers.Activation("relu")])

    def shared():
        x, y = Input(shape=(4,), name="x"), Input(shape=(4,), name="y")
        both = Dense(3, activation="tanh", name="both")
        return drawn([x, y], [added([both(x), both(y)], "sum"), both(y)])

    def nested_twice():
        x = Input(shape=(4,), name="x")
        inner_x = Input(shape=(4,), name="inner_x")
        inner = drawn(inner_x, Dense(4, activation="tanh", name="dense")(inner_x))
        return drawn(x, inner(Dense(4, name="last")(inner(x))))

    def chain_in_drawing():
        x = Input(shape=(4,), name="x")
        return drawn(x, chain()(x))

    def several_outputs():
        x = Input(shape=(5, 4), name="x")
        states = layers.LSTM(3, return_state=True, name="lstm", recurrent_activation="sigmoid")(x)
        return drawn(x, [states[2], states[0]])

    def initial_state():
        x, s = Input(shape=(5, 4), name="x"), Input(shape=(3,), name="s")
        return drawn(
            [x, s], layers.GRU(3, name="gru", recurrent_activation="sigmoid")(x, initial_state=s)
        )

    def initial_states():
        x = Input(shape=(5, 4), name="x")
        h, c = Input(shape=(3,), name="h"), Input(shape=(3,), name="c")
        lstm = layers.LSTM(3, name="lstm", recurrent_activation="sigmoid")
        return drawn([x, h, c], lstm(x, initial_state=[h, c]))

    def encoder():
        x, y = Input(shape=(5, 4), name="x"), Input(shape=(5, 4), name="y")
        _, *states = layers.LSTM(
            3, return_state=True, name="encoder", recurrent_activation="sigmoid"
        )(x)
        decoder = layers.LSTM(
            3, return_sequences=True, name="decoder", recurrent_activation="sigmoid"
        )
        return drawn([x, y], decoder(y, initial_state=states))

    def training():
        x = Input(shape=(4,), name="x")
        return drawn(x, layers.Dropout(0.5, name="drop")(x, training=False))

    def masked():
        x = Input(shape=(5, 4), name="x")
        y = layers.Masking(0.0, name="mask")(x)
        return drawn(x, layers.LSTM(3, name="lstm", recurrent_activation="sigmoid")(y))

    def given_mask():
        x, m = Input(shape=(5, 4), name="x"), Input(shape=(5,), name="m", dtype="bool")
        return drawn([x, m], layers.LSTM(3, name="lstm", recurrent_activation="sigmoid")(x, mask=m))

    def attention():
        x, y = Input(shape=(5, 4), name="x"), Input(shape=(3, 4), name="y")
        heads = layers.MultiHeadAttention(2, 3, name="heads")
        return drawn([x, y], heads(x, y, return_attention_scores=True))

    def attention_by_name():
        x, y = Input(shape=(5, 4), name="x"), Input(shape=(3, 4), name="y")
        heads = layers.MultiHeadAttention(2, 3, name="heads")
        return drawn([x, y], heads(query=x, value=y, use_causal_mask=False))

    def named_inputs():
        x, y = Input(shape=(4,), name="x"), Input(shape=(4,), name="y")
        return drawn({"first": x, "second": y}, {"sum": layers.add([x, y], name="sum")})

    def mixed():
        policy = keras.mixed_precision.Policy("mixed_float16")
        x = Input(shape=(4,), name="x")
        y = Dense(3, dtype=policy, name="half")(x)
        return drawn(x, Dense(2, dtype="float32", name="full")(y))

    def of_fixed_batch():
        x = Input(batch_shape=(2, 4), name="x")
        return drawn(x, Dense(3, name="dense")(x))

    def frozen():
        model = chain()
        model.layers[0].trainable = False
        return model

    def merged_chains():
        left = Sequential([Dense(3, input_shape=(4,), name="a")], name="left")
        right = Sequential([Dense(3, input_shape=(4,), name="b")], name="right")
        return Sequential(
            [layers.Merge([left, right], mode="concat", name="merge"), Dense(2, name="c")]
        )

    for make in (
        chain, chain_of_models, unnamed, shared, nested_twice, chain_in_drawing, several_outputs,
        initial_state, initial_states, encoder, training, masked, given_mask, attention,
        attention_by_name, named_inputs, mixed, of_fixed_batch, frozen, merged_chains,
    ):  # fmt: skip
        yield {"title": make.__name__, "make": make}


def op_cases(keras, tf):
    """Models with operations of TensorFlow on symbolic tensors."""
    Input, Model = keras.layers.Input, keras.models.Model

    def case(title, function, *shapes):
        def make():
            inputs = [Input(shape=s, name=f"x{i}") for i, s in enumerate(shapes or [(5, 4)])]
            return Model(inputs=inputs, outputs=function(*inputs))

        return {"title": "op " + title, "make": make}

    two = ((5, 4), (5, 4))
    yield case("add", lambda x, y: x + y, *two)
    yield case("add number", lambda x: x + 1.5)
    yield case("number add", lambda x: 1.5 + x)
    yield case("subtract", lambda x, y: x - y, *two)
    yield case("number subtract", lambda x: 1.0 - x)
    yield case("multiply", lambda x, y: x * y, *two)
    yield case("divide", lambda x: x / 2.0)
    yield case("number divide", lambda x: 1.0 / (x + 2.0))
    yield case("floor divide", lambda x: x // 0.5)
    yield case("modulo", lambda x: x % 0.5)
    yield case("power", lambda x: (x + 2.0) ** 2.0)
    yield case("negative", lambda x: -x)
    yield case("abs", lambda x: abs(x))
    yield case("compare", lambda x: tf.cast(x > 0.1, "float32"))
    yield case("compare two", lambda x, y: tf.cast(x <= y, "float32"), *two)
    yield case("equal", lambda x: tf.cast(tf.equal(x, x), tf.float32))
    yield case("item", lambda x: x[:, 0])
    yield case("items", lambda x: x[:, 1:4:2, -1])
    yield case("last item", lambda x: x[..., -1])
    yield case("new axis", lambda x: x[:, tf.newaxis, :, 1:])
    yield case("math", lambda x, y: tf.math.add(x, tf.math.multiply(y, 2.0)), *two)
    yield case("matmul", lambda x, y: tf.matmul(x, y, transpose_b=True), *two)
    yield case("matmul operator", lambda x, y: x @ y, (5, 4), (4, 3))
    yield case("maximum", lambda x, y: tf.maximum(x, y), *two)
    yield case("minimum", lambda x: tf.minimum(x, 0.25))
    yield case("square", lambda x: tf.square(x))
    yield case("sqrt", lambda x: tf.sqrt(tf.abs(x)))
    yield case("rsqrt", lambda x: tf.math.rsqrt(tf.abs(x) + 1.0))
    yield case("exp", lambda x: tf.exp(x))
    yield case("log", lambda x: tf.math.log(tf.abs(x) + 1.0))
    yield case("sin", lambda x: tf.sin(x) + tf.cos(x))
    yield case("sigmoid", lambda x: tf.sigmoid(x))
    yield case("tanh", lambda x: tf.tanh(x))
    yield case("relu", lambda x: tf.nn.relu(x))
    yield case("relu6", lambda x: tf.nn.relu6(x))
    yield case("leaky_relu", lambda x: tf.nn.leaky_relu(x, alpha=0.1))
    yield case("elu", lambda x: tf.nn.elu(x))
    yield case("gelu", lambda x: tf.nn.gelu(x))
    yield case("silu", lambda x: tf.nn.silu(x))
    yield case("swish", lambda x: tf.nn.swish(x))
    yield case("softplus", lambda x: tf.nn.softplus(x))
    yield case("softmax", lambda x: tf.nn.softmax(x))
    yield case("softmax axis", lambda x: tf.nn.softmax(x, axis=1))
    yield case("log_softmax", lambda x: tf.nn.log_softmax(x))
    for name in ("reduce_mean", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod"):
        yield case(name, lambda x, n=name: getattr(tf, n)(x, axis=1))
        yield case(name + " keep", lambda x, n=name: getattr(tf, n)(x, axis=[1, 2], keepdims=True))
    yield case("reduce_variance", lambda x: tf.math.reduce_variance(x, axis=-1))
    yield case("reduce_std", lambda x: tf.math.reduce_std(x, axis=-1))
    yield case("reshape", lambda x: tf.reshape(x, (-1, 20)))
    yield case("transpose", lambda x: tf.transpose(x, (0, 2, 1)))
    yield case("concat", lambda x, y: tf.concat([x, y], axis=-1), *two)
    yield case("concat three", lambda x, y: tf.concat([x, y, x], 1), *two)
    yield case("stack", lambda x, y: tf.stack([x, y], axis=1), *two)
    yield case("split", lambda x: tf.split(x, 2, axis=-1)[1])
    yield case("unstack", lambda x: tf.unstack(x, axis=1)[2])
    yield case("expand_dims", lambda x: tf.expand_dims(x, 1))
    yield case("squeeze", lambda x: tf.squeeze(x, axis=1), (1, 4))
    yield case("tile", lambda x: tf.tile(x, [1, 2, 1]))
    yield case("cast", lambda x: tf.cast(x, "float16"))
    yield case("pad", lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 0]]))
    yield case("gather", lambda x: tf.gather(x, [2, 0], axis=1))
    yield case("where", lambda x, y: tf.where(x > 0.0, x, y), *two)
    yield case("clip", lambda x: tf.clip_by_value(x, -0.2, 0.3))
    yield case("argmax", lambda x: tf.argmax(x, axis=-1))
    yield case("cumsum", lambda x: tf.cumsum(x, axis=1))
    yield case("one_hot", lambda x: tf.one_hot(tf.cast(tf.abs(x), "int32"), 3))
    yield case("l2_normalize", lambda x: tf.math.l2_normalize(x, axis=-1))
    yield case("ones_like", lambda x: tf.ones_like(x) + tf.zeros_like(x))
    yield case("stop_gradient", lambda x: tf.stop_gradient(x))
    yield case("identity", lambda x: tf.identity(x))
    yield case("einsum", lambda x, y: tf.einsum("abc,adc->abd", x, y), *two)
    yield case("tensordot", lambda x, y: tf.tensordot(x, y, [[1], [1]]), *two)
    yield case("constant", lambda x: x + tf.constant([1.0, 2.0, 3.0, 4.0]))
    yield case("constant first", lambda x: tf.constant([1.0, 2.0, 3.0, 4.0]) - x)
    yield case("shape", lambda x: tf.reshape(x, (tf.shape(x)[0], 20)))
    yield case("add_n", lambda x, y: tf.add_n([x, y]), *two)
    yield case("round", lambda x: tf.round(x * 4.0))
    yield case("floor", lambda x: tf.floor(x))
    yield case("sign", lambda x: tf.sign(x))
    yield case("bias_add", lambda x: tf.nn.bias_add(x, tf.constant([1.0, 2.0, 3.0, 4.0])))
    yield case("resize", lambda x: tf.image.resize(x, (4, 6)), (2, 3, 1))
    yield case("logical", lambda x, y: tf.cast(tf.logical_and(x > 0.0, y > 0.0), "float32"), *two)
    yield case("reverse", lambda x: tf.reverse(x, axis=[1]))
    yield case("bessel", lambda x: tf.math.bessel_i0e(x))
