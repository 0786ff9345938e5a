"""Coverage-guided fuzzing of every reader of files; needs `pip install atheris`.

    python -m bench.reliability.fuzz --minutes 60

The time is divided among the targets of tests/fuzz/targets.py. The inputs that they found stay in --corpus, where the
next run starts; a file that makes a target misbehave is kept beside it. The table at the end gives for each target the
number of files, of branches of the readers that they reached, and of faults.
"""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

PARTS = ["byhand", "zipfile", "gzip", "tomllib", "json", "csv", "PIL", "numpy.lib._format_impl", "safetensors"]


def fuzz(name, corpus, seconds):
    """One target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=PARTS):
        from tests.fuzz import targets
        from tests.fuzz.good_files import Scratch

    for i, content in enumerate(targets.seeds(name)):
        (corpus / f"seed-{i}").write_bytes(content)
    scratch = Scratch()
    options = [f"-max_total_time={seconds}", "-timeout=600", "-rss_limit_mb=4096", "-max_len=8192", "-verbosity=1"]
    options += ["-print_final_stats=1", f"-artifact_prefix={corpus.parent / name}-fault-"]

    def one(data):
        targets.run(name, data, scratch)

    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


def supervise(names, corpus, minutes):
    """All targets, one after another, each in a process of its own that starts again after a fault."""
    from tests.fuzz.targets import TARGETS  # not at the top: the fuzzer instruments this import

    names = names or list(TARGETS)
    print(f"{'target':<14}{'seconds':>9}{'files':>12}{'a second':>10}{'branches':>10}{'faults':>8}")
    totals = [0.0, 0, 0]
    for name in names:
        folder, share = corpus / name, max(1, round(60 * minutes / len(names)))
        folder.mkdir(parents=True, exist_ok=True)
        start, files, branches, faults = time.monotonic(), 0, 0, 0
        while (left := share - (time.monotonic() - start)) > 2 and faults < 10:
            command = [
                sys.executable,
                "-m",
                "bench.reliability.fuzz",
                "--target",
                name,
                "--seconds",
                str(int(left)),
                "--corpus",
                str(corpus),
            ]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            files += sum(map(int, re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr)))
            branches = max([branches, *map(int, re.findall(r"cov: (\d+)", done.stderr))])
            if done.returncode:
                faults += 1
                with open(corpus / f"{name}.log", "a") as log:
                    log.write(done.stdout[-4000:] + done.stderr[-4000:])
        seconds = time.monotonic() - start
        totals = [totals[0] + seconds, totals[1] + files, totals[2] + faults]
        print(f"{name:<14}{seconds:>9.0f}{files:>12,}{files / seconds:>10.0f}{branches:>10,}{faults:>8}", flush=True)
    print(f"{'together':<14}{totals[0]:>9.0f}{totals[1]:>12,}{'':>20}{totals[2]:>8}")
    return totals[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="in all")
    parser.add_argument("--targets", nargs="*", help="all by default")
    parser.add_argument("--corpus", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--target", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.target:
        sys.exit(supervise(arguments.targets, arguments.corpus.resolve(), arguments.minutes) > 0)
    fuzz(arguments.target, arguments.corpus / arguments.target, arguments.seconds)


if __name__ == "__main__":
    main()
