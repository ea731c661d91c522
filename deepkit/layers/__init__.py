"""Layers: the building blocks of models."""

from ._activation import Activation as Activation
from ._activity_regularization import ActivityRegularization as ActivityRegularization
from ._adaptive_average_pooling_1d import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from ._adaptive_average_pooling_2d import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from ._adaptive_average_pooling_3d import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from ._adaptive_max_pooling_1d import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from ._adaptive_max_pooling_2d import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from ._adaptive_max_pooling_3d import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from ._additive_attention import AdditiveAttention as AdditiveAttention
from ._alpha_dropout import AlphaDropout as AlphaDropout
from ._attention import Attention as Attention
from ._average_pooling_1d import AveragePooling1D as AveragePooling1D
from ._average_pooling_2d import AveragePooling2D as AveragePooling2D
from ._average_pooling_3d import AveragePooling3D as AveragePooling3D
from ._batch_normalization import BatchNormalization as BatchNormalization
from ._bidirectional import Bidirectional as Bidirectional
from ._conv_1d import Conv1D as Conv1D
from ._conv_1d_transpose import Conv1DTranspose as Conv1DTranspose
from ._conv_2d import Conv2D as Conv2D
from ._conv_2d_transpose import Conv2DTranspose as Conv2DTranspose
from ._conv_3d import Conv3D as Conv3D
from ._conv_3d_transpose import Conv3DTranspose as Conv3DTranspose
from ._cropping_1d import Cropping1D as Cropping1D
from ._cropping_2d import Cropping2D as Cropping2D
from ._cropping_3d import Cropping3D as Cropping3D
from ._dense import Dense as Dense
from ._depthwise_conv_1d import DepthwiseConv1D as DepthwiseConv1D
from ._depthwise_conv_2d import DepthwiseConv2D as DepthwiseConv2D
from ._dropout import Dropout as Dropout
from ._einsum_dense import EinsumDense as EinsumDense
from ._elu import ELU as ELU
from ._embedding import Embedding as Embedding
from ._flatten import Flatten as Flatten
from ._gaussian_dropout import GaussianDropout as GaussianDropout
from ._gaussian_noise import GaussianNoise as GaussianNoise
from ._global_average_pooling_1d import GlobalAveragePooling1D as GlobalAveragePooling1D
from ._global_average_pooling_2d import GlobalAveragePooling2D as GlobalAveragePooling2D
from ._global_average_pooling_3d import GlobalAveragePooling3D as GlobalAveragePooling3D
from ._global_max_pooling_1d import GlobalMaxPooling1D as GlobalMaxPooling1D
from ._global_max_pooling_2d import GlobalMaxPooling2D as GlobalMaxPooling2D
from ._global_max_pooling_3d import GlobalMaxPooling3D as GlobalMaxPooling3D
from ._group_normalization import GroupNormalization as GroupNormalization
from ._group_query_attention import GroupQueryAttention as GroupQueryAttention
from ._gru import GRU as GRU
from ._gru_cell import GRUCell as GRUCell
from ._identity import Identity as Identity
from ._input_layer import Input as Input
from ._input_layer import InputLayer as InputLayer
from ._input_spec import InputSpec as InputSpec
from ._lambda import Lambda as Lambda
from ._layer import Layer as Layer
from ._layer_normalization import LayerNormalization as LayerNormalization
from ._leaky_relu import LeakyReLU as LeakyReLU
from ._lookup import deserialize as deserialize
from ._lookup import serialize as serialize
from ._lstm import LSTM as LSTM
from ._lstm_cell import LSTMCell as LSTMCell
from ._masking import Masking as Masking
from ._max_pooling_1d import MaxPooling1D as MaxPooling1D
from ._max_pooling_2d import MaxPooling2D as MaxPooling2D
from ._max_pooling_3d import MaxPooling3D as MaxPooling3D
from ._merge_add import Add as Add
from ._merge_add import add as add
from ._merge_average import Average as Average
from ._merge_average import average as average
from ._merge_concatenate import Concatenate as Concatenate
from ._merge_concatenate import concatenate as concatenate
from ._merge_dot import Dot as Dot
from ._merge_dot import dot as dot
from ._merge_maximum import Maximum as Maximum
from ._merge_maximum import maximum as maximum
from ._merge_minimum import Minimum as Minimum
from ._merge_minimum import minimum as minimum
from ._merge_multiply import Multiply as Multiply
from ._merge_multiply import multiply as multiply
from ._merge_subtract import Subtract as Subtract
from ._merge_subtract import subtract as subtract
from ._multi_head_attention import MultiHeadAttention as MultiHeadAttention
from ._normalization import Normalization as Normalization
from ._permute import Permute as Permute
from ._prelu import PReLU as PReLU
from ._relu import ReLU as ReLU
from ._repeat_vector import RepeatVector as RepeatVector
from ._rescaling import Rescaling as Rescaling
from ._reshape import Reshape as Reshape
from ._rms_normalization import RMSNormalization as RMSNormalization
from ._rnn import RNN as RNN
from ._separable_conv_1d import SeparableConv1D as SeparableConv1D
from ._separable_conv_2d import SeparableConv2D as SeparableConv2D
from ._simple_rnn import SimpleRNN as SimpleRNN
from ._simple_rnn_cell import SimpleRNNCell as SimpleRNNCell
from ._softmax import Softmax as Softmax
from ._spatial_dropout_1d import SpatialDropout1D as SpatialDropout1D
from ._spatial_dropout_2d import SpatialDropout2D as SpatialDropout2D
from ._spatial_dropout_3d import SpatialDropout3D as SpatialDropout3D
from ._stacked_rnn_cells import StackedRNNCells as StackedRNNCells
from ._time_distributed import TimeDistributed as TimeDistributed
from ._torch_layout import torch_layout as _torch_layout
from ._unit_normalization import UnitNormalization as UnitNormalization
from ._up_sampling_1d import UpSampling1D as UpSampling1D
from ._up_sampling_2d import UpSampling2D as UpSampling2D
from ._up_sampling_3d import UpSampling3D as UpSampling3D
from ._wrapper import Wrapper as Wrapper
from ._zero_padding_1d import ZeroPadding1D as ZeroPadding1D
from ._zero_padding_2d import ZeroPadding2D as ZeroPadding2D
from ._zero_padding_3d import ZeroPadding3D as ZeroPadding3D

AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
