"""Fetch the fonts that readers learn printed digits and more forms of writing from.

    python -m bench.reading.fetch_fonts FOLDER

Each is an npm package `@fontsource/NAME` under the SIL Open Font License or the Apache License; `npm pack` fetches it,
and its regular and bold Latin .woff2 files and its LICENSE go into FOLDER/hands/NAME or FOLDER/printed/NAME. What is
there already stays.
"""

import argparse
import json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for kind, names in (("hands", HANDS), ("printed", PRINTED)):
        for name in names.split():
            if not (folder / kind / name).exists():
                print(f"{name}: {fetch(name, folder / kind / name)}", flush=True)


if __name__ == "__main__":
    main()
