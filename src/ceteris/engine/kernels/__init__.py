"""The layers' forward and backward passes, by hand: a small file for each, its reference in tests.

A kernel changes no result beyond rounding: it is checked against autograd and, on the machine at
hand, against float64 NumPy by ``ceteris doctor``.
"""

from ceteris.engine.kernels.chain import Chain, pooled_first
from ceteris.engine.kernels.convolution import ConvolutionKernel, split_zeros
from ceteris.engine.kernels.pointwise import draw_mask

__all__ = ["Chain", "ConvolutionKernel", "draw_mask", "pooled_first", "split_zeros"]
