"""Classification with an encoder-only model: from tables to ids and classes, and what is learned of them."""
