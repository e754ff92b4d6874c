"""Generates the messages of `novaroute.v1` from the proto file when the package is built."""

import pathlib
import shutil

from grpc_tools import protoc
from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
PROTO_FILE = pathlib.Path("novaroute/v1/route_control.proto")


def proto_root() -> pathlib.Path:
    """The folder of the proto file: in a source archive beside this file, in the repository at its root."""
    for root in [HERE / "proto", HERE.parents[1] / "proto"]:
        if (root / PROTO_FILE).exists():
            return root
    raise SystemExit(f"{PROTO_FILE} is missing: build from the repository or from a source archive")


class Build(build_py):
    """Adds the generated modules."""

    def run(self) -> None:
        super().run()
        root, into = proto_root(), self.build_lib
        outputs = [f"--{kind}_out={into}" for kind in ["python", "pyi", "grpc_python"]]
        if protoc.main(["protoc", f"-I{root}", *outputs, str(root / PROTO_FILE)]) != 0:
            raise SystemExit("the proto file does not compile")


class SourceArchive(sdist):
    """Takes the proto file along."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        super().make_release_tree(base_dir, files)
        copy = pathlib.Path(base_dir) / "proto" / PROTO_FILE
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(proto_root() / PROTO_FILE, copy)


setup(cmdclass={"build_py": Build, "sdist": SourceArchive})
