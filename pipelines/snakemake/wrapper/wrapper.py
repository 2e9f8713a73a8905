"""Snakemake wrapper of biogan: one of train, sample and evaluate, named by ``params.command``."""

from shlex import quote

from snakemake.shell import shell

command = snakemake.params.command  # noqa: F821 - Snakemake puts it here
extra = snakemake.params.get("extra", "")  # noqa: F821
log = snakemake.log_fmt_shell(stdout=True, stderr=True)  # noqa: F821
given, made = snakemake.input, snakemake.output  # noqa: F821

if command == "train":
    words = [given.data, "-o", made.run, "--threads", snakemake.threads]  # noqa: F821
elif command == "sample":
    words = [given.run, "-o", made.fasta, "--overwrite"]
elif command == "evaluate":
    words = [given.fasta, "--reference", given.reference, "-o", made.report, "--overwrite"]
    for name in ("train", "held_out"):
        if given.get(name):
            words += [f"--{name.replace('_', '-')}", given[name]]
else:
    raise ValueError(f"params.command is {command!r}: give train, sample or evaluate")

shell("biogan {command} " + " ".join(quote(str(word)) for word in words) + " {extra} {log}")
