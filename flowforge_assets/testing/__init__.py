"""What tests of datasets and assets are written with."""

from flowforge_assets.testing.materialize import Givens, Materialize, Ran, materialize
from flowforge_assets.testing.rows import Row, rows
from flowforge_assets.testing.scene import Given

__all__ = ["Given", "Givens", "Materialize", "Ran", "Row", "materialize", "rows"]
