# Viper's pointer types take any buffer, which the published stubs do not say.
from typing import Any

ptr8 = Any
ptr16 = Any
ptr32 = Any

def uint(value: int) -> int: ...
