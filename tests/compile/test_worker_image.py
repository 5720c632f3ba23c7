from __future__ import annotations

from typing import Any

import yaml

from flowforge_assets.compile.worker_image import worker_files

# Of the keys of the chart prefect-worker (values.yaml and templates/_helpers.tpl, read 2026-11).
CHART = {
    "apiConfig": None,
    "config": {"workPool", "type", "installPolicy", "queryInterval", "prefetchSeconds", "limit"},
    "extraEnvVars": None,
    "image": {"repository", "prefectTag", "pullPolicy", "pullSecrets"},
    "replicaCount": None,
    "resources": {"requests", "limits"},
    "selfHostedServerApiConfig": {"apiUrl", "basicAuth"},
}


def dockerfile() -> list[str]:
    return worker_files("My shop", "abc123")["Dockerfile"].splitlines()


def test_an_image_has_the_folder_and_what_it_was_compiled_with() -> None:
    lines = [line for line in dockerfile() if not line.startswith("#")]
    assert lines[0].startswith("FROM prefecthq/prefect:3.8.8")
    assert lines.index("COPY bundle/lock.txt /tmp/lock.txt") < lines.index("COPY . /opt/flowforge")
    assert 'LABEL org.opencontainers.image.version="abc123"' in lines
    assert "# docker build -t REGISTRY/my-shop:abc123 ." in dockerfile()


def test_values_have_only_keys_of_the_chart() -> None:
    values: dict[str, Any] = yaml.safe_load(worker_files("shop", "abc")["values.yaml"])
    assert list(values) == ["worker"]
    for key, inside in values["worker"].items():
        assert key in CHART
        known = CHART[key]
        assert known is None or set(inside) <= known, key
    assert values["worker"]["apiConfig"] == "selfHostedServer"


def test_the_same_project_gives_the_same_files() -> None:
    assert worker_files("shop", "abc") == worker_files("shop", "abc")
