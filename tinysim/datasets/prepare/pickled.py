"""Pickles read as data and not run: nothing that they name is imported or called.

Of the operations (the standard library's `pickletools` describes them) it knows those that a batch of
CIFAR-10 consists of: a dictionary of lists of names and numbers, and of a numpy array.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class _Global:
    """Something that a pickle names."""

    name: str


@dataclass(eq=False)
class Built:
    """What a pickle would have made by calling `function` with `arguments`, and given `state`."""

    function: str
    arguments: tuple[Any, ...]
    state: Any = None


_MARK = object()
_FUNCTIONS = ("numpy.core.multiarray _reconstruct", "numpy dtype")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = ("SHORT_BINSTRING", "BINSTRING", "BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "INT")


def pickled_value(pickled: bytes) -> object:
    """Return the value of a batch's pickle, `Built` for each object in it.

    Raises ValueError, in one line, for others.
    """
    try:
        return _evaluate(pickled)
    except ValueError:
        raise
    except (IndexError, KeyError, TypeError, AttributeError) as error:
        # An empty stack, a forgotten memo, a list as a key, an item for what is no list.
        raise ValueError("it is a damaged pickle") from error


def _evaluate(pickled: bytes) -> object:
    stack: list[Any] = []
    memo: dict[Any, Any] = {}

    def since_mark() -> list[Any]:
        for position in range(len(stack) - 1, -1, -1):
            if stack[position] is _MARK:
                items = stack[position + 1 :]
                del stack[position:]
                return items
        raise IndexError

    for operation, argument, _ in pickletools.genops(pickled):
        name = operation.name
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_TUPLE":
            stack.append(())
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            count = int(name[-1])
            if len(stack) < count:
                raise IndexError
            stack[-count:] = [tuple(stack[-count:])]
        elif name == "TUPLE":
            stack.append(tuple(since_mark()))
        elif name == "APPEND":
            item = stack.pop()
            stack[-1].append(item)
        elif name == "APPENDS":
            items = since_mark()
            stack[-1].extend(items)
        elif name == "SETITEM":
            value, key = stack.pop(), stack.pop()
            stack[-1].update([(_key(key), value)])
        elif name == "SETITEMS":
            items = since_mark()
            stack[-1].update(zip(map(_key, items[0::2]), items[1::2], strict=True))
        elif name == "GLOBAL":
            stack.append(_Global(str(argument)))
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            if not isinstance(function, _Global) or function.name not in _FUNCTIONS:
                raise ValueError("it calls what no batch needs")
            stack.append(Built(function.name, tuple(arguments)))
        elif name == "BUILD":
            state = stack.pop()
            if not isinstance(stack[-1], Built):
                raise ValueError("it gives a state to what has none")
            stack[-1].state = state
        elif name == "STOP":
            return stack.pop()
        elif name != "PROTO":
            raise ValueError(f"it is a pickle with {name}, which no batch has")
    raise IndexError


def _key(value: object) -> str:
    # A tuple within a tuple, and so on without end, could not be hashed.
    if not isinstance(value, str):
        raise ValueError("it has a key that is no name")
    return value
