"""URLs of remote stores."""

from __future__ import annotations

import pytest

from flowforge_assets.errors.storage import BadLocationError
from flowforge_assets.storage.remote_url import is_remote, parse_remote_url


@pytest.mark.parametrize(
    ("text", "kind", "shown", "account"),
    [
        ("s3://lake/a/b/", "s3", "s3://lake/a/b", None),
        ("s3a://lake", "s3", "s3://lake", None),
        ("gcs://lake/a", "gcs", "gs://lake/a", None),
        ("az://lake/a", "azure", "az://lake/a", None),
        (
            "abfss://lake@acme.dfs.core.windows.net/a",
            "azure",
            "abfss://lake@acme.dfs.core.windows.net/a",
            "acme",
        ),
        (
            "abfss://ws@onelake.dfs.fabric.microsoft.com/x.Lakehouse/Files/a",
            "onelake",
            "abfss://ws@onelake.dfs.fabric.microsoft.com/x.Lakehouse/Files/a",
            "onelake",
        ),
        ("ftp://host/a", "other", "ftp://host/a", None),
    ],
)
def test_a_url_says_its_kind(text: str, kind: str, shown: str, account: str | None) -> None:
    url = parse_remote_url(text)
    assert (url.kind, str(url), url.account) == (kind, shown, account)
    assert parse_remote_url(shown) == url


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:///a",
        "s3://user:canary@lake/a",
        "s3://lake/a?token=canary",
        "s3://lake/a#canary",
        "s3://lake/a//b",
        "s3://lake/../a",
        "s3://lake/a%20b",
        "abfss://lake@acme.example.com/a",
        "abfss://lake:canary@acme.dfs.core.windows.net/a",
        "abfss://ws@onelake.dfs.fabric.microsoft.com/",
        "https://acme.blob.core.windows.net/lake",
        "nfs://host/a",
        "zip://a",
    ],
)
def test_what_is_no_place_of_tables_is_refused(text: str) -> None:
    with pytest.raises(BadLocationError) as caught:
        parse_remote_url(text)
    assert caught.value.hint
    assert "canary" not in caught.value.render()


def test_folders_and_memory_are_not_remote() -> None:
    assert not any(map(is_remote, ["lake", "/data/lake", "file:///lake", "memory://x"]))
    assert is_remote("s3://lake")
