"""Interfaces of native code, read from C headers: structures, constants and functions stand there only."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cffi

from tinysim.errors import UserError

_LAYOUT = """
struct layout_entry {
    const char *term;
    int64_t value;
};
extern const struct layout_entry native_layout[];
"""


@dataclass(frozen=True)
class Interface:
    """What a C header declares: `ffi` makes its structures and callbacks, `constants` are its enumerators."""

    header: Path
    ffi: cffi.FFI
    constants: Mapping[str, int]


def declarations(header: Path) -> str:
    """Return what a header declares, for `cffi.FFI.cdef`: structures, enumerations and prototypes only.

    Lines that begin with # are left out. They are include guards and directives, never macros or conditions.
    """
    return "\n".join(line for line in header.read_text().splitlines() if not line.startswith("#"))


def read_interface(header: Path, *included: Interface) -> Interface:
    """Read a header; `included` are the interfaces of the headers that it includes."""
    ffi = cffi.FFI()
    for other in included:
        ffi.include(other.ffi)
    ffi.cdef(declarations(header))
    # The program itself has no such functions, but that is not looked at before they are asked for.
    program = ffi.dlopen(None)
    values = {name: getattr(program, name, None) for name in dir(program)}
    return Interface(header, ffi, {name: value for name, value in values.items() if isinstance(value, int)})


def _layout(interface: Interface) -> dict[str, int]:
    """Return every size, offset and constant, by the C expression for it."""
    layout = dict(interface.constants)
    for name in interface.ffi.list_types()[1]:
        structure = interface.ffi.typeof(f"struct {name}")
        for member, field in structure.fields or ():
            layout[f"offsetof(struct {name}, {member})"] = field.offset
            layout[f"sizeof(((struct {name} *)0)->{member})"] = interface.ffi.sizeof(field.type)
        if structure.fields is not None:
            layout[f"sizeof(struct {name})"] = interface.ffi.sizeof(structure)
    return layout


def layout_source(interface: Interface) -> str:
    """Return C that tells how a compiler lays out what the header declares, for `open_library` to compare."""
    entries = "".join(f'    {{"{term}", {term}}},\n' for term in _layout(interface))
    return (
        f'#include <stddef.h>\n#include "{interface.header.name}"\n#pragma GCC visibility push(default)\n'
        f"{_LAYOUT}const struct layout_entry native_layout[] = {{\n{entries}    {{NULL, 0}},\n}};\n"
    )


def open_library(library: Path, interface: Interface) -> Any:
    """Return the functions and constants of a library that has been compiled with `layout_source`.

    Raises UserError where a function is missing, or the compiler has seen another header than `interface` is.
    """
    native = interface.ffi.dlopen(str(library))
    table = cffi.FFI()
    table.cdef(_LAYOUT)
    try:
        for name in dir(native):
            getattr(native, name)
        entries = table.dlopen(str(library)).native_layout
    except AttributeError as error:
        raise _mismatch(library, interface, str(error)) from error
    found = {}
    for number in itertools.count():
        if not entries[number].term:
            break
        found[table.string(entries[number].term).decode()] = entries[number].value
    layout = _layout(interface)
    for term in layout | found:
        there, here = found.get(term, "nothing"), layout.get(term, "nothing")
        if there != here:
            raise _mismatch(library, interface, f"{term} is {there} there and {here} here")
    return native


def _mismatch(library: Path, interface: Interface, difference: str) -> UserError:
    return UserError(f"{library} is not what {interface.header.name} describes, remove it: {difference}")
