"""`tinysim check`: whether a results tree is conformant."""

from __future__ import annotations

from pathlib import Path

import click

from tinysim.conformance.findings import errors
from tinysim.conformance.tree import DEFAULT_VERSION, VERSIONS, check_tree


@click.command()
@click.argument("tree", type=click.Path(path_type=Path))
@click.option(
    "--version",
    type=click.Choice(VERSIONS),
    default=DEFAULT_VERSION,
    show_default=True,
    help="Rules to apply.",
)
def check(tree: Path, version: str) -> int:
    """Check the results tree at TREE: one line a finding; exit 0 conformant, 1 not, 2 cannot read."""
    findings = check_tree(tree, version)
    for finding in findings:
        click.echo(str(finding))
    breaches = len(errors(findings))
    counts = [f"{breaches} errors"]
    for severity in ("warning", "note"):
        count = sum(finding.severity == severity for finding in findings)
        if count or severity == "warning":
            counts.append(f"{count} {severity}s")
    verdict = f"not conformant with {version}" if breaches else f"conformant with {version}"
    click.echo(f"{tree}: {verdict} ({', '.join(counts)})")
    return 1 if breaches else 0
