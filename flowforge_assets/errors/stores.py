"""FF-646 to FF-65x and FF-86x: places of tables beyond this machine, their options and credentials.

StorageError
├── WrongCredentialsError    FF-646
├── NoBucketError            FF-647
├── UnsafeStoreError         FF-648
├── StoreBusyError           FF-649
├── SecretMissingError       FF-650
├── ClientMissingError       FF-651
├── BadSecretError           FF-652
└── StrayVariableError       FF-653
ProjectError
├── UnknownStoreOptionError  FF-860
├── StoreOptionValueError    FF-861
├── PlainSecretError         FF-862
├── CredentialModeError      FF-863
├── NoCredentialsError       FF-864
└── UnknownStoreKeyError     FF-865
"""

from __future__ import annotations

from flowforge_assets.errors.project import ProjectError
from flowforge_assets.errors.storage import StorageError


class WrongCredentialsError(StorageError):
    """A remote store does not know the credentials, or they have run out.

    Nothing was written by the request that was refused. See that the options of the store refer to
    the key, the secret and the token of today, and that this machine's clock is right.
    """

    code = "FF-646"


class NoBucketError(StorageError):
    """The bucket or container of a store is not there.

    Mend its name in the store's URL, or make it: FlowForge makes none.
    """

    code = "FF-647"


class UnsafeStoreError(StorageError):
    """A store lets two writers create the same file, so that one's commit could vanish.

    Nothing was written beside the files of the probe. Keep tables in a store that honours
    conditional writes (`If-None-Match`), or turn them on in the one that is named.
    """

    code = "FF-648"


class StoreBusyError(StorageError):
    """A store asked to slow down each time that it was asked again.

    Nothing was committed. Run again later, with fewer workers, or raise the store's
    `max_retries`.
    """

    code = "FF-649"


class SecretMissingError(StorageError):
    """A secret that the project file refers to is not where the reference says.

    Set the variable, write the file, or save the Prefect block; nothing was opened yet. Where
    several machines run the project, each of them needs it.
    """

    code = "FF-650"
    exit_code = 2


class ClientMissingError(StorageError):
    """The library that speaks to this kind of store is not installed.

    Install the extra that the hint names.
    """

    code = "FF-651"
    exit_code = 2


class BadSecretError(StorageError):
    """A secret is there, and is not of the form that its kind of store needs.

    Put the whole of it where the reference says; the message tells what it lacks.
    """

    code = "FF-652"
    exit_code = 2


class StrayVariableError(StorageError):
    """An environment variable is set that a library would use beside the credentials given.

    Take it out of the environment in which the run starts. The libraries read it by themselves,
    and nothing that can be told to them keeps them from it.
    """

    code = "FF-653"
    exit_code = 2


class UnknownStoreOptionError(ProjectError):
    """A store in the project file has an option that its kind of store does not know.

    Mend its spelling; docs/guide/stores.md lists the options of each kind. An option that nobody
    reads would be left out of account without a word.
    """

    code = "FF-860"


class StoreOptionValueError(ProjectError):
    """An option of a store has the wrong type, is out of range, or is missing.

    Write the value as the hint shows. An `http://` endpoint sends everything in the clear, so it
    also needs `allow_http = true`.
    """

    code = "FF-861"


class PlainSecretError(ProjectError):
    """A secret stands in the project file itself.

    Put it into an environment variable, a file or a Prefect block, and write the reference:
    `{ env = "NAME" }`. A secret that was once committed should be changed, too.
    """

    code = "FF-862"


class CredentialModeError(ProjectError):
    """A store has credentials of two kinds at once, or only a part of one.

    Give one whole set of credentials, or `ambient = true`, or `anonymous = true`.
    """

    code = "FF-863"


class NoCredentialsError(ProjectError):
    """A remote store is named and nothing says with which credentials.

    Write them as references, or say `ambient = true` where the machine has an identity of its
    own. FlowForge lets no library go looking by itself: it might find another account's.
    """

    code = "FF-864"


class UnknownStoreKeyError(ProjectError):
    """A table `[env.NAME.stores.KEY]` names neither a layer nor a dataset of the project.

    Write a layer (`gold`) or a whole key in quotes (`"silver.events"`).
    """

    code = "FF-865"
