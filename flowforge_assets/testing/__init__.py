"""What tests of datasets and assets are written with."""

from flowforge_assets.testing.rows import Row, rows

__all__ = ["Row", "rows"]
