"""A term of the generator's loss: the distance of k-mer frequencies from those of real data.

A critic learns late that a k-mer is slightly too rare in all records or at one position. This term
measures it directly. The counts are sums over one-hot letters (or letter probabilities), so that
gradients pass through them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


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


def record_counts(letters: Tensor, longest: int) -> list[Tensor]:
    """Count the words of 1 to ``longest`` letters in each record.

    As :func:`mean_counts`, without the mean: a tensor of shape (N, channels ** k) for each k.

    Examples
    --------
    >>> x = torch.eye(2)[torch.tensor([[0, 1, 1, 1]])].transpose(1, 2)
    >>> [counts.tolist() for counts in record_counts(x, 2)]
    [[[1.0, 3.0]], [[0.0, 1.0, 0.0, 2.0]]]
    """
    length, words = letters.shape[2], [letters]
    for k in range(1, (longest + 1) // 2):
        grown = words[-1][:, :, None, : length - k] * letters[:, None, :, k:]
        words.append(grown.flatten(1, 2))
    counts = [letters.sum(2)]
    for k in range(2, longest + 1):
        half, windows = k // 2, length - k + 1
        first, second = words[half - 1], words[k - half - 1][:, :, half:]
        pairs = first[:, :, :windows] @ second[:, :, :windows].transpose(1, 2)
        counts.append(pairs.flatten(1))
    return counts


def weighted_places(letters: Tensor, weights: Tensor, k: int) -> Tensor:
    """Count the words of ``k`` letters (1 or 2) in each place, sums by some weights.

    As :func:`placed_shares`: shape (groups, length - k + 1, channels ** k) for weights (N, groups).

    Examples
    --------
    >>> x = torch.eye(2)[torch.tensor([[0, 1, 1], [1, 1, 1]])].transpose(1, 2)
    >>> weighted_places(x, torch.tensor([[0.5], [0.5]]), 2).tolist()
    [[[0.0, 0.5, 0.0, 0.5], [0.0, 0.0, 0.0, 1.0]]]
    """
    if k == 1:
        return torch.einsum("ng,ncl->glc", weights, letters)
    columns = letters.permute(2, 1, 0).contiguous()  # (length, channels, N)
    groups, channels = weights.shape[1], letters.shape[1]
    heavy = columns[:-1, None] * weights.T[:, None]  # (length - 1, groups, channels, N)
    pairs = heavy.flatten(1, 2) @ columns[1:].transpose(1, 2)
    return pairs.unflatten(1, (groups, channels)).flatten(2).transpose(0, 1)


#: Words of each length are counted up to this many different ones: k to 6 for DNA, 2 for protein.
MOST_WORDS = 4096
#: Letters of the longest words that are counted in each place by itself, where places are alike.
LONGEST_PLACED = 2
# ... and up to this many in all places, so that a long protein costs no more than its networks.
_MOST_PLACED = 2**20
# Half of the share of sequences that have ended, on average over the places, if lengths are even.
_ENDED = 0.25
#: The mean over generated batches looks back about 50 steps: one batch says little.
MEMORY = 0.98


class KmerMatching(nn.Module):
    r"""Chi-square distance between mean k-mer counts of generated and real data.

    The counts of a record, k = 1, 2, ..., are features in the sense of [1]_, eq. 2, those of the
    spectrum kernel [2]_. With :math:`r_w` the mean count of word :math:`w` over all real batches so
    far and :math:`g_w` that over recent generated ones, the distance is
    :math:`\sum_w (g_w - r_w)^2 / (r_w + m_k / 2)`, where :math:`m_k` is the mean of :math:`r_w`
    over the words of one length. Words in places are words of their own; the distances of all
    lengths, anywhere and in places, are averaged. The distance is moved through the batch at hand,
    as the gradient of :math:`\sum_w c_w (g_w - r_w) / (r_w + m_k / 2)` with the counts
    :math:`c_w`: a linear critic in closed form. Matching the counts of single batches instead would
    also make them vary too little.

    Parameters
    ----------
    channels, positions : int
        Shape of the data: one-hot letters, at each position one of ``channels``.
    weight : float
        Factor of the term.
    longest_placed : int
        Words of up to this many letters (0, 1 or 2) are also counted in each place by itself: for
        records of one length, whose places correspond to each other.
    spelling : Tensor, shape (word, letters, channels), optional
        Letters that each channel stands for, where it is a codon: the words of these letters are
        matched, in any frame.
    end : int, optional
        Channel of the end symbol: letters behind it are not counted, as a reader sees none, and
        how many sequences have ended is matched in each place, too.

    Attributes
    ----------
    lengths : list of int
        The k whose words are at most 4,096.
    placed : list of int
        The k whose words are counted in places, at most about a million of each.

    References
    ----------
    .. [1] Salimans et al., "Improved techniques for training GANs", NeurIPS 2016.
    .. [2] Leslie et al., "The spectrum kernel", Pacific Symposium on Biocomputing 2002.

    Examples
    --------
    >>> a, c = torch.eye(2)[torch.tensor([[0, 0, 0], [1, 1, 1]])].transpose(1, 2)[:, None]
    >>> matching = KmerMatching(2, 3, weight=1.0)
    >>> matching.lengths, matching(a, a).item(), matching(a, c).item() > 1
    ([1, 2, 3], 0.0, True)
    """

    spelling: Tensor | None
    real: Tensor
    generated: Tensor
    batches: Tensor
    least: Tensor

    #: Of the term in the log.
    name = "kmers"

    def __init__(
        self,
        channels: int,
        positions: int,
        weight: float,
        longest_placed: int = 0,
        spelling: Tensor | None = None,
        end: int | None = None,
    ) -> None:
        super().__init__()
        self.weight, self.end = weight, end
        ends = [] if end is None else [torch.full((positions,), _ENDED)]
        self.register_buffer("spelling", spelling, persistent=False)
        if spelling is not None:
            channels, positions = spelling.shape[1], positions * spelling.shape[0]
        self.lengths = [k for k in range(1, positions + 1) if channels**k <= MOST_WORDS]
        self.placed = [
            k
            for k in range(1, min(longest_placed, LONGEST_PLACED, positions) + 1)
            if (positions - k + 1) * channels**k <= _MOST_PLACED
        ]
        least = [
            torch.full((channels**k,), (positions - k + 1) / channels**k / 2) for k in self.lengths
        ] + [
            torch.full(((positions - k + 1) * channels**k,), 1 / channels**k / 2)
            for k in self.placed
        ]
        self.kinds = len(least) + len(ends)
        self.register_buffer("least", torch.cat(least + ends), persistent=False)
        self.register_buffer("real", torch.zeros_like(self.least))
        self.register_buffer("generated", torch.zeros_like(self.least))
        self.register_buffer("batches", torch.zeros(()))

    def forward(
        self, real: Tensor, fake: Tensor, joint: Callable[[Tensor], Tensor] = lambda x: x
    ) -> Tensor:
        """Take a batch of each into the means and return the weighted distance, shape ().

        Parameters
        ----------
        real, fake : Tensor, shape (N, channels, positions)
            Batches; the gradient goes to ``fake``.
        joint : callable, optional
            Averages a tensor over the processes of a run.
        """
        mine = self._counts(fake)
        with torch.no_grad():
            seen, drawn = joint(torch.stack([self._counts(real), mine]))
            self.batches += 1
            self.real.lerp_(seen, 1 / self.batches)
            self.generated.lerp_(drawn, (1 / self.batches).clamp(min=1 - MEMORY))
            off = (self.generated - self.real) / (self.real + self.least)
        return self.weight / self.kinds * (off * (mine - self.real)).sum()

    def weighted_counts(self, letters: Tensor, weights: Tensor) -> Tensor:
        """Return sums of the counts of records by some weights, shape (groups, features).

        Parameters
        ----------
        letters : Tensor, shape (N, channels, positions)
            As :meth:`forward` takes them.
        weights : Tensor, shape (N, groups)
            What each record counts in each sum.
        """
        ended = []
        if self.end is not None:
            letters = cut(letters, self.end)
            ended = [weights.T @ letters[:, self.end]]
        if self.spelling is not None:
            letters = spelled(letters, self.spelling)
        anywhere = [weights.T @ part for part in record_counts(letters, self.lengths[-1])]
        placed = [weighted_places(letters, weights, k).flatten(1) for k in self.placed]
        return torch.cat(anywhere + placed + ended, 1)

    def _counts(self, letters: Tensor) -> Tensor:
        ended = []
        if self.end is not None:
            letters = cut(letters, self.end)
            ended = [letters[:, self.end].mean(0)]
        if self.spelling is not None:
            letters = spelled(letters, self.spelling)
        anywhere = mean_counts(letters, self.lengths[-1])
        placed = [placed_shares(letters, k).flatten() for k in self.placed]
        return torch.cat(anywhere + placed + ended)
