"""`gatescope host`: what this machine and this user can do."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from core.host import Ability, Host


def print_host(host: Host) -> None:
    """A table on stdout: a mark and a word for each ability, what was found, and how to get what is missing."""
    console = Console(highlight=False)
    console.print(f"Linux {host.kernel} · {host.machine} · {host.user}")
    table = Table(box=None, pad_edge=False, show_header=False)
    for ability in host.abilities:
        table.add_row(*_cells(ability))
    console.print(table)


def _cells(ability: Ability) -> tuple[str, str, str]:
    mark = "[green]✓ yes[/]" if ability.works else "[red]✕ no[/]"
    remedy = f"\n→ {ability.remedy}" if not ability.works and ability.remedy else ""
    return mark, ability.name, ability.detail + remedy
