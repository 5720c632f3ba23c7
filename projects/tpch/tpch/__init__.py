"""The wholesale supplier of TPC-H: eight tables as delivered, typed ones, and 22 reports.

The rows come from `tpchgen-cli parquet -s 0.1 -o delivered`, run in the project's folder.
"""

from tpch.delivered import (
    Customer,
    LineItem,
    Nation,
    Orders,
    Part,
    PartSupp,
    Region,
    Supplier,
)

__all__ = [
    "Customer",
    "LineItem",
    "Nation",
    "Orders",
    "Part",
    "PartSupp",
    "Region",
    "Supplier",
]
