"""The model card for people: ``README.md`` of a published model, as hubs show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from biogan.core.display import message
from biogan.models.card import ModelCard, descent
from biogan.models.registry import modality_from


def model_page(card: ModelCard, report: Mapping[str, Any], licence: str) -> str:
    """Write the model card as Markdown, with the front matter that hubs read.

    Parameters
    ----------
    card : ModelCard
        What ``config.json`` holds.
    report : mapping
        What ``metrics.json`` of its evaluation holds.
    licence : str
        Identifier of the licence.
    """
    data, done = card.data, card.training
    modality = modality_from(card)
    facts, sink = modality.facts(card.config), "> new.fasta" if modality.text else "-o new.npz"
    source = (data.input or {}).get("source") or data.source or "not named"
    kept = [f"step {done.kept_step:,} of {done.steps:,}"] if done else []
    if done and done.validation_distance is not None:
        others = ", ".join(f"{k} {v:.3g}" for k, v in done.references.items() if v is not None)
        kept.append(f"validation distance {done.validation_distance:.3g} ({others})")
    rows = {
        "Data": f"{source}: {data.records:,} records, {data.train:,} to train on, "
        f"{data.validation:,} for validation",
        "Digest of the data (SHA-256)": f"`{data.digest}`",
        **{name.capitalize(): value for name, value in facts.items()},
        "Training": f"loss {card.config['loss']}, seed {card.config['seed']}, " + ", ".join(kept),
        **({"Fine-tuned from": descent(card.lineage)} if card.lineage else {}),
        "Written by": f"biogan {card.biogan}",
        "Licence": licence,
    }
    sets = report["sets"]
    judged = ", ".join(
        f"{name} {sets[name]['records']:,}"
        for name in ("generated", "reference", "train", "held-out")
        if "records" in sets.get(name, {})
    )
    lines = [
        "---",
        f"license: {licence}",
        "library_name: biogan",
        f"tags: [biology, gan, {card.kind}]",
        "---",
        "",
        f"# A {card.kind} of biogan",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {_cell(value)} |" for name, value in rows.items()),
        "",
        "## Evaluation",
        "",
        f"By `biogan evaluate` at n = {report['n']:,} (records: {judged}). Each value stands "
        "beside held-out real data and trivial samplers; all are in `evaluation/metrics.json`.",
        "",
        *(f"* {_cell(line)}" for line in report["verdict"]),
        *(f"* Warning: {_cell(line)}" for line in report.get("warnings", ())),
        "",
        "## Use",
        "",
        "```console",
        "$ biogan pull ADDRESS -o run",
        f"$ biogan sample run -n 1000 {sink}",
        "```",
        "",
        "`ADDRESS` is where this page was found, such as `hf:owner/name@revision`. Every command "
        "that takes a model folder takes the address, too.",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _cell(text: object) -> str:
    """Return a text as one cell of Markdown."""
    return message(str(text)).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
