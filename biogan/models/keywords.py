"""Options as keyword parameters, for editors and type checkers; written by a script.

Do not edit: change the configuration and run ``python scripts/write_keywords.py``.
"""

from __future__ import annotations

from typing import Literal, TypedDict


class SequenceGANOptions(TypedDict, total=False):
    """Options of :class:`~biogan.sequences.config.SequenceGANConfig`."""

    loss: Literal["wgan-gp", "standard", "minimax", "hinge", "relativistic"] | None
    """Adversarial loss (relativistic for unaligned sequences of one length, else wgan-gp). Default:
    None."""

    gp: float | None
    """Weight of the gradient penalty of WGAN-GP, one-centred (chosen by the loss). Default:
    None."""

    r1: float | None
    """Weight of the gradient penalty on real data, zero-centred (chosen by the loss). Default:
    None."""

    r2: float | None
    """Weight of the gradient penalty on generated data, zero-centred (chosen by the loss). Default:
    None."""

    critic_steps: int | None
    """Critic updates for each generator update (chosen by the loss). Default: None."""

    penalty_every: int | None
    """Compute the gradient penalties only in every n-th critic update, with n times their weight
    (chosen by the loss). Default: None."""

    batch_size: int | None
    """Records in a batch. Default: 64."""

    lr: float | None
    """Learning rate of Adam. Default: 0.001."""

    beta1: float | None
    """Decay rate of Adam's first moment. Default: 0.0."""

    beta2: float | None
    """Decay rate of Adam's second moment. Default: 0.9."""

    decay_start: float | None
    """Share of the run after which the learning rate decreases. Default: 0.5."""

    decay_to: float | None
    """Learning rate at the end of the run, as a share of --lr. Default: 0.02."""

    ema: float | None
    """Decay rate of the moving average of the generator's weights (0: no average). Default:
    0.9995."""

    steps: int | None
    """Stop after this many generator updates. Default: None."""

    max_time: str | None
    """Stop after this time, e.g. 90s, 10m, 2h (10m where neither this nor --steps is given).
    Default: None."""

    check_every: int | None
    """Generator updates between two checks on the validation split (by default 25 checks in a run).
    Default: None."""

    patience: int | None
    """Stop after this many checks in a row without improvement (unset: use all the time). Default:
    None."""

    seed: int
    """Seed of all random numbers. Default: 0."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    """Where to compute (auto: a GPU if there is one). Default: 'auto'."""

    threads: int | None
    """CPU threads (by default up to 4: small networks do not profit from more). Default: None."""

    devices: int
    """Number of processes on this machine, one for each device. Default: 1."""

    nodes: int
    """Number of machines. Default: 1."""

    precision: Literal["float32", "bf16"]
    """Number format of the networks during training; with bf16, weights, losses and penalties stay
    float32 (for large networks on a GPU; not tried on a GPU yet). Default: 'float32'."""

    cuda_graph: bool
    """Start each training step as one CUDA graph (one GPU; not tried on a GPU yet). Default:
    False."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster for large batches, but a seed gives
    other numbers on another model of GPU (not tried on a GPU yet). Default: False."""

    validation: float
    """Share of the records kept for validation. Default: 0.1."""

    condition: str | None
    """Labels to learn, so that sample --label can ask for them: NAME, or NAME=class, NAME=number,
    NAME=multi where the kind is not found rightly; may be repeated (labels: key=value in the
    headers, or --labels). Default: None."""

    architecture: Literal["resnet", "dense", "hybrid", "dcgan", "latent"] | None
    """Family of generator and critic (hybrid: resnet and dense side by side; latent: codes that a
    recurrent network writes out). Default: None."""

    width: int | None
    """Channels of the convolutions (chosen by the data). Default: None."""

    depth: int | None
    """Residual blocks of convolutions in each network (chosen by the data). Default: None."""

    kernel: int
    """Width of the convolutions, in positions; odd. Default: 5."""

    dilation: int | None
    """Dilations of the convolutions double up to this value and start again at 1 (1: none; chosen
    by the length). Default: None."""

    attention: bool
    """Add a self-attention layer to both networks. Default: False."""

    minibatch_std: bool
    """While it trains, the critic also sees how much the records differ within each group of eight
    of a batch. Default: False."""

    units: int | None
    """Hidden units of the dense layers (chosen by the data). Default: None."""

    latent: int
    """Size of the latent vector. Default: 128."""

    position_noise: int
    """Channels of noise at each position, in addition to the latent vector. Default: 8."""

    head: Literal["straight-through", "gumbel", "softmax"]
    """How the generator turns logits into letters during training. Default: 'straight-through'."""

    tau: float
    """Temperature of the Gumbel-softmax. Default: 1.0."""

    rotate: bool | None
    """Circular sequences: rotate each record by a random number of letters each time it is read;
    generated records are rotated, too (needs one length and no gaps). Default: None."""

    shift: int | None
    """Records without places: the generator writes a circle that is longer by so many letters, of
    which a record shows a window at a random place, and the critic sees stretches that are shorter
    by as many (0: none; needs one length and no gaps; a quarter of the length where letters are
    nearly independent of the position). Default: None."""

    kmer_matching: float | None
    """Weight of the distance between the mean k-mer counts of real and generated records, added to
    the generator's loss; for records of one length also by position (0: none; by default 1).
    Default: None."""

    word: int | None
    """Letters that are generated as one token: 3 for codons (3 where the records are open reading
    frames, else 1). Default: None."""

    repeats: Literal["all", "once"] | None
    """How often to read a record that occurs several times in the data: each time (all), or once
    (once in alignments, else all). Default: None."""

    judge_steps: int
    """Critic updates against the final generator, at the end, for sample --refine (0: none; at most
    as many as the run has). Default: 200."""

    reverse_complement: bool | None
    """Read each record from a random strand each time (DNA and RNA without gaps; on where a test on
    at least 500 DNA records finds no difference between the strands). Default: None."""


class MoleculeGANOptions(TypedDict, total=False):
    """Options of :class:`~biogan.molecules.config.MoleculeGANConfig`."""

    loss: Literal["wgan-gp", "standard", "minimax", "hinge", "relativistic"] | None
    """Adversarial loss (relativistic for unaligned sequences of one length, else wgan-gp). Default:
    None."""

    gp: float | None
    """Weight of the gradient penalty of WGAN-GP, one-centred (chosen by the loss). Default:
    None."""

    r1: float | None
    """Weight of the gradient penalty on real data, zero-centred (chosen by the loss). Default:
    None."""

    r2: float | None
    """Weight of the gradient penalty on generated data, zero-centred (chosen by the loss). Default:
    None."""

    critic_steps: int | None
    """Critic updates for each generator update (chosen by the loss). Default: None."""

    penalty_every: int | None
    """Compute the gradient penalties only in every n-th critic update, with n times their weight
    (chosen by the loss). Default: None."""

    batch_size: int | None
    """Records in a batch. Default: 64."""

    lr: float | None
    """Learning rate of Adam. Default: 0.001."""

    beta1: float | None
    """Decay rate of Adam's first moment. Default: 0.0."""

    beta2: float | None
    """Decay rate of Adam's second moment. Default: 0.9."""

    decay_start: float | None
    """Share of the run after which the learning rate decreases. Default: 0.5."""

    decay_to: float | None
    """Learning rate at the end of the run, as a share of --lr. Default: 0.02."""

    ema: float | None
    """Decay rate of the moving average of the generator's weights (0: no average). Default:
    0.9995."""

    steps: int | None
    """Stop after this many generator updates. Default: None."""

    max_time: str | None
    """Stop after this time, e.g. 90s, 10m, 2h (10m where neither this nor --steps is given).
    Default: None."""

    check_every: int | None
    """Generator updates between two checks on the validation split (by default 25 checks in a run).
    Default: None."""

    patience: int | None
    """Stop after this many checks in a row without improvement (unset: use all the time). Default:
    None."""

    seed: int
    """Seed of all random numbers. Default: 0."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    """Where to compute (auto: a GPU if there is one). Default: 'auto'."""

    threads: int | None
    """CPU threads (by default up to 4: small networks do not profit from more). Default: None."""

    devices: int
    """Number of processes on this machine, one for each device. Default: 1."""

    nodes: int
    """Number of machines. Default: 1."""

    precision: Literal["float32", "bf16"]
    """Number format of the networks during training; with bf16, weights, losses and penalties stay
    float32 (for large networks on a GPU; not tried on a GPU yet). Default: 'float32'."""

    cuda_graph: bool
    """Start each training step as one CUDA graph (one GPU; not tried on a GPU yet). Default:
    False."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster for large batches, but a seed gives
    other numbers on another model of GPU (not tried on a GPU yet). Default: False."""

    validation: float
    """Share of the records kept for validation. Default: 0.1."""

    condition: str | None
    """Labels to learn, so that sample --label can ask for them: NAME, or NAME=class, NAME=number,
    NAME=multi where the kind is not found rightly; may be repeated (labels: key=value in the
    headers, or --labels). Default: None."""

    architecture: Literal["resnet", "dense", "hybrid", "dcgan", "latent"] | None
    """Family of generator and critic (hybrid: resnet and dense side by side; latent: codes that a
    recurrent network writes out). Default: None."""

    width: int | None
    """Channels of the convolutions (chosen by the data). Default: None."""

    depth: int | None
    """Residual blocks of convolutions in each network (chosen by the data). Default: None."""

    kernel: int
    """Width of the convolutions, in positions; odd. Default: 5."""

    dilation: int | None
    """Dilations of the convolutions double up to this value and start again at 1 (1: none; chosen
    by the length). Default: None."""

    attention: bool
    """Add a self-attention layer to both networks. Default: False."""

    minibatch_std: bool
    """While it trains, the critic also sees how much the records differ within each group of eight
    of a batch. Default: False."""

    units: int | None
    """Hidden units of the dense layers (chosen by the data). Default: None."""

    latent: int
    """Size of the latent vector. Default: 128."""

    position_noise: int
    """Channels of noise at each position, in addition to the latent vector. Default: 8."""

    head: Literal["straight-through", "gumbel", "softmax"]
    """How the generator turns logits into letters during training. Default: 'straight-through'."""

    tau: float
    """Temperature of the Gumbel-softmax. Default: 1.0."""

    rotate: bool | None
    """Circular sequences: rotate each record by a random number of letters each time it is read;
    generated records are rotated, too (needs one length and no gaps). Default: None."""

    shift: int | None
    """Records without places: the generator writes a circle that is longer by so many letters, of
    which a record shows a window at a random place, and the critic sees stretches that are shorter
    by as many (0: none; needs one length and no gaps; a quarter of the length where letters are
    nearly independent of the position). Default: None."""

    kmer_matching: float | None
    """Weight of the distance between the mean k-mer counts of real and generated records, added to
    the generator's loss; for records of one length also by position (0: none; by default 1).
    Default: None."""

    word: int | None
    """Letters that are generated as one token: 3 for codons (3 where the records are open reading
    frames, else 1). Default: None."""

    repeats: Literal["all", "once"] | None
    """How often to read a record that occurs several times in the data: each time (all), or once
    (once in alignments, else all). Default: None."""

    judge_steps: int
    """Critic updates against the final generator, at the end, for sample --refine (0: none; at most
    as many as the run has). Default: 200."""

    reverse_complement: bool | None
    """Read each record from a random strand each time (DNA and RNA without gaps; on where a test on
    at least 500 DNA records finds no difference between the strands). Default: None."""

    alphabet: Literal["selfies", "smiles"]
    """How molecules are written: SMILES, or SELFIES, in which each text is a molecule. Default:
    'smiles'."""


class ImageGANOptions(TypedDict, total=False):
    """Options of :class:`~biogan.training.config.ImageGANConfig`."""

    loss: Literal["wgan-gp", "standard", "minimax", "hinge", "relativistic"] | None
    """Adversarial loss (chosen by the preset). Default: None."""

    gp: float | None
    """Weight of the gradient penalty of WGAN-GP, one-centred (chosen by the loss). Default:
    None."""

    r1: float | None
    """Weight of the gradient penalty on real data, zero-centred (chosen by the loss). Default:
    None."""

    r2: float | None
    """Weight of the gradient penalty on generated data, zero-centred (chosen by the loss). Default:
    None."""

    critic_steps: int | None
    """Critic updates for each generator update (chosen by the loss). Default: None."""

    penalty_every: int | None
    """Compute the gradient penalties only in every n-th critic update, with n times their weight
    (chosen by the loss). Default: None."""

    batch_size: int | None
    """Images in a batch (chosen by the preset). Default: None."""

    lr: float | None
    """Learning rate of Adam (chosen by the preset). Default: None."""

    beta1: float | None
    """Decay rate of Adam's first moment (chosen by the preset). Default: None."""

    beta2: float | None
    """Decay rate of Adam's second moment (chosen by the preset). Default: None."""

    decay_start: float | None
    """Share of the run after which the learning rate decreases (chosen by the preset). Default:
    None."""

    decay_to: float | None
    """Learning rate at the end of the run, as a share of --lr (chosen by the preset). Default:
    None."""

    ema: float | None
    """Decay rate of the moving average of the generator's weights; 0: no average (chosen by the
    preset). Default: None."""

    steps: int | None
    """Stop after this many generator updates. Default: None."""

    max_time: str | None
    """Stop after this time, e.g. 90s, 10m, 2h (10m where neither this nor --steps is given).
    Default: None."""

    check_every: int | None
    """Generator updates between two checks on the validation split (by default 25 checks in a run).
    Default: None."""

    patience: int | None
    """Stop after this many checks in a row without improvement (unset: use all the time). Default:
    None."""

    seed: int
    """Seed of all random numbers. Default: 0."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    """Where to compute (auto: a GPU if there is one). Default: 'auto'."""

    threads: int | None
    """CPU threads (by default up to 4: small networks do not profit from more). Default: None."""

    devices: int
    """Number of processes on this machine, one for each device. Default: 1."""

    nodes: int
    """Number of machines. Default: 1."""

    precision: Literal["float32", "bf16"]
    """Number format of the networks during training; with bf16, weights, losses and penalties stay
    float32 (for large networks on a GPU; not tried on a GPU yet). Default: 'float32'."""

    cuda_graph: bool
    """Start each training step as one CUDA graph (one GPU; not tried on a GPU yet). Default:
    False."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster for large batches, but a seed gives
    other numbers on another model of GPU (not tried on a GPU yet). Default: False."""

    validation: float
    """Share of the images kept for validation. Default: 0.1."""

    condition: str | None
    """Labels to learn, so that sample --label can ask for them: NAME, or NAME=class, NAME=number,
    NAME=multi where the kind is not found rightly; may be repeated (labels: key=value in the
    headers, or --labels). Default: None."""

    architecture: Literal["dcgan", "chain"] | None
    """Family of generator and critic (dcgan; for structures chain, which generates coordinates).
    Default: None."""

    width: int | None
    """Channels of the largest convolution of each network (chosen by preset and data). Default:
    None."""

    latent: int
    """Size of the latent vector. Default: 100."""

    dropout: float | None
    """Share of the critic's features that is set to zero during training (chosen by the preset).
    Default: None."""

    preset: Literal["relativistic", "wgan-gp", "classic"] | None
    """Settings that belong together: relativistic (a modern loss), wgan-gp, or classic (the DCGAN
    of 2015). By default wgan-gp, for structures relativistic. Default: None."""

    conditional: bool | None
    """Learn the class, so that sample --label can ask for one; needs labels (on where there are
    labels and at least 50 images of every class, and no --condition). Default: None."""

    augment: str
    """Random changes of real and generated images before the critic sees them, joined by commas:
    flip, rotate, shift, cutout, brightness, contrast, cells (flip, rotate and shift), or none.
    Default: 'none'."""


class SequenceSamplingOptions(TypedDict, total=False):
    """Options of :class:`~biogan.sequences.config.SequenceSamplingConfig`."""

    refine: Literal["none", "rejection", "mh", "labels"] | None
    """Choose among candidates, by rejection sampling or Metropolis-Hastings chains with the
    calibrated critic, or by chains with predictors of the labels alone (slower by about --effort;
    by default labels for sequence models that have learned some, else none). Default: None."""

    effort: int | None
    """Candidates that --refine may use for each record (by default 10). Default: None."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster, but a seed gives other records on
    another model of GPU. Default: False."""

    label: str | None
    """What to write, of a model trained with --condition: NAME=CLASS, NAME=NUMBER, NAME=LOW:HIGH,
    NAME=top10 (per cent) or NAME=LABEL,LABEL; may be repeated; of images also the class alone
    (default: as often as in the training data). Default: None."""

    labels: str | None
    """TSV file of labels, one record to write in each row: first column an id, each further column
    a label, as for --label. Default: None."""

    temperature: float
    """Below 1: more typical records; above 1: more varied ones; 0: the most likely letters.
    Default: 1.0."""

    length: str | None
    """Lengths of the records, such as 60:90, 60: or 75, within those of the training data (for
    models of records of varying length; default: as often as there). Default: None."""

    latents: Literal["free", "mcmc"] | None
    """Noise of constrained records: of its prior (free), or moved by a chain for each record to
    where the constraints are likely, so that the rest responds to what is fixed (mcmc; by default
    where their probability varies with the noise). Default: None."""

    chain_steps: int | None
    """Moves that --latents mcmc proposes to the noise of a record (50 to 300, to 900 where lengths
    vary; more where the probability of the constraints varies more). Default: None."""


class MoleculeSamplingOptions(TypedDict, total=False):
    """Options of :class:`~biogan.molecules.config.MoleculeSamplingConfig`."""

    refine: Literal["none", "rejection", "mh", "labels"] | None
    """Choose among candidates, by rejection sampling or Metropolis-Hastings chains with the
    calibrated critic, or by chains with predictors of the labels alone (slower by about --effort;
    by default labels for sequence models that have learned some, else none). Default: None."""

    effort: int | None
    """Candidates that --refine may use for each record (by default 10). Default: None."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster, but a seed gives other records on
    another model of GPU. Default: False."""

    label: str | None
    """What to write, of a model trained with --condition: NAME=CLASS, NAME=NUMBER, NAME=LOW:HIGH,
    NAME=top10 (per cent) or NAME=LABEL,LABEL; may be repeated; of images also the class alone
    (default: as often as in the training data). Default: None."""

    labels: str | None
    """TSV file of labels, one record to write in each row: first column an id, each further column
    a label, as for --label. Default: None."""

    temperature: float
    """Below 1: more typical records; above 1: more varied ones; 0: the most likely letters.
    Default: 1.0."""

    length: str | None
    """Lengths of the records, such as 60:90, 60: or 75, within those of the training data (for
    models of records of varying length; default: as often as there). Default: None."""

    latents: Literal["free", "mcmc"] | None
    """Noise of constrained records: of its prior (free), or moved by a chain for each record to
    where the constraints are likely, so that the rest responds to what is fixed (mcmc; by default
    where their probability varies with the noise). Default: None."""

    chain_steps: int | None
    """Moves that --latents mcmc proposes to the noise of a record (50 to 300, to 900 where lengths
    vary; more where the probability of the constraints varies more). Default: None."""

    invalid: Literal["redraw", "keep"]
    """Texts that are no molecules: draw others instead, or write them as they are, so that they
    count in an evaluation. Default: 'redraw'."""

    require_smarts: str | None
    """Write molecules that hold this pattern (SMARTS) alone, such as c1ccncc1; others are drawn
    instead. Default: None."""


class ImageSamplingOptions(TypedDict, total=False):
    """Options of :class:`~biogan.images.config.ImageSamplingConfig`."""

    refine: Literal["none", "rejection", "mh", "labels"] | None
    """Choose among candidates, by rejection sampling or Metropolis-Hastings chains with the
    calibrated critic, or by chains with predictors of the labels alone (slower by about --effort;
    by default labels for sequence models that have learned some, else none). Default: None."""

    effort: int | None
    """Candidates that --refine may use for each record (by default 10). Default: None."""

    device_noise: bool
    """Draw the noise on the GPU instead of the CPU: faster, but a seed gives other records on
    another model of GPU. Default: False."""

    label: str | None
    """What to write, of a model trained with --condition: NAME=CLASS, NAME=NUMBER, NAME=LOW:HIGH,
    NAME=top10 (per cent) or NAME=LABEL,LABEL; may be repeated; of images also the class alone
    (default: as often as in the training data). Default: None."""

    labels: str | None
    """TSV file of labels, one record to write in each row: first column an id, each further column
    a label, as for --label. Default: None."""
