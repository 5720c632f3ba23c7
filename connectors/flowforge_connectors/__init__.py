"""Connectors to systems outside the lake: one file, one extra, one entry point each."""
