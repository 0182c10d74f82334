"""Makes the system calls that stand on stdin and reports their arguments: what tests let strace watch.

stdin: JSON `[[nr, [argument, ...]], ...]`, an argument being a number, {"bytes": hex} or {"strings": [hex, ...]} (an argv).
stdout: JSON, each call's six arguments as the kernel got them. The calls stand between two getsid(MARKER).
"""

import ctypes
import json
import sys

MARKER = 123456


def _buffer(text: str) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(bytes.fromhex(text) + bytes(1))


def _memory(argument: int | dict[str, str | list[str]], kept: list[object]) -> int:
    match argument:
        case {"bytes": str(text)}:
            kept.append(_buffer(text))
            return ctypes.addressof(kept[-1])  # type: ignore[arg-type]  # a buffer, as appended the line before
        case {"strings": list(texts)}:
            strings = [_buffer(text) for text in texts]
            array = (ctypes.c_void_p * (len(texts) + 1))(*map(ctypes.addressof, strings), None)
            kept += [*strings, array]
            return ctypes.addressof(array)
        case int(number):
            return number
    raise TypeError(f"not an argument: {argument!r}")


def main() -> None:
    """Make the calls."""
    syscall = ctypes.CDLL(None).syscall
    syscall.argtypes, syscall.restype = [ctypes.c_long, *6 * [ctypes.c_ulong]], ctypes.c_long
    kept: list[object] = []
    calls = [(nr, [_memory(argument, kept) for argument in arguments]) for nr, arguments in json.load(sys.stdin)]
    getsid = ctypes.CDLL(None).getsid
    getsid(MARKER)
    made = []
    for nr, arguments in calls:
        six = [*arguments, *[0] * (6 - len(arguments))]
        syscall(nr, *six)
        made.append([value % 2**64 for value in six])
    getsid(MARKER)
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
