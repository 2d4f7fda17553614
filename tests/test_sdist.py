"""What is handed to others has everything: the source what a clone has, the wheel what it runs."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_sdist, build_wheel

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no clone")
def test_the_source_distribution_is_the_whole_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From it everything can be built, tested and run."""
    monkeypatch.chdir(ROOT)
    git = shutil.which("git")
    assert git is not None
    tracked = subprocess.run([git, "ls-files", "-z"], check=True, capture_output=True, text=True)
    with tarfile.open(tmp_path / build_sdist(str(tmp_path))) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert set(tracked.stdout.split("\0")) - {""} - names == set()


def test_the_wheel_has_every_file_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the demo hands in is among them."""
    monkeypatch.chdir(ROOT)
    package = ROOT / "src" / "certdesk"
    files = {str(path.relative_to(ROOT / "src")) for path in package.rglob("*") if path.is_file()}
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as packed:
        missing = files - set(packed.namelist())
    assert {name for name in missing if "__pycache__" not in name} == set()


def test_the_package_imports_only_what_is_installed_with_it() -> None:
    """So the demo and the little Internet run from the wheel alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project.get("optional-dependencies", {}).values()]
    declared = {re.split(r"[^\w.-]", str(each))[0].lower() for each in wanted}
    owners = importlib.metadata.packages_distributions()
    for module in (ROOT / "src" / "certdesk").rglob("*.py"):
        for name in imported(ast.parse(module.read_text("utf-8"))):
            if name != "certdesk" and name not in sys.stdlib_module_names:
                packages = {owner.lower() for owner in owners[name]}
                assert packages & declared, f"{module} imports {name}"


def imported(tree: ast.AST) -> set[str]:
    """Name the packages that a module imports, but for its types alone."""
    typing = {
        below
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for below in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node not in typing:
            names.add(node.module.partition(".")[0])
    return names
