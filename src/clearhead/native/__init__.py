"""What is written in C, compiled for the processor when first used: products, and decoding with them.

`compiler` makes the library and imports no torch, so that it can begin while torch is imported; `library` is its face.
"""
