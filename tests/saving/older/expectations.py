"""What is known to differ between older Keras and today, each with its reason."""

# What an argument of older Keras is called today; by class, or for all classes.
RENAMED = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("ThresholdedReLU", "theta"): "threshold",
}
# Arguments without a meaning today, and the values with which they are dropped: all, if `None`.
RECURRENT = ("SimpleRNN", "GRU", "LSTM", "RNN", "CuDNNGRU", "CuDNNLSTM")
CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
DROPPED = {
    **{(name, "implementation"): None for name in (*RECURRENT, *CELLS)},
    **{(name, "time_major"): [False] for name in RECURRENT},
    **{(name, "num_constants"): [None] for name in RECURRENT},
    **{(name, "groups"): [1] for name in SEPARABLE},
    **{(name, "kernel_initializer"): None for name in SEPARABLE},
    **{(name, "kernel_regularizer"): [None] for name in SEPARABLE},
    **{(name, "kernel_constraint"): [None] for name in SEPARABLE},
    **{(f"Conv{rank}DTranspose", "groups"): [1] for rank in (1, 2, 3)},
    **{(f"SpatialDropout{rank}D", "noise_shape"): [None] for rank in (1, 2, 3)},
    **{(f"SpatialDropout{rank}D", "trainable"): [True] for rank in (1, 2, 3)},
    **{("MultiHeadAttention", f"{part}_shape"): None for part in ("query", "key", "value")},
    # It becomes an argument of the call, whose numbers are compared.
    ("Attention", "causal"): None,
    ("AdditiveAttention", "causal"): None,
    ("Dense", "activity_regularizer"): [None],
    ("Embedding", "batch_input_shape"): None,
    ("Embedding", "input_length"): None,
    ("StackedRNNCells", "reverse_state_order"): [False],
}
# Values that have another spelling today.
RESPELLED = [
    ("hard_sigmoid", "hard_sigmoid_of_keras_2"),
    ("swish", "silu"),
]

# Cases that are refused, and words of the reason.
REFUSED = {
    "LocallyConnected1D 3 2": "of a class that deepkit has no equal of",
    "ConvLSTM2D 3 2": "of a class that deepkit has no equal of",
    "Resizing 3 3": "of a class that deepkit has no equal of",
    "MaxoutDense 3": "of a class that deepkit has no equal of",
    "Highway": "of a class that deepkit has no equal of",
    "ParametricSoftplus": "of a class that deepkit has no equal of",
    "SReLU": "of a class that deepkit has no equal of",
    "UpSampling2D (2, 2) interpolation=area": "to be one of",
    "UpSampling2D (2, 2) interpolation=gaussian": "to be one of",
    "UpSampling2D (2, 2) interpolation=mitchellcubic": "to be one of",
    "LSTM 3 time_major=True": "has time_major=True, for which there is no equal here",
    "op einsum": "is one of TensorFlow's that deepkit has no equal of",
    "op bessel": "is one of TensorFlow's that deepkit has no equal of",
    "Embedding 5 4 dropout=0.2": "has dropout=0.2, for which there is no equal here",
    "BatchNormalization mode=1": "has mode=1, for which there is no equal here",
    "BatchNormalization mode=2": "has mode=2, for which there is no equal here",
    "merged_chains": "merges by a function of the user's",
}
# The same in some versions alone.
REFUSED_IN = {
    ("keras_231", "UpSampling2D (2, 3) interpolation=bilinear"): "with other pixel centers",
    ("keras_224", "UpSampling2D (2, 3) interpolation=bilinear"): "with other pixel centers",
    ("keras_122", "cosine_proximity"): "is a mean over the features",
    ("tf_115", "op swish"): "(IdentityN)",
    ("tf_115", "op resize"): "(ResizeBilinear)",
    **{("tf_22", f"op {title}"): "(Shape)" for title in ("ones_like", "tensordot", "shape")},
}
# Arguments that the file does not have, so that the numbers differ: `shared_axes`, `causal`, masks
# that are passed by hand. TensorFlow 1 took the states of stacked cells apart.
LOST_BY = {
    "tf_115": {"RNN return_state=True"},
    "keras_122": {"PReLU init=one shared_axes=object"},
    "tf_215": {"Attention causal=True", "AdditiveAttention causal=True use_scale=False"},
    "tf_212": {"Attention causal=True", "AdditiveAttention causal=True use_scale=False"},
    "tf_keras": {"Attention causal=True", "AdditiveAttention causal=True use_scale=False"},
    "keras_231": {"given_mask"},
    "keras_224": {"given_mask"},
    "keras_209": {"given_mask"},
}


def refusal(name, title):
    """Words of the reason for which a case is refused, or `None`."""
    if (name, title) in REFUSED_IN:
        return REFUSED_IN[name, title]
    return REFUSED.get(title)


def is_other_rule(name, title):
    """Whether a loss or an optimizer follows a rule of its version that is no longer one.

    Keras 1 to 2.2 left the labels of hinges as they are; `Nadam` of TensorFlow 2.11 and later took
    the product of its momenta once for each variable. A loss without a reduction gives no single
    number.
    """
    is_nadam = "Nadam" in title and "legacy" not in title and name in _NEW_OPTIMIZERS
    is_hinge = title in ("hinge", "squared_hinge") and name in _OLD_HINGES
    # An `epsilon` this large is no longer near to what stands under the root.
    is_far = "RMSprop" in title and "epsilon" in title
    # TensorFlow 1.15 forgot the sign of this loss, and Keras 2.2 to write this argument.
    is_cosine = name == "tf_115" and "osine" in title
    is_unwritten = name in _OLD_HINGES and title == "weighted_metrics"
    # TensorFlow 2.2 chose the threshold in another way.
    is_threshold = name == "tf_22" and title == "PrecisionAtRecall"
    if is_cosine or is_unwritten or is_threshold:
        return True
    return is_hinge or is_far or is_nadam or title == "MeanSquaredError none"


def is_settled(name, title):
    """Whether a version gives the same numbers each time that it trains.

    Keras alone read the number of the step while TensorFlow 1 was changing it.
    """
    return not name.startswith("keras_") or (title.startswith("SGD") and "decay" not in title)


_NEW_OPTIMIZERS = ("tf_212", "tf_215", "tf_keras")
_OLD_HINGES = ("keras_122", "keras_209", "keras_224")
