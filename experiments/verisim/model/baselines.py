"""The source's two arms, rebuilt as baselines: a flat transformer over tokens, and a pooled graph network.

Both decode edits symbol by symbol under the grammar. The pooled arm's decoder sees one vector, the mean over
nodes; with `identity` its nodes also carry which host they are, which is the one thing the source left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from experiments.verisim.factory import Transition
from experiments.verisim.model.tokens import LONGEST, Vocabulary, dense, padded
from experiments.verisim.proposers import Prediction
from experiments.verisim.worlds.contract import Action, Delta
from experiments.verisim.worlds.network import Network

F = nn.functional
torch.set_num_threads(1)  # several threads were slower at these sizes
SENTENCE = 320  # how many tokens of state, action and delta the flat arm has places for


@dataclass(frozen=True, slots=True)
class Size:
    """How large an arm is and how long it learns; the source's own sizes at width 64."""

    width: int = 64
    layers: int = 2
    heads: int = 2
    rounds: int = 3
    latent: int = 16
    steps: int = 800
    batch: int = 32
    rate: float = 2e-3
    seed: int = 0


class Block(nn.Module):
    """A pre-norm transformer block, causal."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.heads = size.heads
        self.first, self.second = nn.LayerNorm(size.width), nn.LayerNorm(size.width)
        self.mix, self.out = nn.Linear(size.width, 3 * size.width), nn.Linear(size.width, size.width)
        self.feed = nn.Sequential(
            nn.Linear(size.width, 4 * size.width), nn.GELU(), nn.Linear(4 * size.width, size.width)
        )

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.mix(self.first(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(1, 2).reshape(batch, length, width))
        return x + self.feed(self.second(x))


class Decoder(nn.Module):
    """Tokens so far → logits of the next one, with a vector added at every place."""

    def __init__(self, size: Size, vocabulary: int, block: int) -> None:
        super().__init__()
        self.block = block
        self.tokens, self.places = nn.Embedding(vocabulary, size.width), nn.Embedding(block, size.width)
        self.blocks = nn.Sequential(*(Block(size) for _ in range(size.layers)))
        self.norm, self.head = nn.LayerNorm(size.width), nn.Linear(size.width, vocabulary)

    def forward(self, tokens: Tensor, condition: Tensor | float = 0.0) -> Tensor:
        where = torch.arange(tokens.shape[1])
        return self.head(self.norm(self.blocks(self.tokens(tokens) + self.places(where) + condition)))


class Encoder(nn.Module):
    """Dense message passing over links and flows, mean pooling, a Gaussian latent; used by the studies of SSL too."""

    def __init__(self, size: Size, features: int, whole: int) -> None:
        super().__init__()
        width = size.width
        self.enter, self.whole = nn.Linear(features, width), nn.Linear(whole, width)
        self.kinds = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.update, self.norm = nn.Linear(4 * width, width), nn.LayerNorm(width)
        self.gru = nn.GRUCell(width, width)
        self.mean, self.scale = nn.Linear(width, size.latent), nn.Linear(width, size.latent)
        self.rounds = size.rounds

    def forward(self, nodes: Tensor, adjacent: Tensor, whole: Tensor) -> Tensor:
        h, about = self.enter(nodes), self.whole(whole)
        for _ in range(self.rounds):
            arriving = [adjacent[:, kind] @ each(h) for kind, each in enumerate(self.kinds)]
            h = self.norm(h + F.gelu(self.update(torch.cat([h, *arriving], -1)) + about[:, None]))
        settled: Tensor = self.gru(h.mean(1))
        return settled

    def latent(self, settled: Tensor, noisy: bool) -> Tensor:
        mean, scale = self.mean(settled), F.softplus(self.scale(settled))
        return mean + scale * torch.randn_like(scale) if noisy else mean


class Flat(nn.Module):
    """The state as a sentence, the delta as its continuation."""

    name = "flat"

    def __init__(self, size: Size, words: Vocabulary) -> None:
        super().__init__()
        self.words = words
        self.decoder = Decoder(size, words.size, SENTENCE)

    def views(self, steps: Sequence[tuple[Any, Action]]) -> list[list[int]]:
        """What the arm is shown of each step; made once, where steps are shown again and again."""
        return [self.words.prompt(*step) for step in steps]

    def logits(self, steps: Sequence[tuple[Any, Action]], said: Sequence[Sequence[int]]) -> Tensor:
        return self.from_views(self.views(steps), said)

    def from_views(self, prompts: Sequence[list[int]], said: Sequence[Sequence[int]]) -> Tensor:
        """Logits at every place of `said`, the place before its first included."""
        rows = padded([[*prompt, *tokens] for prompt, tokens in zip(prompts, said, strict=True)])
        if rows.shape[1] > self.decoder.block:
            raise ValueError(f"a prompt of {rows.shape[1]} tokens does not fit the flat arm's {self.decoder.block}")
        found = self.decoder(torch.from_numpy(rows))
        longest = max(map(len, said)) + 1
        starts = torch.tensor([len(prompt) - 1 for prompt in prompts])
        where = (starts[:, None] + torch.arange(longest)).clamp(max=rows.shape[1] - 1)
        return found.gather(1, where[:, :, None].expand(-1, -1, found.shape[2]))


class Pooled(nn.Module):
    """Message passing, one mean vector, a decoder conditioned on it."""

    def __init__(self, size: Size, words: Vocabulary, identity: bool = False) -> None:
        super().__init__()
        self.words, self.identity = words, identity
        self.name = "graph+identity" if identity else "graph"
        nodes, _, whole = dense(words.world, words.world.initial(), Action("advance", ()), identity)
        self.encoder = Encoder(size, nodes.shape[1], len(whole))
        self.join = nn.Linear(size.width + size.latent, size.width)
        self.decoder = Decoder(size, words.size, LONGEST + 2)

    def views(self, steps: Sequence[tuple[Any, Action]]) -> list[tuple[Tensor, ...]]:
        """What the arm is shown of each step; made once, where steps are shown again and again."""
        return list(zip(*stacked(self.words.world, steps, self.identity), strict=True))

    def logits(self, steps: Sequence[tuple[Any, Action]], said: Sequence[Sequence[int]]) -> Tensor:
        return self.from_views(self.views(steps), said)

    def from_views(self, views: Sequence[tuple[Tensor, ...]], said: Sequence[Sequence[int]]) -> Tensor:
        settled = self.encoder(*map(torch.stack, zip(*views, strict=True)))
        latent = self.encoder.latent(settled, self.training)
        go = self.words.id[("mark", "go")]
        rows = torch.from_numpy(padded([[go, *tokens] for tokens in said]))
        logits: Tensor = self.decoder(rows, self.join(torch.cat([settled, latent], 1))[:, None])
        return logits


def stacked(world: Network, steps: Sequence[tuple[Any, Action]], identity: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Dense views of many steps as three tensors."""
    views = [dense(world, *step, identity) for step in steps]
    nodes, adjacent, whole = (torch.from_numpy(np.stack(part)) for part in zip(*views, strict=True))
    return nodes, adjacent, whole


class TokenProposer:
    """A baseline as a proposer: greedy decoding under the grammar, all rollouts together."""

    def __init__(self, net: Any) -> None:
        self.net, self.name = net, net.name
        self.words: Vocabulary = net.words
        self._masks = {kind: self.words.mask(kind) for kind in "ehpx"}

    def weights(self) -> dict[str, Any]:
        """Everything it learnt, as plain arrays."""
        return {name: value.numpy() for name, value in self.net.state_dict().items()}

    def predict_delta(self, state: Any, action: Action) -> Delta:
        return self.predict_many([(state, action)])[0].delta

    def predict_many(self, pairs: Sequence[tuple[Any, Action]]) -> list[Prediction]:
        self.net.eval()
        said: list[list[int]] = [[] for _ in pairs]
        doubt = np.zeros(len(pairs))
        open_ = list(range(len(pairs)))
        while open_:
            with torch.no_grad():
                found = self.net.logits([pairs[place] for place in open_], [said[place] for place in open_]).numpy()
            for row, place in enumerate(open_):
                kind = self.words.kind_after(said[place])
                scores = found[row, len(said[place])] + self._masks[kind]
                chance = np.exp(scores - scores.max())
                chance /= chance.sum()
                doubt[place] = max(doubt[place], float(-(chance * np.log(chance + 1e-12)).sum()))
                said[place].append(int(scores.argmax()))
            open_ = [p for p in open_ if len(said[p]) < LONGEST and self.words.kind_after(said[p])]
        return [Prediction(self.words.read(tokens), float(d)) for tokens, d in zip(said, doubt, strict=True)]


def network_of(kind: str, world: Network, size: Size) -> Any:
    """The arm of this kind, before it has learnt anything."""
    words = Vocabulary(world)
    return Flat(size, words) if kind == "flat" else Pooled(size, words, kind == "graph+identity")


def rebuilt(kind: str, world: Network, weights: Mapping[str, Any], size: Size) -> TokenProposer:
    """An arm from what it learnt."""
    net = network_of(kind, world, size)
    net.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return TokenProposer(net)


def train_baseline(kind: str, world: Network, steps: Sequence[Transition], size: Size | None = None) -> TokenProposer:
    """An arm taught on these transitions: teacher-forced cross-entropy, warm-up and cosine."""
    size = size or Size()
    torch.manual_seed(size.seed)
    net = network_of(kind, world, size)
    words: Vocabulary = net.words
    rng = np.random.default_rng(size.seed)
    usable = [step for step in steps if all(0 <= arg < world.hosts or arg in world.ports for arg in step.action.args)]
    targets = [words.delta(step.delta)[:LONGEST] for step in usable]
    optimiser = torch.optim.AdamW(net.parameters(), lr=size.rate)
    views = net.views([(step.state, step.action) for step in usable])
    net.train()
    for number in range(size.steps):
        chosen = rng.integers(0, len(usable), size.batch)
        said = [targets[place] for place in chosen]
        logits = net.from_views([views[place] for place in chosen], said)
        wanted = torch.from_numpy(padded(said))
        loss = F.cross_entropy(logits[:, : wanted.shape[1]].flatten(0, 1), wanted.flatten(), ignore_index=0)
        done = number / size.steps
        for group in optimiser.param_groups:
            group["lr"] = size.rate * min(1.0, done / 0.05 + 1e-3) * 0.5 * (1 + np.cos(np.pi * done))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
    return TokenProposer(net)
