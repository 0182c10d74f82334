"""The dozen functions of libbpf.so.1 that the engine needs, through ctypes.

Its own words (verifier logs, missing kernel features) are never printed; they are kept, for the sentence that explains a failure.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

LIBRARY: Final = "libbpf.so.1"

_WORDS_KEPT: Final = 12
_WORD_SIZE: Final = 4096
_WARNING: Final = 0

_Print = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_Pointer, _Text, _Int, _Size, _U32, _U64 = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint64

_SIGNATURES: Final[dict[str, tuple[type, tuple[type, ...]]]] = {
    "bpf_object__open_file": (_Pointer, (_Text, _Pointer)),
    "bpf_object__load": (_Int, (_Pointer,)),
    "bpf_object__close": (_Pointer, (_Pointer,)),
    "bpf_object__find_map_by_name": (_Pointer, (_Pointer, _Text)),
    "bpf_object__find_program_by_name": (_Pointer, (_Pointer, _Text)),
    "bpf_object__next_program": (_Pointer, (_Pointer, _Pointer)),
    "bpf_program__name": (_Text, (_Pointer,)),
    "bpf_program__set_autoload": (_Int, (_Pointer, ctypes.c_bool)),
    "bpf_program__fd": (_Int, (_Pointer,)),
    "bpf_program__attach": (_Pointer, (_Pointer,)),
    "bpf_link__destroy": (_Int, (_Pointer,)),
    "bpf_map__fd": (_Int, (_Pointer,)),
    "bpf_map__set_max_entries": (_Int, (_Pointer, _U32)),
    "bpf_map_update_elem": (_Int, (_Int, _Text, _Text, _U64)),
    "bpf_map_lookup_elem": (_Int, (_Int, _Text, _Text)),
    "bpf_prog_get_fd_by_id": (_Int, (_U32,)),
    "bpf_obj_get_info_by_fd": (_Int, (_Int, _Text, ctypes.POINTER(_U32))),
}


class LibbpfMissing(Exception):
    """The library is not on this machine, or it is an older one."""


class LibbpfError(OSError):
    """A step failed; `words` are libbpf's own about it."""

    def __init__(self, number: int, step: str, words: str) -> None:
        super().__init__(number, os.strerror(number))
        self.step = step
        self.words = words


class Libbpf:
    """The loaded library."""

    def __init__(self) -> None:
        """Raises `LibbpfMissing`."""
        try:
            library = ctypes.CDLL(LIBRARY, use_errno=True)  # loading takes 0.1 s, in which other threads can work
            self._functions = {name: _declared(library, name) for name in _SIGNATURES}
            set_print = library.libbpf_set_print
        except (OSError, AttributeError) as err:
            raise LibbpfMissing(str(err)) from err
        self._words: list[str] = []
        self._format = ctypes.CDLL(None).vsnprintf
        self._format.argtypes = (_Text, _Size, _Text, _Pointer)
        self._print = _Print(self._keep)  # libbpf holds on to it, so must we
        set_print.argtypes = (_Print,)
        set_print(self._print)

    def _keep(self, level: int, form: bytes, arguments: int) -> int:
        if level == _WARNING:
            text = ctypes.create_string_buffer(_WORD_SIZE)
            self._format(text, len(text), form, arguments)
            self._words.append(text.value.decode(errors="replace").strip().removeprefix("libbpf: "))
            del self._words[:-_WORDS_KEPT]
        return 0

    def number(self, step: str, name: str, *arguments: object) -> int:
        """Call a function that answers with -errno where it fails. Raises `LibbpfError`."""
        result: int = self._functions[name](*arguments)
        if result < 0:
            self._raise(-result, step)
        return result

    def pointer(self, step: str, name: str, *arguments: object) -> int:
        """Call a function that answers with NULL, and errno, where it fails. Raises `LibbpfError`."""
        result: int | None = self._functions[name](*arguments)
        if not result:
            self._raise(ctypes.get_errno(), step)
        return result or 0

    def _raise(self, number: int, step: str) -> None:
        words = " / ".join(self._words)
        self._words.clear()
        raise LibbpfError(number, step, words)

    def call(self, name: str, *arguments: object) -> int | bytes | None:
        """Call a function that cannot fail, or whose failure does not matter."""
        result: int | bytes | None = self._functions[name](*arguments)
        return result


def _declared(library: ctypes.CDLL, name: str) -> Callable[..., int]:
    function = getattr(library, name)
    function.restype, function.argtypes = _SIGNATURES[name]
    return function  # type: ignore[no-any-return]  # a ctypes function, typed by its signature above


class BpfObject:
    """One compiled object: opened, adjusted, loaded, attached, closed, in this order."""

    def __init__(self, library: Libbpf, path: Path) -> None:
        """Raises `LibbpfError`."""
        self._library = library
        self._links: list[int] = []
        self._object = library.pointer(f"opening {path.name}", "bpf_object__open_file", os.fsencode(path), None)

    def programs(self) -> tuple[str, ...]:
        """The programs' names, in the object's order."""
        names, program = [], self._library.call("bpf_object__next_program", self._object, None)
        while program:
            name = self._library.call("bpf_program__name", program)
            names.append(name.decode() if isinstance(name, bytes) else "")
            program = self._library.call("bpf_object__next_program", self._object, program)
        return tuple(names)

    def leave_out(self, program: str) -> None:
        """Do not load this program."""
        self._library.number(f"leaving out {program}", "bpf_program__set_autoload", self._program(program), False)

    def set_max_entries(self, name: str, count: int) -> None:
        """Before `load`: how many entries the map has, or for a ring how many bytes."""
        self._library.number(f"sizing the map {name}", "bpf_map__set_max_entries", self._map(name), count)

    def load(self) -> None:
        """Make the maps, have the verifier check the programs. Raises `LibbpfError`."""
        self._library.number("loading the programs", "bpf_object__load", self._object)

    def attach(self, program: str) -> None:
        """To the tracepoint that its section names. Raises `LibbpfError`: ENOENT where this kernel has no such tracepoint."""
        self._links.append(self._library.pointer(f"attaching {program}", "bpf_program__attach", self._program(program)))

    def _program(self, name: str) -> int:
        return self._library.pointer(f"finding {name}", "bpf_object__find_program_by_name", self._object, name.encode())

    def _map(self, name: str) -> int:
        return self._library.pointer(f"finding the map {name}", "bpf_object__find_map_by_name", self._object, name.encode())

    def program_fd(self, name: str) -> int:
        """The loaded program's descriptor, which stays the object's."""
        return self._library.number(f"finding {name}", "bpf_program__fd", self._program(name))

    def map_fd(self, name: str) -> int:
        """The map's descriptor, which stays the object's."""
        return self._library.number(f"finding the map {name}", "bpf_map__fd", self._map(name))

    def program_info(self, name: str, size: int) -> bytes:
        """The first `size` bytes of struct bpf_prog_info (include/uapi/linux/bpf.h), zeros where the kernel knows fewer."""
        info = ctypes.create_string_buffer(size)
        self._library.number(f"asking about {name}", "bpf_obj_get_info_by_fd", self.program_fd(name), info, ctypes.c_uint32(size))
        return info.raw

    def update(self, name: str, key: bytes, value: bytes) -> None:
        """Set one entry of a map. Raises `LibbpfError`."""
        self._library.number(f"writing to the map {name}", "bpf_map_update_elem", self.map_fd(name), key, value, 0)

    def lookup(self, name: str, key: bytes, size: int) -> bytes:
        """One entry of a map, `size` bytes long. Raises `LibbpfError`: ENOENT where there is none."""
        value = ctypes.create_string_buffer(size)
        self._library.number(f"reading the map {name}", "bpf_map_lookup_elem", self.map_fd(name), key, value)
        return value.raw

    def close(self) -> None:
        """Detach and free all of it; harmless when done twice."""
        while self._links:
            self._library.call("bpf_link__destroy", self._links.pop())
        if self._object:
            self._library.call("bpf_object__close", self._object)
            self._object = 0
