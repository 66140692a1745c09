"""The Transformer: section 3 of "Attention Is All You Need". Imports torch and, of ours, only `errors`."""
