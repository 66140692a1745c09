"""One decoder-only model that is GPT and BERT: it predicts next tokens, and masked ones at the place before them."""
