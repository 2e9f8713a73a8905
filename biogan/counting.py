"""Counts of short words in one-hot letters, or in shares of letters: sums that gradients pass."""

from __future__ import annotations

import torch
from torch import Tensor


def cut(letters: Tensor, end: int) -> Tensor:
    """Put the end symbol in the place of all that stands behind the first one.

    Parameters
    ----------
    letters : Tensor, shape (N, channels, length)
        One-hot.
    end : int
        Its channel.

    Returns
    -------
    Tensor, shape (N, channels, length)

    Examples
    --------
    >>> x = torch.eye(3)[torch.tensor([[0, 2, 1, 2]])].transpose(1, 2)
    >>> cut(x, 2)[0].argmax(0).tolist()
    [0, 2, 2, 2]
    """
    going = running_product(1 - letters[:, end])
    shown = letters * going[:, None]
    shown[:, end] = 1 - going
    return shown


def running_product(rows: Tensor) -> Tensor:
    """Multiply each number by all before it in its row, shape (N, length).

    As ``rows.cumprod(1)``, whose backward asks the device for zeros, which a CUDA graph cannot.

    Examples
    --------
    >>> running_product(torch.tensor([[1.0, 2.0, 3.0, 0.0, 5.0]])).tolist()
    [[1.0, 2.0, 6.0, 0.0, 0.0]]
    """
    reach = 1
    while reach < rows.shape[1]:
        rows = torch.cat([rows[:, :reach], rows[:, reach:] * rows[:, :-reach]], 1)
        reach *= 2
    return rows


def spelled(words: Tensor, spelling: Tensor) -> Tensor:
    """Write words out in letters.

    Parameters
    ----------
    words : Tensor, shape (N, channels, length)
        One-hot words, or shares of them.
    spelling : Tensor, shape (word, letters, channels)
        One-hot letters of each word.

    Returns
    -------
    Tensor, shape (N, letters, word * length)

    Examples
    --------
    >>> two = torch.eye(2)[torch.tensor([[0, 1], [1, 1]])]  # the words AC and CC of the letters AC
    >>> spelled(torch.eye(2)[None], two.transpose(0, 1).transpose(1, 2))[0].argmax(0).tolist()
    [0, 1, 1, 1]
    """
    return torch.einsum("ncl,wac->nalw", words, spelling).flatten(2)


def mean_counts(letters: Tensor, longest: int) -> list[Tensor]:
    """Count the words of 1 to ``longest`` letters in each record, mean over the records.

    Parameters
    ----------
    letters : Tensor, shape (N, channels, length)
        One-hot, or shares of letters.
    longest : int
        Letters of the longest words, 1 to ``length``.

    Returns
    -------
    list of Tensor
        For k = 1, 2, ... a tensor of shape (channels ** k,), in the order of the letters, the last
        letter of a word changing fastest.

    Examples
    --------
    >>> x = torch.eye(2)[torch.tensor([[0, 1, 1, 1]])].transpose(1, 2)
    >>> [counts.tolist() for counts in mean_counts(x, 2)]
    [[1.0, 3.0], [0.0, 1.0, 0.0, 2.0]]
    """
    n, channels, length = letters.shape
    # A row a word, a column a place of a record, all records of one position side by side: the
    # windows from a position on are the columns from there on, and nothing is copied for them.
    single = letters.permute(1, 2, 0).reshape(channels, length * n)
    words = [single]
    for k in range(1, (longest + 1) // 2):
        grown = words[-1][:, None, : (length - k) * n] * single[None, :, k * n :]
        words.append(grown.flatten(0, 1))
    counts = [single.sum(1)]
    for k in range(2, longest + 1):
        # Two halves meet in one product, so that no word of full length is spelled anywhere.
        half, windows = k // 2, (length - k + 1) * n
        first, second = words[half - 1], words[k - half - 1][:, half * n :]
        counts.append((first[:, :windows] @ second[:, :windows].T).flatten())
    return [count / n for count in counts]


def placed_shares(letters: Tensor, k: int) -> Tensor:
    """Count the words of ``k`` letters in each place, mean over the records.

    Parameters
    ----------
    letters : Tensor, shape (N, channels, length)
        One-hot, or shares of letters.
    k : int
        Letters of a word, 1 or 2.

    Returns
    -------
    Tensor, shape (length - k + 1, channels ** k)
        Shares of the words in the places where they begin, in the order of :func:`mean_counts`.

    Examples
    --------
    >>> x = torch.eye(2)[torch.tensor([[0, 1, 1], [1, 1, 1]])].transpose(1, 2)
    >>> placed_shares(x, 1).tolist(), placed_shares(x, 2).tolist()
    ([[0.5, 0.5], [0.0, 1.0], [0.0, 1.0]], [[0.0, 0.5, 0.0, 0.5], [0.0, 0.0, 0.0, 1.0]])
    """
    if k == 1:
        return letters.mean(0).T
    columns = letters.permute(2, 1, 0).contiguous()  # a third of the time
    return (columns[:-1] @ columns[1:].transpose(1, 2)).flatten(1) / len(letters)
