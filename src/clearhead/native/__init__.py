"""What is written in C, compiled for the processor when first used: products, and decoding with them."""

from clearhead.native.compiler import compiled
from clearhead.native.library import BF16, FP32, INT8, Layer, Library, Matrix, Norm, Transformer, library, takes

__all__ = ["BF16", "FP32", "INT8", "Layer", "Library", "Matrix", "Norm", "Transformer", "compiled", "library", "takes"]
