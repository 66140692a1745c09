"""The `clearhead` command."""


def main() -> int:
    """What the installed `clearhead` script and `python -m clearhead` call."""
    # Imported here, so that importing the package for a look at its names does not load torch.
    from clearhead.cli.app import main as run

    return run()
