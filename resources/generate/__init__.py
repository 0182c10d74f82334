"""Scripts that generate the tables in resources/ from named sources; run one with `python -m resources.generate.NAME`."""
