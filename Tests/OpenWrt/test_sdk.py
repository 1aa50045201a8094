"""The package folder for OpenWrt's SDK, with stand-ins for the SDK's own makefiles: what comes out is what the .ipk
has. Making an .apk takes apk-tools, which neither Debian nor PyPI has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from packages import ARCHITECTURES, MADE, VERSION, Archive, Ipk, fields

STAND_INS = Path(__file__).parent / "sdk"


@pytest.fixture(scope="module")
def sdk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tests") / "sdk"
    shutil.copytree(STAND_INS, folder)
    Archive((MADE / f"swiftlet-{VERSION}-r1-openwrt-sdk.tar.gz").read_bytes()).unpack(folder / "package")
    return folder


def make(sdk: Path, architecture: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["make", "-s", "-C", sdk / "package/swiftlet", f"TOPDIR={sdk}", f"ARCH_PACKAGES={architecture}", "compile"],
        capture_output=True, text=True, timeout=60, umask=0o022,
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda each: each.name)
def test_the_sdk_makes_the_same_tree_and_the_same_fields_as_the_ipk_has(sdk, architecture):
    made = make(sdk, architecture.name)
    assert (made.returncode, made.stderr) == (0, "")
    tree = sdk / f"build_dir/ipkg-{architecture.name}/swiftlet"
    ipk = Ipk(architecture)

    paths = [tree, *tree.rglob("*")]
    assert not any(path.is_symlink() for path in paths)
    assert {
        str(path.relative_to(tree)): f"{'folder' if path.is_dir() else 'file'} {path.stat().st_mode & 0o7777:04o}"
        for path in paths
    } == ipk.data.kinds
    assert {str(path.relative_to(tree)): path.read_bytes() for path in paths if path.is_file()} == ipk.data.files

    control = tree.with_name("swiftlet.control")
    assert (control / "conffiles").read_bytes() == ipk.control.files["conffiles"]
    for script in ("postinst-pkg", "prerm-pkg"):
        assert (control / script).read_bytes() == ipk.control.files[script]
    in_sdk, in_ipk = fields((control / "control").read_text()), fields(ipk.control.files["control"].decode())
    # The SDK has every package depend on the C library's; the packing adds the other two.
    assert in_sdk.pop("Depends") == "libc"
    assert list(in_sdk.items()) == [
        (name, value) for name, value in in_ipk.items() if name not in ("SourceDateEpoch", "Installed-Size")
    ]


def test_an_architecture_that_no_program_runs_on_is_refused(sdk):
    made = make(sdk, "arm_fa526")
    assert made.returncode == 2
    assert "swiftlet: not for arm_fa526\n" in made.stderr
