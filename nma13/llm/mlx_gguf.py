"""Load a llama-family GGUF file into mlx-lm: weights stay quantised, the tokenizer comes from the header.

This lets the bundled weights, which exist once as GGUF, run through the mlx backend too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from nma13.llm.errors import ModelError
from nma13.llm.gguf import read_header

CONTROL = 3  # the GGUF token type of <|im_start|> and its like

BLOCK_NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_norm": "input_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "ffn_norm": "post_attention_layernorm",
}
TOP_NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def load_gguf(path: Path) -> tuple[Any, Any]:
    """(model, tokenizer) as mlx-lm's own loader returns them. Call on the MLX thread."""
    import mlx.core as mx

    info = read_header(path)
    if info.architecture != "llama" or info.metadata.get("tokenizer.ggml.model") != "gpt2":
        raise ModelError(
            f"{path} is a {info.architecture} model; the mlx backend reads GGUF files of the llama family "
            "with a byte-level vocabulary only. Use llamacpp: for this file, or an MLX folder."
        )
    loaded: Any = mx.load(str(path), return_metadata=True)
    tensors, metadata = loaded
    return _model(tensors, metadata), _tokenizer(metadata)


def _model(tensors: dict[str, Any], metadata: dict[str, Any]) -> Any:
    import mlx.core as mx
    import mlx.nn as nn
    from mlx_lm.models import llama
    from mlx_lm.utils import infer_quant_config

    weights = {_mlx_name(name): tensor for name, tensor in tensors.items()}
    model = llama.Model(
        llama.ModelArgs(
            model_type="llama",
            hidden_size=_number(metadata, "llama.embedding_length"),
            num_hidden_layers=_number(metadata, "llama.block_count"),
            intermediate_size=_number(metadata, "llama.feed_forward_length"),
            num_attention_heads=_number(metadata, "llama.attention.head_count"),
            num_key_value_heads=_number(metadata, "llama.attention.head_count_kv"),
            rms_norm_eps=_number(metadata, "llama.attention.layer_norm_rms_epsilon"),
            vocab_size=len(metadata["tokenizer.ggml.tokens"]),
            max_position_embeddings=_number(metadata, "llama.context_length"),
            rope_theta=_number(metadata, "llama.rope.freq_base"),
            rope_traditional=True,  # GGUF stores the query and key rows in the interleaved order
            tie_word_embeddings="lm_head.weight" not in weights,
        )
    )

    def quantised_as(name: str, module: Any) -> Any:
        if hasattr(module, "to_quantized") and f"{name}.scales" in weights:
            return infer_quant_config(name, module, weights)
        return False

    nn.quantize(model, class_predicate=quantised_as)
    model.load_weights(list(weights.items()))
    model.eval()
    mx.eval(model.parameters())
    return model


def _mlx_name(name: str) -> str:
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(\w+)", name)
    if block and block[2] in BLOCK_NAMES:
        return f"model.layers.{block[1]}.{BLOCK_NAMES[block[2]]}.{block[3]}"
    stem, _, kind = name.rpartition(".")
    if stem in TOP_NAMES:
        return f"{TOP_NAMES[stem]}.{kind}"
    raise ModelError(f"This GGUF file holds a tensor the mlx backend does not know ({name}); use llamacpp:.")


def _tokenizer(metadata: dict[str, Any]) -> Any:
    from mlx_lm.tokenizer_utils import BPEStreamingDetokenizer, TokenizerWrapper
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokens = metadata["tokenizer.ggml.tokens"]
    kinds = metadata["tokenizer.ggml.token_type"].tolist()
    merges = [tuple(merge.split(" ", 1)) for merge in metadata["tokenizer.ggml.merges"]]
    inner = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    split: list[Any] = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    if metadata.get("tokenizer.ggml.pre") == "smollm":
        split.insert(0, pre_tokenizers.Digits(individual_digits=True))
    inner.pre_tokenizer = pre_tokenizers.Sequence(split)
    inner.decoder = decoders.ByteLevel()
    special = [t for t, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    end = _number(metadata, "tokenizer.ggml.eos_token_id")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=tokens[end])
    tokenizer.chat_template = metadata.get("tokenizer.chat_template")
    return TokenizerWrapper(tokenizer, BPEStreamingDetokenizer, eos_token_ids=[end])


def _number(metadata: dict[str, Any], key: str) -> Any:
    return metadata[key].item()
