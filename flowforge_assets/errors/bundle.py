"""FF-89x: what `flowforge compile` writes, and what is run from it.

ProjectError
├── BuildFolderError      FF-890  a folder that holds what is not ours, or cannot be written
├── BundleMissingError    FF-891  a flow without its bundle
├── BundleChangedError    FF-892  a bundle that is not what its version says
├── BundleOutsideError    FF-893  a project that needs files from outside of its folder
├── PrefectYamlError      FF-894  a `prefect.yaml` that Prefect would read otherwise
├── PlanFileError         FF-895  a file that holds no plan
├── PlanMovedError        FF-896  a plan that is not what would be made now
├── BundleImportError     FF-897  a bundle whose modules this machine cannot import
├── NoHomeError           FF-898  a bundle that does not know where its tables are
└── BundlePatternError    FF-899  a pattern under `include` that names no file
"""

from __future__ import annotations

from flowforge_assets.errors.project import ProjectError


class BuildFolderError(ProjectError):
    """The folder to compile into holds files that no `compile` wrote, or cannot be written.

    Name a folder that is empty or not there, or one that `compile` has made.
    """

    code = "FF-890"


class BundleMissingError(ProjectError):
    """A flow runs without the bundle that was compiled with it.

    `flow.py` and `bundle/` belong together: copy the whole folder, or compile and deploy again.
    A version that was removed from a worker's disk cannot run there any more.
    """

    code = "FF-891"


class BundleChangedError(ProjectError):
    """The files of a bundle are not those of its version.

    They were changed after they were compiled, or copied in part. Change the project, compile and
    deploy again.
    """

    code = "FF-892"


class BundleOutsideError(ProjectError):
    """A project needs files that lie outside of its folder, which a bundle cannot carry.

    Install the other project as a package and name it with `package` instead of `path`.
    """

    code = "FF-893"


class PrefectYamlError(ProjectError):
    """A `prefect.yaml` has a key that Prefect would pass over in silence, or a wrong value.

    Mend its spelling at the line named, or write the file anew with `flowforge compile`.
    """

    code = "FF-894"


class PlanFileError(ProjectError):
    """A file that is to be run as a plan cannot be read, or holds none.

    `flowforge plan --out plan.json` and `flowforge compile` write plans.
    """

    code = "FF-895"


class PlanMovedError(ProjectError):
    """A plan that was written down is not what would be made now; nothing was made.

    Code, sources or tables have changed since, or some of it is made. Look at what `flowforge plan`
    says now, write it down, and run that.
    """

    code = "FF-896"
    exit_code = 1


class BundleImportError(ProjectError):
    """The modules of a bundle cannot be imported on the machine that runs it.

    Most often a package is missing: `bundle/lock.txt` has the versions that were installed where
    it was compiled. What lies beside the project's modules is listed under `include` in `[bundle]`.
    """

    code = "FF-897"


class NoHomeError(ProjectError):
    """A bundle runs in an environment that keeps tables on this machine, and nobody says where.

    A bundle is a copy of the project: tables inside of it would be lost with the next version. Set
    `FLOWFORGE_HOME` to the folder from which relative places and `.flowforge` are taken, most often
    the project's, or name the environment's store by a URL.
    """

    code = "FF-898"


class BundlePatternError(ProjectError):
    """A pattern under `include` in `[bundle]` names no file of the project.

    Write it from the project's folder: `include = ["data/*.csv"]`. Hidden files are never taken.
    """

    code = "FF-899"
