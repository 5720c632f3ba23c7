"""fill_ledger.py FOLDER MOST: a lake as a plan sees it, made by MOST partitions a commit."""

from __future__ import annotations

import sys

from workloads.many_partitions import fill

from flowforge_assets import Project

fill(Project.load(sys.argv[1]), int(sys.argv[2]))
