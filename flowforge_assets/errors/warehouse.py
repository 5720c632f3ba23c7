"""FF-675 to FF-689: a warehouse that cannot be used, or does not do as it was told.

StorageError
├── NoConnectorError          FF-675  no connector is installed for it
├── WarehouseLoginError       FF-676  it does not let us in
├── WarehouseDownError        FF-677  it does not answer, or the connection was lost
├── WarehouseSlowError        FF-678  a statement took longer than it may
├── WarehouseQuotaError       FF-679  it has no room, or no quota is left
├── WarehouseStatementError   FF-680  it refused a statement for another reason
├── WarehouseTypesError       FF-681  the result has other types than are promised
├── WarehouseTableError       FF-682  the table there is none that we made
├── WarehouseTypeError        FF-684  a column's type has no like in the warehouse
├── WarehouseRightsError      FF-685  the user may not do it
├── WarehouseStateError       FF-686  the state in a table's comment cannot be read
├── WarehouseAssetError       FF-687  an asset that cannot be made in a warehouse
├── WarehouseOptionError      FF-688  connection options that are not whole
└── WarehouseDriverError      FF-689  the warehouse's client is not installed
"""

from __future__ import annotations

from flowforge_assets.errors.storage import StorageError


class NoConnectorError(StorageError):
    """The project names a kind of warehouse for which no connector is installed.

    Write a `kind` that the hint lists, or install the package that brings the connector.
    """

    code = "FF-675"


class WarehouseLoginError(StorageError):
    """The warehouse does not let this user in, or its token was revoked while a run went on.

    The published tables are as they were. Renew what `[env.NAME.warehouse]` refers to, see that it
    names the right user and role, and run again.
    """

    code = "FF-676"


class WarehouseDownError(StorageError):
    """The warehouse does not answer, or the connection was lost.

    The published tables are as they were, or have the new rows whole; the next run looks which.
    Try again when it is up: an asset with `retries` does so by itself.
    """

    code = "FF-677"


class WarehouseSlowError(StorageError):
    """A statement took longer than it may, and was ended.

    Raise the `timeout` of the asset or `timeout_seconds` in `[env.NAME.warehouse]`, or give the
    warehouse more power.
    """

    code = "FF-678"


class WarehouseQuotaError(StorageError):
    """The warehouse has no room left, or the account no quota.

    The published tables are as they were. Make room, raise the quota, or wait until it is renewed.
    """

    code = "FF-679"


class WarehouseStatementError(StorageError):
    """The warehouse refused a statement; the published table is as it was.

    The message has its own words, save where they could hold values of rows. The statement stands
    in the warehouse's history under the tag of the run, the asset and the step.
    """

    code = "FF-680"


class WarehouseTypesError(StorageError):
    """The result of a query has other columns or types in the warehouse than are promised.

    Nothing was published. Cast the columns in the query to what the dataset declares.
    """

    code = "FF-681"


class WarehouseTableError(StorageError):
    """A table of the warehouse is none that FlowForge made, or someone has replaced it since.

    Nothing was changed. Move that table away, or let the dataset have another name or a `prefix`.
    """

    code = "FF-682"


class WarehouseTypeError(StorageError):
    """A column has a type that the warehouse cannot hold exactly.

    Make it of another type, or leave the column out of what goes to the warehouse.
    """

    code = "FF-684"


class WarehouseRightsError(StorageError):
    """The warehouse's user may not do what a step needs.

    Grant it: docs/guide/warehouses.md lists what each warehouse needs.
    """

    code = "FF-685"


class WarehouseStateError(StorageError):
    """What a table's comment says of its commits cannot be read.

    Where someone has edited the comment, or the rows of `_flowforge` that it names, restore it; or
    drop the table and make it anew.
    """

    code = "FF-686"


class WarehouseAssetError(StorageError):
    """An asset is to run in the warehouse, but it needs what only runs here.

    Take `warehouse = true` away, or what the message names.
    """

    code = "FF-687"


class WarehouseOptionError(StorageError):
    """The connection options of a warehouse are not whole, or do not fit together.

    Write what the message names into `[env.NAME.warehouse]`; secrets by reference.
    """

    code = "FF-688"


class WarehouseDriverError(StorageError):
    """The client of the warehouse is not installed.

    Install the extra that the hint names.
    """

    code = "FF-689"
