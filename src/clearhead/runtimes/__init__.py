"""Whatever computes the next token, behind one interface: C on the CPU, CUDA graphs, PyTorch as it stands."""
