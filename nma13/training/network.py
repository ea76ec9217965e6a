"""The encoder in torch, as far as fitting needs it: fixed below, low-rank changes above, heads on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as f

from nma13.encoder.minilm import DIMENSIONS, HEADS, LAYERS, shared_encoder
from nma13.training.screen import BATCH, EPOCHS, FIRST, HEAD_RATE, LOUD, RANK, RATE, STRENGTH, WIDTHS
from nma13.training.texts import VALUES

Array = Any


def trunk(texts: Sequence[str], first: int) -> list[torch.Tensor]:
    """Each text's tokens as they leave the layers that stay as they are."""
    return [torch.from_numpy(np.array(tokens)) for tokens in shared_encoder().tokens(texts, first, ())]


class Network(nn.Module):
    """Learns on the trunk's tokens; `answers` are log-odds per value."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self._fixed = {
            key: torch.from_numpy(np.array(value))
            for key, value in shared_encoder().weights().items()
            if key.startswith("encoder.layer.")
        }
        self.down, self.up = nn.ParameterDict(), nn.ParameterDict()
        for number in range(FIRST, LAYERS):
            for part, (width, out) in WIDTHS.items():
                self.down[_key(number, part)] = nn.Parameter(torch.randn(RANK, width) * 0.02)
                self.up[_key(number, part)] = nn.Parameter(torch.zeros(out, RANK))
        self.head = nn.Linear(DIMENSIONS, len(VALUES))
        nn.init.zeros_(self.head.bias)

    def learn(self, below: Sequence[torch.Tensor], truths: Array, counts: Array) -> None:
        """Several passes over all texts, those of like length together."""
        wanted, weight = torch.from_numpy(truths).float(), torch.from_numpy(counts).float()
        lengths = [len(tokens) for tokens in below]
        groups = [
            {"params": [*self.down.parameters(), *self.up.parameters()], "lr": RATE, "weight_decay": 0.01},
            {"params": self.head.parameters(), "lr": HEAD_RATE, "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups)
        steps = EPOCHS * (len(below) // BATCH + 20)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=steps, pct_start=0.1)
        self.train()
        for epoch in range(EPOCHS):
            for rows in _batches(lengths, epoch):
                answers = self.head(f.dropout(self([below[row] for row in rows]), 0.1) * LOUD)
                loss = f.binary_cross_entropy_with_logits(answers, wanted[rows], weight[rows], reduction="sum")
                optimiser.zero_grad()
                (loss / weight[rows].sum()).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                pace.step()
        self.eval()

    @torch.no_grad()
    def vectors(self, below: Sequence[torch.Tensor]) -> Array:
        return torch.cat([self(below[i : i + 64]) for i in range(0, len(below), 64)]).numpy()

    @torch.no_grad()
    def answers(self, below: Sequence[torch.Tensor]) -> Array:
        return self.head(torch.from_numpy(self.vectors(below)) * LOUD).numpy()

    def heads(self) -> Array:
        return self.head.weight.detach().numpy()

    def bias(self) -> Array:
        return self.head.bias.detach().numpy()

    def changes(self) -> dict[str, Array]:
        """What `encoder.adapter` adds to the layers' weights, as two factors each."""
        found: dict[str, Array] = {}
        for number in range(FIRST, LAYERS):
            for part in WIDTHS:
                found[f"{number}|{part}|down"] = self.down[_key(number, part)].detach().numpy()
                found[f"{number}|{part}|up"] = self.up[_key(number, part)].detach().numpy() * STRENGTH
        return found

    def forward(self, below: Sequence[torch.Tensor]) -> torch.Tensor:
        """One vector of length one per text."""
        lengths = torch.tensor([len(tokens) for tokens in below])
        hidden = nn.utils.rnn.pad_sequence(list(below), batch_first=True)
        mask = torch.arange(hidden.shape[1])[None] < lengths[:, None]
        for number in range(FIRST, LAYERS):
            hidden = self._layer(hidden, mask, number)
        means = (hidden * mask[..., None]).sum(1) / lengths[:, None]
        return f.normalize(means, dim=-1)

    def _layer(self, hidden: torch.Tensor, mask: torch.Tensor, number: int) -> torch.Tensor:
        rows, length, _ = hidden.shape
        parts = [self._dense(hidden, number, f"attention.self.{name}") for name in ("query", "key", "value")]
        query, key, value = (part.view(rows, length, HEADS, -1).transpose(1, 2) for part in parts)
        mixed = f.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        mixed = mixed.transpose(1, 2).reshape(rows, length, DIMENSIONS)
        hidden = self._norm(
            hidden + self._dense(mixed, number, "attention.output.dense"), number, "attention.output.LayerNorm"
        )
        wide = f.gelu(self._dense(hidden, number, "intermediate.dense"))
        return self._norm(hidden + self._dense(wide, number, "output.dense"), number, "output.LayerNorm")

    def _dense(self, x: torch.Tensor, number: int, part: str) -> torch.Tensor:
        name, key = f"encoder.layer.{number}.{part}.", _key(number, part)
        plain = f.linear(x, self._fixed[name + "weight"], self._fixed[name + "bias"])
        return plain + STRENGTH * f.linear(f.linear(x, self.down[key]), self.up[key])

    def _norm(self, x: torch.Tensor, number: int, part: str) -> torch.Tensor:
        name = f"encoder.layer.{number}.{part}."
        return f.layer_norm(x, (DIMENSIONS,), self._fixed[name + "weight"], self._fixed[name + "bias"], 1e-12)


def _key(number: int, part: str) -> str:
    return f"{number}|{part}".replace(".", "_")


def _batches(lengths: Sequence[int], seed: int) -> list[list[int]]:
    """Shuffled, then texts of like length together, so that little is padded."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(lengths))
    found: list[list[int]] = []
    for start in range(0, len(order), BATCH * 16):
        near = sorted((int(i) for i in order[start : start + BATCH * 16]), key=lambda i: lengths[i])
        found += [near[i : i + BATCH] for i in range(0, len(near), BATCH)]
    return [found[int(i)] for i in chance.permutation(len(found))]
