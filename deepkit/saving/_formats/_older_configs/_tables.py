"""What older Keras called layers and arguments, and which arguments are gone.

Names of Keras 1 and 2 stand in the same tables: no class had one name for two things.
"""

from collections.abc import Mapping
from typing import Any

CLASS_NAMES = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Conv1DTranspose": "Conv1DTranspose",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "LayerNormalizationV1": "LayerNormalization",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
    "TimeDistributedDense": "Dense",
    "UnifiedGRU": "GRU",
    "UnifiedLSTM": "LSTM",
}

_WEIGHTS = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_CONVOLUTION = {
    **_WEIGHTS,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
}
_POOLING = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "pool_length": "pool_size",
    "stride": "strides",
}
_SPACE = {"dim_ordering": "data_format"}
_RECURRENT = {
    **_WEIGHTS,
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_RATE = {"p": "rate"}

# By today's class: the older name of an argument, and the one it has now.
RENAMED: dict[str, Mapping[str, str]] = {
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Dense": {**_WEIGHTS, "output_dim": "units"},
    "Dropout": _RATE,
    "AlphaDropout": _RATE,
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "GaussianDropout": _RATE,
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "MultiHeadAttention": {},
    "PReLU": {"init": "alpha_initializer"},
    "ReLU": {"theta": "threshold"},
    "SeparableConv2D": {
        **_CONVOLUTION,
        "init": "depthwise_initializer",
        "W_regularizer": "kernel_regularizer",
    },
    "UpSampling1D": {"length": "size"},
    **{f"SpatialDropout{rank}D": {**_RATE, **_SPACE} for rank in (1, 2, 3)},
    **{f"Conv{rank}D": _CONVOLUTION for rank in (1, 2, 3)},
    "Conv2DTranspose": _CONVOLUTION,
    **{f"{kind}Pooling{rank}D": _POOLING for kind in ("Max", "Average") for rank in (1, 2, 3)},
    **{f"Global{kind}Pooling{rank}D": _SPACE for kind in ("Max", "Average") for rank in (2, 3)},
    **{f"UpSampling{rank}D": _SPACE for rank in (2, 3)},
    **{f"ZeroPadding{rank}D": _SPACE for rank in (2, 3)},
    **{f"Cropping{rank}D": _SPACE for rank in (2, 3)},
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM"), _RECURRENT),
}

# Arguments that are gone, and the values of them that change nothing; None stands for all values.
Harmless = Mapping[str, tuple[Any, ...] | None]
ANY_LAYER: Harmless = {"batch_input_shape": None, "input_dtype": None, "ragged": (None, False)}
_GROUPS: Harmless = {"groups": (1,)}
_DEPTHWISE: Harmless = {
    "groups": None,
    "kernel_initializer": None,
    "kernel_regularizer": (None,),
    "kernel_constraint": (None,),
}
_LOOP: Harmless = {
    "implementation": None,
    "consume_less": None,
    "time_major": (False,),
    "input_dim": None,
    "input_length": None,
    "num_constants": (None, 0),
    "reverse_state_order": (False,),
}
_CELL: Harmless = {"implementation": None}
_FLAT: Harmless = {"input_dim": None, "input_length": None}
_ATTENTION: Harmless = {"causal": (False, None)}

GONE: dict[str, Harmless] = {
    "AdditiveAttention": _ATTENTION,
    "Attention": _ATTENTION,
    "BatchNormalization": {
        "mode": (0,),
        "fused": None,
        "virtual_batch_size": (None,),
        "adjustment": (None,),
    },
    "Bidirectional": {"weights": (None,), "input_shape": None},
    "Conv1D": _FLAT,
    "Dense": _FLAT,
    "Embedding": {"input_length": None, "dropout": (0, 0.0, None), "sparse": None},
    "GRU": _LOOP,
    "GRUCell": _CELL,
    "LSTM": _LOOP,
    "LSTMCell": _CELL,
    "MultiHeadAttention": {
        "query_shape": None,
        "key_shape": None,
        "value_shape": None,
        # How masked scores are kept finite: only by what they are replaced.
        "softmax_robust_masking": None,
    },
    "RNN": _LOOP,
    "SimpleRNN": _LOOP,
    "SimpleRNNCell": _CELL,
    "StackedRNNCells": {"reverse_state_order": (False,)},
    **{f"SpatialDropout{rank}D": {"noise_shape": (None,), "trainable": None} for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _GROUPS for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _DEPTHWISE for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _DEPTHWISE for rank in (1, 2)},
}

# Layers of older Keras that deepkit has no equal of.
UNKNOWN_LAYERS = frozenset(
    {
        "CategoryEncoding",
        "CenterCrop",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "ConvLSTM2DCell",
        "ConvRecurrent2D",
        "Deconvolution3D",
        "DenseFeatures",
        "Discretization",
        "HashedCrossing",
        "Hashing",
        "Highway",
        "IntegerLookup",
        "LocallyConnected1D",
        "LocallyConnected2D",
        "MaxoutDense",
        "ParametricSoftplus",
        "PeepholeLSTMCell",
        "RandomBrightness",
        "RandomContrast",
        "RandomCrop",
        "RandomFlip",
        "RandomFourierFeatures",
        "RandomHeight",
        "RandomRotation",
        "RandomTranslation",
        "RandomWidth",
        "RandomZoom",
        "Resizing",
        "SReLU",
        "SpectralNormalization",
        "StringLookup",
        "TextVectorization",
    }
)
