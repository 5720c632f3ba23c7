class Error(Exception):
    errno: int | None
    sqlstate: str | None
    msg: str | None
    raw_msg: str | None
