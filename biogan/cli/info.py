"""``biogan info``: show the contents of a model folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from biogan.cli import console
from biogan.cli.options import MODEL
from biogan.core.display import message

if TYPE_CHECKING:
    from biogan.models.card import JudgePart, ModelCard


@click.command()
@click.argument("run", type=MODEL)
@click.option("--json", "as_json", is_flag=True, help="Print the whole of config.json.")
def command(run: str, as_json: bool) -> ModelCard:
    """Print the model card of the folder RUN: data, letters, loss, steps, scores, versions."""
    from biogan.models.checkpoint import ModelFolder, trusted

    folder = ModelFolder(run)
    card = folder.read_config()
    with trusted(folder):
        text = json.dumps(card.to_dict(), indent=2) if as_json else "\n".join(_card(run, card))
    console.echo(text)
    return card


def _seldom(every: int) -> str:
    return f", taken every {every} critic steps" if every > 1 else ""


def _judge(judge: JudgePart | None) -> str:
    if judge is None:
        return "none, so that sample --refine is refused"
    return (
        f"a critic with AUROC {judge.auroc:.3f} ({judge.low:.3f}-{judge.high:.3f}) "
        "between validation records and this generator's, for sample --refine"
    )


def _card(run: str, card: ModelCard) -> list[str]:
    from biogan.models.card import descent
    from biogan.models.registry import modality_from

    config, data, done = card.config, card.data, card.training or None
    rows = {
        "model": f"{card.kind} in {run}, written by biogan {card.biogan}",
        "data": f"{data.records:,} records, {data.train:,} to train on, "
        f"{data.validation:,} for validation",
        "digest": data.digest,
        **modality_from(card).facts(config),
        "loss": f"{config['loss']}, critic steps {config['critic_steps']}, "
        f"penalties gp {config['gp']:g}, r1 {config['r1']:g}, r2 {config['r2']:g}"
        + _seldom(config.get("penalty_every") or 1),
        "optimiser": f"Adam, lr {config['lr']:g}, batch {config['batch_size']}, "
        f"average {config['ema']:g}",
        "seed": str(config["seed"]),
        "training": "not finished: no check was reached yet" if done is None else
        f"{done.steps:,} steps in {done.seconds:g} s on {done.device}, "
        + ("1 process" if done.processes == 1 else f"{done.processes:,} processes"),
    }  # fmt: skip
    if done is not None:
        rows["kept"] = f"step {done.kept_step:,}"
        if done.validation_distance is not None:
            others = ", ".join(f"{k} {v:.3g}" for k, v in done.references.items() if v is not None)
            rows["kept"] += (
                f", validation distance {done.validation_distance:.3g} ({others}; lower is better)"
            )
        if done.rollbacks:
            rows["rollbacks"] = str(done.rollbacks)
        if done.ended:
            rows["ended"] = done.ended
    if card.lineage:
        rows["from"] = descent(card.lineage)
    if config.get("judge_steps") is not None:
        rows["judge"] = _judge(card.judge or None)
    rows["versions"] = ", ".join(f"{k} {v}" for k, v in card.versions.items())
    return [f"{name:<10} {message(text)}" for name, text in rows.items()]
