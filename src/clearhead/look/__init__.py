"""Drawing what a model computed, and worksheets: on a page, on paper, in text."""
