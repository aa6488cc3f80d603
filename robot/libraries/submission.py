"""Robot keywords for a results tree: the checks of tinysim.conformance."""

from __future__ import annotations

from pathlib import Path

from robot.api import SkipExecution
from robot.api.deco import keyword, library

from tinysim.conformance.findings import errors
from tinysim.conformance.tree import check_tree


@library(scope="SUITE")
class submission:  # noqa: N801  (Robot finds a library by its module's name)
    """A results tree."""

    @keyword
    def tree_should_be_there(self, tree: str) -> None:
        """Skip where nothing has been written yet."""
        if not Path(tree).is_dir():
            raise SkipExecution("no results tree: run `make sim BENCH=kws`, or give `--variable TREE:DIR`")

    @keyword
    def tree_should_be_conformant(self, tree: str) -> None:
        """Fail with every finding that makes the tree non-conformant."""
        findings = errors(check_tree(Path(tree)))
        if findings:
            raise AssertionError("\n".join(map(str, findings)))
