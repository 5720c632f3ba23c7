# What we use of gcsfs, which comes without types.

from fsspec.asyn import AsyncFileSystem

class GCSFileSystem(AsyncFileSystem): ...
