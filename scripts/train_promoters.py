"""Train the model of the embedded promoters that ships with biogan, evaluate and publish it.

    python scripts/train_promoters.py

The default settings, but for the critic of ``sample --refine``, which would double what critics
take
of the package. It writes ``biogan/models/shipped/promoters`` and the catalogue of
``biogan models``.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from biogan.cli import main as biogan
from biogan.core.files import read_json, write_json
from biogan.models.address import SHIPPED
from biogan.models.gan import SequenceGAN
from biogan.models.published import FACTS
from biogan.sequences.demo import load_demo
from biogan.sequences.io.write import write_fasta
from biogan.training.callbacks import Progress

FOLDER = SHIPPED / "promoters"
CATALOGUE = SHIPPED.parent / "catalogue.json"
STEPS, SEED = 4000, 1


def main() -> None:
    train, held_out = load_demo()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)  # so that no name of a folder stands in the report
        gan = SequenceGAN(steps=STEPS, seed=SEED, judge_steps=0, threads=1)
        gan.fit(train, out="run", callbacks=[Progress(print, lambda line: None)])
        publish(train, held_out)


def publish(train: object, held_out: object) -> None:
    """Evaluate the model in ``run``, publish it, and write the catalogue."""
    write_fasta(train, "promoters.train.fa")
    write_fasta(held_out, "promoters.held_out.fa")
    real = ["--reference", "promoters.train.fa", "--train", "promoters.train.fa"]
    biogan(["evaluate", "run", *real, "--held-out", "promoters.held_out.fa", "-n", "1000",
            "--seed", str(SEED), "-o", "run/evaluation", "--overwrite"])  # fmt: skip
    biogan(["push", "run", f"file:{FOLDER}", "--licence", "mit", "--overwrite"])
    report = read_json(Path("run/evaluation/metrics.json"))
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    entry = {
        "address": f"builtin:{FOLDER.name}",
        "writes": "sigma-70 promoters of 60 nt, DNA",
        "data": f"{len(train):,} simulated promoters, embedded in biogan (data/README.md)",
        "bytes": sum(path.stat().st_size for path in files),
        "sha256": hashlib.sha256((FOLDER / FACTS).read_bytes()).hexdigest(),
        "licence": "mit",
        "n": report["n"],
        "ceiling": {row["name"]: row["columns"]["held-out"]["value"] for row in report["metrics"]
                    if row["name"] in ("auroc", "near-copies", "kmer-jsd")},
        "verdict": report["verdict"],
    }  # fmt: skip
    write_json([entry], CATALOGUE)
    print(json.dumps(entry, indent=2))


if __name__ == "__main__":
    main()
