"""`tinysim doctor`: what is installed here, what is missing, and what to do."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from tinysim.doctor import EMBEDDED, Inventory, take_inventory


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def doctor(as_json: bool) -> int:
    """Say what is installed here, what is missing, and which engine `auto` takes.

    Exits with 0 where the embedded engine can be used, else with 1.
    """
    inventory = take_inventory()
    usable = inventory.has("engines", EMBEDDED)
    if as_json:
        click.echo(json.dumps({**asdict(inventory), "embedded_is_usable": usable}, indent=4))
    else:
        _show(inventory)
    return 0 if usable else 1


def _show(inventory: Inventory) -> None:
    for section, items in inventory.sections.items():
        click.echo(section)
        width = max(len(item.name) for item in items)
        for item in items:
            click.echo(f"  {'ok' if item.found else '--'}  {item.name:<{width}}  {item.text}")
    click.echo(f"auto is {inventory.auto or 'nothing'}: {inventory.auto_reason}")
