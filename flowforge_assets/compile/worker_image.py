"""What a worker on other machines needs: an image with the project, and values of its Helm chart.

The image is Prefect's own with the compiled folder in it. The values are for the chart
`prefect-worker` of Prefect's repository of charts: the few keys of it that a worker must have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from flowforge_assets.compile.deployment import IMAGE_FOLDER

# The image that the tested Prefect brings out, with the Python that is tested.
_BASE: Final = "prefecthq/prefect:3.8.8-python3.11"
_OUTSIDE: Final = re.compile(r"[^a-z0-9]+")


def worker_files(project: str, version: str) -> Mapping[str, str]:
    """The files by name: a `Dockerfile` for the folder, and Helm's `values.yaml`."""
    return {
        "Dockerfile": "\n".join(_dockerfile(project, version)),
        "values.yaml": "\n".join(_values(project)),
    }


def _dockerfile(project: str, version: str) -> Iterator[str]:
    yield f"# An image with the project {project}, for runs in containers."
    yield f"# docker build -t REGISTRY/{_plain(project)}:{version} ."
    yield f"FROM {_BASE}"
    yield "# What the project needs, in the versions that were installed where it was compiled."
    yield "COPY bundle/lock.txt /tmp/lock.txt"
    yield "RUN pip install --no-cache-dir --requirement /tmp/lock.txt"
    yield "# Prefect's pull step goes to this folder; flow.py and the project are in it."
    yield f"COPY . {IMAGE_FOLDER}"
    yield f"WORKDIR {IMAGE_FOLDER}"
    yield "ENV DO_NOT_TRACK=1 PYTHONDONTWRITEBYTECODE=1"
    yield f"LABEL org.opencontainers.image.title={json.dumps(project)}"
    yield f"LABEL org.opencontainers.image.version={json.dumps(version)}"
    yield ""


def _values(project: str) -> Iterator[str]:
    yield f"# Values of the chart prefect-worker, for the project {project}."
    yield "# helm repo add prefect https://prefecthq.github.io/prefect-helm"
    yield "# helm install worker prefect/prefect-worker --values values.yaml \\"
    yield "#   --set worker.config.workPool=POOL"
    yield "# The worker is Prefect's own image; its runs have the `image` of their pool."
    yield "worker:"
    yield "  image:"
    yield "    repository: prefecthq/prefect"
    yield "    prefectTag: 3.8.8-python3.11-kubernetes"
    yield "    pullPolicy: IfNotPresent"
    yield "  apiConfig: selfHostedServer"
    yield "  selfHostedServerApiConfig:"
    yield "    # Where the server is from inside the cluster."
    yield "    apiUrl: http://prefect-server:4200/api"
    yield "  config:"
    yield "    # The name of the work pool on the server."
    yield "    workPool: kubernetes"
    yield "    type: kubernetes"
    yield "    installPolicy: never"
    yield "  replicaCount: 1"
    yield "  extraEnvVars:"
    yield "    - name: DO_NOT_TRACK"
    yield '      value: "1"'
    yield "  resources:"
    yield "    requests:"
    yield "      cpu: 100m"
    yield "      memory: 256Mi"
    yield "    limits:"
    yield "      memory: 512Mi"
    yield ""


def _plain(name: str) -> str:
    return _OUTSIDE.sub("-", name.lower()).strip("-") or "project"
