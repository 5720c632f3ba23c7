"""A past version made again, in memory, from the versions of its inputs that its commit names.

The store is only read. What is made again goes the way of every step, into tables in memory that
hold what the dataset held before that version; then the rows are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event as StopSignal
from typing import Final, TypeVar

from flowforge_assets.core.key import DatasetKey
from flowforge_assets.core.made import Fingerprint, Made, TableVersion
from flowforge_assets.core.partition import PartitionSet
from flowforge_assets.declare.definition import AssetDefinition, DatasetDefinition
from flowforge_assets.declare.renamed import keys_today, made_today
from flowforge_assets.errors.past import NoPastError, NotReproducibleError
from flowforge_assets.errors.storage import NoVersionError
from flowforge_assets.execute.as_of import Past, loan_of, own_log, version_wanted
from flowforge_assets.execute.lending import Loan, Loans, datasets_read, through_views
from flowforge_assets.execute.outcome import UnitOutcome
from flowforge_assets.execute.row_bags import Difference, bag_difference, file_difference
from flowforge_assets.execute.scope import MadeSets, RunScope
from flowforge_assets.execute.session import Session, looked_at
from flowforge_assets.execute.spec import spec_of, table_of
from flowforge_assets.execute.step import make_batch
from flowforge_assets.plan.as_of import AsOf
from flowforge_assets.plan.needs import commits_alone, is_ordered
from flowforge_assets.plan.rows import rows_of
from flowforge_assets.plan.step import MOST_IN_A_COMMIT, Step
from flowforge_assets.record.history import History
from flowforge_assets.storage.memory import MemoryStore
from flowforge_assets.storage.past import Version
from flowforge_assets.storage.store import Artifacts, Everything, Table

T = TypeVar("T")
_PARTS: Final = ("schema", "code", "config", "engine")
_NO_CODE: Final = Fingerprint(0, "", "", "", "")


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of making a version again: how it differs, and what is to be known of that.

    `notes` say what is other now than it was when the version was made.
    """

    key: DatasetKey
    version: Version
    partitions: PartitionSet
    difference: Difference
    notes: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        """Whether the same rows, or files, came out."""
        return self.difference.is_none


@dataclass(frozen=True, slots=True)
class _Past:
    """The commit that is made again, with all that it needs."""

    session: Session
    dataset: DatasetDefinition
    asset: AssetDefinition
    log: Table | Artifacts
    version: Version
    made: Made
    wanted: PartitionSet

    @property
    def key(self) -> DatasetKey:
        """The dataset's."""
        return self.dataset.key

    @property
    def made_by_asset(self) -> frozenset[DatasetKey]:
        """All that the asset makes."""
        return frozenset(output.dataset for output in self.asset.makes)

    @property
    def table(self) -> Table:
        """Where its rows are."""
        return table_of(self.session.store(), self.dataset)

    @property
    def files(self) -> Artifacts:
        """Where its files are, if it is an artifact."""
        return self.session.store().artifact(spec_of(self.dataset))

    @property
    def is_whole(self) -> bool:
        """Whether what the commit replaced can be told from all else: by its partitions."""
        return self.asset.write == "overwrite"


def reproduce(
    session: Session,
    dataset: DatasetDefinition,
    version: int,
    *,
    partitions: str | None = None,
    fingerprints: Mapping[DatasetKey, Fingerprint],
    history: History,
) -> Reproduction:
    """Makes `version` of the dataset again from what it was made from, and compares.

    Runs today's code; where that is another, a note says so. `partitions` limits it to some that
    the commit made. Nothing is written but to memory: it must hold the inputs and the rows.

    Raises:
        NotReproducibleError: what it was made from cannot be had (FF-672).
        NoVersionError: there is no such version, or it is no longer kept (FF-603).
        FlowForgeError: the asset fails now.
    """
    past = _past(session, dataset, version, partitions)
    lent, notes = _lent(past, history)
    own = past.made_by_asset
    others = History(
        {key: found for key, found in history.pieces.items() if key not in own},
        {key: found for key, found in history.rows.items() if key not in own},
    )
    with _scope(past, lent, others) as scope:
        _make(past, scope)
        found = _compared(past, scope)
    changed = _changed(past.made.fingerprint, fingerprints.get(past.asset.id, _NO_CODE))
    if changed:
        notes = (f"{' and '.join(changed)} of `{past.asset.name}` are others now", *notes)
    if not past.asset.inputs:
        notes = (*notes, f"`{past.asset.name}` reads outside, where nothing keeps what was")
    return Reproduction(past.key, past.version, past.wanted, found, notes)


def _past(
    session: Session, dataset: DatasetDefinition, number: int, partitions: str | None
) -> _Past:
    asset = _maker(session, dataset)
    log = own_log(session.store, dataset)
    version = version_wanted(log, number, dataset.key)
    what = f"version {number} of `{dataset.key}`"
    made = version.made
    if made is None or not made.partitions:
        hint = "name a version that a step made: `flowforge history` and `show` tell them"
        raise NotReproducibleError(f"{what} was made by no step", place=asset.place, hint=hint)
    made = made_today(made, keys_today(session.graph.datasets.values()))
    steps = session.graph.steps(asset)
    if made.partitions.dimensions != steps.dimensions:
        message = f"{what} was made by steps that are cut in another way than today's"
        raise NotReproducibleError(message, place=asset.place, hint="go back to the code of then")
    wanted = made.partitions
    if partitions is not None:
        wanted &= steps.parse(partitions, session.clock())
    past = _Past(session, dataset, asset, log, version, made, wanted)
    if not wanted or (wanted != made.partitions and not past.is_whole):
        shown = made.partitions.render()
        message = f"{what} made {shown}, and {partitions} is none of it"
        if wanted:
            message = f"{what} is made again as a whole: `{asset.name}` writes by {asset.write}"
        raise NotReproducibleError(message, place=asset.place, hint="leave `-p` out")
    return past


def _maker(session: Session, dataset: DatasetDefinition) -> AssetDefinition:
    maker = session.graph.maker.get(dataset.key)
    asset = None if maker is None else session.graph.assets[maker]
    why = ""
    if asset is None or dataset.external is not None:
        why = "someone else makes it"
    elif asset.write == "view":
        why = "a view stores no rows"
    elif asset.outs:
        why = "a job elsewhere writes it"
    if asset is None or why:
        message = f"`{dataset.key}` cannot be made again here: {why}"
        hint = "reproduce what this project makes"
        raise NotReproducibleError(message, place=dataset.place, hint=hint)
    return asset


def _lent(past: _Past, history: History) -> tuple[Loans, tuple[str, ...]]:
    """What the asset reads, at the versions that the commit names, and what it held itself."""
    session, made, ids = past.session, past.made, [past.asset.id]
    outside = session.outside
    known = Loans() if outside is None else outside.loans_to_read(history)
    notes: list[str] = []
    found = dict(known.by_dataset)
    for read in past.asset.inputs:
        key, seen = read.dataset, made.inputs.get(read.dataset)
        if read.form == "before" or key == past.key:
            continue
        if seen is None:
            notes.append(f"`{key}` was not read then")
            continue
        try:
            found[key] = _at(past, key, seen, found.get(key))
        except (NoVersionError, NoPastError) as error:
            message = f"`{key}` is no longer kept as it was read: {error.message}"
            hint = "`flowforge maintain --older-than` says how long versions are kept"
            raise NotReproducibleError(message, place=past.asset.place, hint=hint) from error
    for key in dict.fromkeys(datasets_read(session.graph, through_views(session.graph, ids))):
        if key not in found and key not in past.made_by_asset:
            found[key] = _then(past, key)
    before = _before(past)
    if before is not None:
        found[past.key] = loan_of(session.graph, past.dataset, past.log, before)
    return Loans(found), tuple(notes)


def _at(past: _Past, key: DatasetKey, seen: TableVersion, loan: Loan | None) -> Loan:
    """An input as the commit read it; what views among it read as it was when it committed."""
    session = past.session
    dataset = session.graph.datasets[key]
    log = own_log(session.store, dataset) if loan is None else loan.files or loan.table
    now = None if log is None else log.version()
    if now is None or now.table_id != seen.table_id:
        message = f"`{key}` was made anew since, or is gone"
        raise NotReproducibleError(message, place=past.asset.place, hint="restore it from a copy")
    if loan is not None and now == seen:
        return loan
    as_of = AsOf(at=past.made.at, versions={key: seen.version})
    only = frozenset([past.asset.id])
    lent = Past(as_of, only, session.graph, session.store)
    return lent.of(dataset, loan)


def _then(past: _Past, key: DatasetKey) -> Loan:
    """What is looked at beside the inputs, as it was when the commit was made.

    It is what views read, and what rows are judged by.
    """
    dataset = past.session.graph.datasets[key]
    log = own_log(past.session.store, dataset)
    versions = [each for each in log.versions() if each.at <= past.made.at]
    if not versions:
        message = f"`{key}` is no longer kept as it was then"
        hint = "`flowforge maintain --older-than` says how long versions are kept"
        raise NotReproducibleError(message, place=past.asset.place, hint=hint)
    return loan_of(past.session.graph, dataset, log, versions[-1])


def _before(past: _Past) -> Version | None:
    """The version that the commit came after, where its rows count; None where none do.

    Raises:
        NotReproducibleError: it is no longer kept (FF-672).
    """
    reads_own = any(read.dataset == past.key for read in past.asset.inputs)
    is_first = past.version.version == 0 or past.made.restart
    if is_first or (past.is_whole and not reads_own):
        return None
    try:
        return version_wanted(past.log, past.version.version - 1, past.key)
    except NoVersionError as error:
        message = f"what `{past.key}` held before version {past.version.version} is no longer kept"
        hint = "`flowforge maintain --older-than` says how long versions are kept"
        raise NotReproducibleError(message, place=past.asset.place, hint=hint) from error


@contextmanager
def _scope(past: _Past, lent: Loans, history: History) -> Generator[RunScope]:
    """What a run of then had at hand, over tables in memory."""
    store = MemoryStore("reproduce")
    then = replace(past.session, store=lambda: store, clock=lambda: past.made.at, outside=None)
    own = History.of_tables([(past.key, made)] if (made := _seeded(past, store)) else ())
    known = lent.added_to(history)
    known = History({**known.pieces, **own.pieces}, {**known.rows, **own.rows})
    with looked_at(then, history) as scope:
        yield replace(
            scope,
            loans=lent,
            made=MadeSets(past.session.graph, known, past.made.at),
            fingerprints={past.asset.id: past.made.fingerprint},
            stop=StopSignal(),
        )


def _seeded(past: _Past, store: MemoryStore) -> Sequence[Made]:
    """Puts into memory what the dataset held, where the step adds to it or compares with it.

    Gives what the table in memory says of that.
    """
    before = _before(past)
    if before is None or past.dataset.kind == "artifact":
        return ()
    log = past.table
    table = store.table(log.spec)
    none = PartitionSet.none(log.spec.by_step)
    seed = replace(past.made, partitions=none, step_id="seed", touched=None, restart=False)
    rows = table.stage(log.scan(version=before.version))
    table.commit(rows, replace=Everything(), made=seed)
    for number, made in enumerate(log.made_by(before.version)):
        table.record(replace(made, step_id=f"seed {number}"))
    return table.made()


def _make(past: _Past, scope: RunScope) -> None:
    """Makes the partitions again, in the batches of a run."""
    asset, graph = past.asset, past.session.graph
    step = Step(
        id=asset.id,
        asset_id=asset.id,
        asset=asset.name,
        makes=tuple(output.dataset for output in asset.makes),
        partitions=past.wanted,
        reason="forced",
        detail="made again",
        takes_sets=asset.takes_sets,
        is_ordered=is_ordered(asset, graph),
        most=1 if commits_alone(asset, graph) else MOST_IN_A_COMMIT,
    )

    def once(make: Callable[[int], T]) -> T:
        return make(1)

    def failed(outcome: UnitOutcome) -> None:
        assert outcome.error is not None  # noqa: S101 - it failed
        raise outcome.error

    for batch in step.batches():
        make_batch(
            scope,
            step,
            step.units(batch),
            batch,
            attempt=once,
            on_commit=lambda _: None,
            on_failure=failed,
        )


def _compared(past: _Past, scope: RunScope) -> Difference:
    rows = rows_of(past.dataset, past.wanted, past.made.at)
    number = past.version.version
    if past.dataset.kind == "artifact":
        again = scope.artifacts(past.dataset).files()
        return file_difference(past.files.files(version=number), again, set(rows.keys()))
    part = rows if past.is_whole and rows.dimensions else None
    has_time = any(dimension.is_time for dimension in past.wanted.dimensions)
    return bag_difference(
        past.table.scan(part, version=number),
        scope.table(past.dataset).scan(part),
        past.dataset,
        without_stamps=not has_time,
    )


def _changed(then: Fingerprint, today: Fingerprint) -> list[str]:
    """The parts of a fingerprint that are others today."""
    if then.algorithm != today.algorithm:
        return ["the ways of hashing"]
    return [part for part in _PARTS if getattr(then, part) != getattr(today, part)]
