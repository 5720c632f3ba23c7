"""What tests of datasets and assets are written with."""

from flowforge_assets.testing.given import Given
from flowforge_assets.testing.materialize import Givens, Materialize, Ran, materialize
from flowforge_assets.testing.rows import Row, rows

__all__ = ["Given", "Givens", "Materialize", "Ran", "Row", "materialize", "rows"]
