"""CLAP models of a few thousand random weights, saved as transformers saves them."""

import sys
from pathlib import Path

import torch

TEXTS = (
    "This audio is a calm deep house song with piano and drums.",
    "low middle high pure buzzing bass drone guitar jazz metal rock sad happy slow fast strings synth",
)


def write_tokenizer(folder: Path, words: tuple[str, ...] = TEXTS) -> None:
    """A byte-level tokenizer as RoBERTa's, learnt from a few texts on the spot."""
    import tokenizers
    from transformers import RobertaTokenizerFast

    bpe = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(words, vocab_size=400, min_frequency=1, special_tokens=special, show_progress=False)
    folder.mkdir(parents=True, exist_ok=True)
    bpe.save_model(str(folder))
    RobertaTokenizerFast.from_pretrained(folder, model_max_length=64).save_pretrained(folder)


def write_tiny_clap(folder: Path, fusion: bool = False, collapsed: bool = False) -> Path:
    """A CLAP with random weights.

    Args:
        folder: The folder to write.
        fusion: Whether its audio tower fuses parts of long sounds.
        collapsed: Whether its text tower answers every text alike, as one published checkpoint does.
    """
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor, RobertaTokenizerFast

    write_tokenizer(folder)
    tokenizer = RobertaTokenizerFast.from_pretrained(folder)
    audio = {
        **dict(patch_embeds_hidden_size=8, depths=[1, 1], num_attention_heads=[2, 2], hidden_size=16, spec_size=32),
        **dict(num_mel_bins=16, window_size=2, enable_fusion=fusion, num_hidden_layers=2),
        **(dict(fusion_type="aff_2d", aff_block_r=2) if fusion else {}),
    }
    text = {
        **dict(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2),
        **dict(intermediate_size=32, max_position_embeddings=66),
    }
    torch.manual_seed(0)
    model = ClapModel(ClapConfig(text_config=text, audio_config=audio, projection_dim=12)).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.ndim > 1:
                value.normal_(std=0.3)
            if "text_model.embeddings" in name and value.ndim > 1:
                value.mul_(5)
            if "audio_model" in name and value.ndim == 4:
                value.mul_(5)
        if collapsed:
            model.text_projection.linear2.bias.fill_(300)
    model.save_pretrained(folder)
    extractor = ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=16_000,
        hop_length=500,
        max_length_s=1,
        fft_window_size=512,
        frequency_max=8000,
        truncation="fusion" if fusion else "rand_trunc",
    )
    ClapProcessor(extractor, tokenizer).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    write_tiny_clap(Path(sys.argv[1]))
