# What we use of s3fs, which comes without types.

from fsspec.asyn import AsyncFileSystem

class S3FileSystem(AsyncFileSystem):
    retries: int
