"""Finding compilers, and what they make of C."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.toolchain.installed import INSTALLED_TOOLCHAINS
from tinysim import toolchain
from tinysim.chip import Core
from tinysim.errors import UserError
from tinysim.toolchain import (
    CompilerError,
    Toolchain,
    compile_sources,
    find_toolchain,
    host_compiler,
    link,
    run_compiler,
    toolchain_names,
)

CORES = {
    "cortex-m0+": (None, {"__aeabi_fmul", "__aeabi_dmul"}),
    "cortex-m4": ("fpv4-sp-d16", {"__aeabi_dmul"}),
    "cortex-m33": ("fpv5-sp-d16", {"__aeabi_dmul"}),
    "cortex-m7": ("fpv5-d16", set()),
}


def core(name: str, fpu: str | None) -> Core:
    return Core.model_validate({"name": name, "fpu": fpu, "nvic_priority_bits": 4, "external_interrupts": 1})


@pytest.fixture(params=INSTALLED_TOOLCHAINS)
def cross(request: pytest.FixtureRequest) -> Toolchain:
    return find_toolchain(request.param)


def write_source(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", CORES)
def test_code_suits_the_core(cross: Toolchain, name: str, tmp_path: Path) -> None:
    fpu, missing = CORES[name]
    source = write_source(
        tmp_path,
        "product.c",
        "#include <stdint.h>\n"
        "float single(float a, float b) { return a * b; }\n"
        "double twice(double a, double b) { return a * b; }\n"
        "uint32_t sum(const uint32_t *a) { return a[0] + a[1]; }\n",
    )
    compiled = tmp_path / "product.o"
    flags = [*cross.core_flags(core(name, fpu)), "-O2", "-ffreestanding"]
    compile_sources(cross, {source: compiled}, {source: flags})
    with compiled.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(symbols, SymbolTableSection)
        undefined = {symbol.name for symbol in symbols.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF"}
    # What the FPU cannot do is left to a library.
    assert undefined - {""} == missing


def test_every_core_of_a_board_has_flags() -> None:
    assert set(CORES) == set(Core.model_fields["name"].annotation.__args__)  # type: ignore[union-attr]


def test_the_version_is_exact(cross: Toolchain) -> None:
    assert any(character.isdigit() for character in cross.version)
    assert "/" not in cross.version


def test_the_default_is_pinned() -> None:
    assert toolchain_names()[0] == toolchain.DEFAULT_TOOLCHAIN
    assert find_toolchain().version.endswith("(ziglang 0.17.1)")


def test_a_source_that_does_not_compile_is_named(cross: Toolchain, tmp_path: Path) -> None:
    good = write_source(tmp_path, "good.c", "int good;\n")
    bad = write_source(tmp_path, "bad.c", "int bad = ;\n")
    objects = {source: source.with_suffix(".o") for source in (good, bad)}
    with pytest.raises(CompilerError, match=r"bad\.c does not compile"):
        compile_sources(
            cross, objects, {source: cross.core_flags(core("cortex-m4", None)) for source in objects}
        )


def test_an_undefined_symbol_is_named(cross: Toolchain, tmp_path: Path) -> None:
    source = write_source(tmp_path, "call.c", "void absent(void);\nvoid start(void) { absent(); }\n")
    compiled = source.with_suffix(".o")
    flags = cross.core_flags(core("cortex-m4", None))
    compile_sources(cross, {source: compiled}, {source: flags})
    with pytest.raises(CompilerError, match="absent"):
        link(cross, [compiled], tmp_path / "call.elf", ["--entry=start"], flags)


@pytest.mark.parametrize(
    ("name", "hint"), [("gc", "did you mean gcc?"), ("iar", "known toolchains: zig, gcc, comma-gcc")]
)
def test_an_unknown_toolchain_is_one_line(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=r"unknown toolchain") as raised:
        find_toolchain(name)
    assert hint in str(raised.value)


@pytest.mark.parametrize("name", toolchain_names())
def test_a_missing_toolchain_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(toolchain, "_package_folder", lambda _: None)
    with pytest.raises(UserError, match=r"install") as raised:
        find_toolchain(name)
    assert "\n" not in str(raised.value)


def test_a_toolchain_that_does_not_run_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = write_source(tmp_path, "arm-none-eabi-gcc", "not a program")
    broken.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _: str(broken))
    with pytest.raises(UserError, match="does not run"):
        find_toolchain("gcc")


@pytest.fixture
def fresh_host_compiler() -> object:
    host_compiler.cache_clear()
    yield
    host_compiler.cache_clear()


@pytest.mark.parametrize("system_has_one", [True, False])
def test_the_host_compiler_makes_programs_with_its_sanitizers(
    system_has_one: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_host_compiler: object
) -> None:
    if not system_has_one:
        monkeypatch.setattr(shutil, "which", lambda _: None)
    elif not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("no system compiler")
    compiler = host_compiler()
    source = write_source(
        tmp_path,
        "index.c",
        "int main(int count, char **words) { int zeros[2] = {0}; (void)words; return zeros[5 * (count - 1)]; "
        "}\n",
    )
    program = tmp_path / "index"
    flags = [f"-fsanitize={','.join(compiler.sanitizers)}", "-fno-sanitize-recover=all"]
    run_compiler([*compiler.command, *flags, source, "-o", program])
    assert subprocess.run([program], capture_output=True).returncode == 0
    out_of_bounds = subprocess.run([program, "word"], capture_output=True)
    assert out_of_bounds.returncode != 0
    assert b"out of bounds" in out_of_bounds.stderr


def test_no_host_compiler_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, fresh_host_compiler: object
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(toolchain, "_package_folder", lambda _: None)
    with pytest.raises(UserError, match="pip install ziglang"):
        host_compiler()
