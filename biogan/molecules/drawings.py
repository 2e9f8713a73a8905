"""Drawings of molecules as SVG, by RDKit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from biogan.core.display import shown
from biogan.core.files import atomic_path
from biogan.molecules.toolkit import chem, molecules, quiet

WIDTH, HEIGHT = 200, 150


def drawing(smiles: str, width: int = WIDTH, height: int = HEIGHT) -> Markup:
    """Draw one molecule; a text that is none is written out.

    Examples
    --------
    >>> drawing("CCO").startswith("<svg")
    True
    """
    (one,) = molecules([smiles])
    chem()
    with quiet():
        from rdkit.Chem.Draw import rdMolDraw2D

        if one is None:
            text = escape(shown(smiles, 28))
            return Markup(
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" role="img" aria-label="no molecule">'
                f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" font-size="11" '
                f'fill="#b3261e">{text}</text></svg>'
            )
        canvas = rdMolDraw2D.MolDraw2DSVG(width, height)
        options: Any = canvas.drawOptions()
        options.clearBackground = False
        options.bondLineWidth = 1.2
        rdMolDraw2D.PrepareAndDrawMolecule(canvas, one)
        canvas.FinishDrawing()
    drawn = re.sub(r"<\?xml.*?\?>|<!--.*?-->", "", canvas.GetDrawingText(), flags=re.DOTALL)
    # A page has many drawings: what only RDKit reads goes.
    drawn = re.sub(r"\s+xmlns:\w+='[^']*'| class='[^']*'", "", drawn)
    drawn = drawn.replace("<svg", f'<svg role="img" aria-label="{escape(smiles)}"', 1)
    return Markup(drawn.strip())


def captioned(smiles: str, caption: str) -> Markup:
    """Draw one molecule with a line below it."""
    return Markup('<figure class="molecule">{}<figcaption>{}</figcaption></figure>').format(
        drawing(smiles), caption
    )


def grid(smiles: Sequence[str], captions: Sequence[str]) -> Markup:
    """Draw molecules side by side, with a line below each.

    Examples
    --------
    >>> grid(["CCO"], ["ethanol"]).count("<svg")
    1
    """
    figures = [captioned(t, shown(c, 40)) for t, c in zip(smiles, captions, strict=True)]
    style = "display:flex;flex-wrap:wrap;gap:8px;background:#fff;color:#24292f"
    return Markup('<div class="molecules" style="{}">{}</div>').format(
        style, Markup("").join(figures)
    )


def write_picture(smiles: Sequence[str], path: Path, columns: int = 5) -> None:
    """Draw molecules in rows, as a PNG file; without any there is none."""
    found = [one for one in molecules(smiles) if one is not None]
    if not found:
        return
    with quiet():
        from rdkit.Chem.Draw import MolsToGridImage

        picture = MolsToGridImage(found, molsPerRow=columns, subImgSize=(WIDTH, HEIGHT))
    with atomic_path(path) as temporary:
        picture.save(temporary, "PNG")
