"""Names for the kernel's addresses, as the observer tells them."""

from __future__ import annotations


class Symbols:
    """The kernel's functions by the return addresses that lie in them."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}

    def feed(self, text: bytes) -> None:
        """Takes lines of `address name`, the address in hexadecimal; what is none is passed over."""
        for line in text.splitlines():
            address, _, name = line.partition(b" ")
            plain = name.split(b".", 1)[0].decode(errors="replace")
            try:
                number = int(address, 16)
            except ValueError:
                continue
            if plain:
                self._names[number] = plain

    def function(self, address: int) -> str:
        """The function that a return address lies in, without compiler suffixes (`.isra.0`, `.cold`); `0x…` where it is not known."""
        return self._names.get(address) or f"{address:#x}"
