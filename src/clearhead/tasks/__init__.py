"""What a model is trained for: a family's examples, its loss and metrics, and what a bundle can do with it."""
