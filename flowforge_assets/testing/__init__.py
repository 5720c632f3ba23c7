"""What tests of datasets and assets are written with."""

from flowforge_assets.testing.materialize import Materialize, Ran, materialize
from flowforge_assets.testing.rows import Row, rows
from flowforge_assets.testing.scene import Given

__all__ = ["Given", "Materialize", "Ran", "Row", "materialize", "rows"]
