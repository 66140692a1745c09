"""Models of other programs: their files, read without running anything; and tables of their names and settings."""
