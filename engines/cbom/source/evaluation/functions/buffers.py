"""Buffers: arrays of bytes that programs fill, with JavaScript's typed arrays, views of them, and Node's ``Buffer``.

They begin as zeros. Methods that write into one make it what is written: a nonce with a counter in it isn't constant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.functions.settings import is_variable
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    CONSTANT,
    UNKNOWN,
    Array,
    Data,
    Known,
    Method,
    Ref,
    Thing,
    Value,
    Values,
    is_static,
    union,
)

_NUMBERS = ("Int8", "Int16BE", "Int16LE", "Int32BE", "Int32LE", "IntBE", "IntLE")
_NAMES = (*_NUMBERS, *(f"U{name}" for name in _NUMBERS), "BigInt64BE", "BigInt64LE", "BigUInt64BE", "BigUInt64LE", "")
_WRITING = ("set", *(f"write{name}" for name in _NAMES))
"""The methods of buffers whose first argument is written into them."""

_SIZE = re.compile(r"bytes|len|size", re.IGNORECASE)
"""What the name of a library's constant says that is a size."""


def _typed_array(_evaluator: Any, arguments: Arguments) -> Values:
    """JavaScript's ``new Uint8Array(size)``, which is zeros, or one with the bytes of an array or a buffer."""
    found: list[Values] = []
    for value in arguments.at(0):
        if type(value) is Known and isinstance(value.value, int):
            found.append((Data(CONSTANT, value.value),))
        elif _is_size(value):
            found.append((Data(CONSTANT),))
        else:
            found.append((value,) if type(value) in (Array, Data, Known) else UNKNOWN)
    return union(found) or UNKNOWN


def _is_size(value: Value) -> bool:
    """Whether a value is a library's constant such as the length of its nonces; others may be a key."""
    if type(value) is Method:
        return type(value.receiver) in (Ref, Thing) and _SIZE.search(value.name) is not None
    return type(value) is Ref and not is_variable(value) and _SIZE.search(value.path.rpartition(".")[2]) is not None


def _view(_evaluator: Any, arguments: Arguments) -> Values:
    """JavaScript's ``new DataView(buffer)``, also of an array's ``buffer``: it is made to write numbers into it."""
    of = tuple(value.receiver if type(value) is Method else value for value in arguments.at(0))
    return Arguments([of], {}).unfollowed()


def write_into(buffers: Values, values: Values) -> None:
    """A buffer gets a part that has these values: constant ones leave it as it is, others tell what it is now."""
    if values and all(is_static(value) for value in values):
        return
    sources = [value for value in values if type(value) is Data]
    for buffer in buffers:
        if type(buffer) is Data and buffer.origin == CONSTANT:
            buffer.origin, buffer.made = (sources[0].origin, sources[0].made) if sources else ("", None)


def _written(_evaluator: Any, arguments: Arguments) -> Values:
    """A method that writes its first argument into its buffer."""
    write_into(arguments.receiver, arguments.at(0))
    return arguments.receiver or UNKNOWN


BUFFER_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(("Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array", "ArrayBuffer"), _typed_array),
    "DataView": _view,
    **dict.fromkeys((f"bytes.{name}" for name in _WRITING), _written),
}
