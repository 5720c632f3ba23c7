"""The error tree: see `flowforge_assets.errors.base` for its drawing."""
