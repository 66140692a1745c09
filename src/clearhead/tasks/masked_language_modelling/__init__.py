"""Masked language modelling with an encoder-only model: from documents to masked rows."""
