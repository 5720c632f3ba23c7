# What we use of aiobotocore, which comes without types.

class AioSession:
    def set_config_variable(self, logical_name: str, value: object) -> None: ...
