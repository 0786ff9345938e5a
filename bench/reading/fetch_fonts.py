"""Fetch the fonts that readers learn printed digits and more forms of writing from.

    python -m bench.reading.fetch_fonts FOLDER

Most are npm packages `@fontsource/NAME` under the SIL Open Font License or the Apache License; `npm pack` fetches it,
and its regular and bold Latin .woff2 files and its LICENSE go into FOLDER/hands/NAME or FOLDER/printed/NAME. A few are
Debian packages under the SIL Open Font License, which `apt-get download` fetches. What is there already stays.
"""

import argparse
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

HANDS = """
gochi-hand patrick-hand annie-use-your-telescope the-girl-next-door caveat indie-flower bad-script rock-salt
cedarville-cursive architects-daughter mansalva kalam reenie-beanie homemade-apple marck-script nanum-pen-script
covered-by-your-grace shadows-into-light gloria-hallelujah sue-ellen-francisco yomogi zen-kurenaido gaegu schoolbell
handlee playwrite-us-trad playwrite-nl
"""
PRINTED = """
open-sans lato montserrat oswald merriweather playfair-display crimson-pro bitter libre-baskerville
noto-serif arimo tinos old-standard-tt courier-prime fira-mono pt-mono anonymous-pro inconsolata share-tech-mono
space-mono b612-mono tiny5 doto orbitron dseg7
"""
DEBIAN = {  # package: kind, and which of its files
    "fonts-ecolier-court": ("hands", "*"),
    "fonts-kristi": ("hands", "*"),
    "fonts-breip": ("hands", "Breip*"),
    "fonts-dkg-handwriting": ("hands", "dkg[.BI]*"),
    "fonts-dseg": ("printed", "DSEG*Classic-Regular*"),
}
FREE = ("OFL-1.1", "Apache-2.0", "MIT", "CC0-1.0")


def fetch(name, folder):
    """The font's files and licence into `folder`; its licence, or why it was left out."""
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(
            ["npm", "pack", "--silent", f"@fontsource/{name}"], cwd=work, capture_output=True, text=True
        )
        if done.returncode:
            return f"left out: {done.stderr.strip().splitlines()[-1:]}"
        with tarfile.open(next(Path(work).glob("*.tgz"))) as archive:
            archive.extractall(work, filter="data")
        package = Path(work) / "package"
        licence = json.loads((package / "package.json").read_text()).get("license", "unknown")
        if licence not in FREE:
            return f"left out: its licence is {licence}"
        folder.mkdir(parents=True, exist_ok=True)
        for weight in (400, 700):
            for file in package.glob(f"files/*-latin-{weight}-normal.woff2"):
                file.rename(folder / file.name)
        for file in package.glob("LICENSE*"):
            file.rename(folder / file.name)
        return licence


def fetch_debian(name, files, folder):
    """The package's font files and its copyright into `folder`; how many."""
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(["apt-get", "download", name], cwd=work, capture_output=True, text=True)
        if done.returncode:
            return "left out: apt-get has no such package"
        package = next(Path(work).glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, work], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        found = [file for file in Path(work).rglob(files) if file.suffix in (".ttf", ".otf")]
        for file in found:
            shutil.copy(file, folder / file.name)
        shutil.copy(next(Path(work).rglob("copyright")), folder / "LICENSE")
        return f"{len(found)} files"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for kind, names in (("hands", HANDS), ("printed", PRINTED)):
        for name in names.split():
            if not (folder / kind / name).exists():
                print(f"{name}: {fetch(name, folder / kind / name)}", flush=True)
    for name, (kind, files) in DEBIAN.items():
        if not (folder / kind / name).exists():
            print(f"{name}: {fetch_debian(name, files, folder / kind / name)}", flush=True)


if __name__ == "__main__":
    main()
