"""One look for all pages: light and dark, no fonts fetched, contrast AA (measured in tests/browser)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.gradio_setup import gr

LOOK = Path(__file__).parent / "look"
SANS = [
    "ui-sans-serif",
    "-apple-system",
    "BlinkMacSystemFont",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    "Arial",
]
MONO = ["ui-monospace", "SF Mono", "Menlo", "Consolas"]

TIDE = (
    "#effcf9",
    "#d2f5ed",
    "#a6e9dc",
    "#70d6c6",
    "#3dbbab",
    "#1f9f91",
    "#0f766e",
    "#0f5f5a",
    "#114c49",
    "#123f3d",
)
STONE = (
    "#faf9f7",
    "#f3f1ec",
    "#e6e2da",
    "#d1cbbf",
    "#a8a091",
    "#756d60",
    "#575146",
    "#403b33",
    "#262420",
    "#191815",
)
STEPS = ("c50", "c100", "c200", "c300", "c400", "c500", "c600", "c700", "c800", "c900")


def _colour(name: str, shades: tuple[str, ...], darkest: str) -> Any:
    return gr.themes.Color(name=name, c950=darkest, **dict(zip(STEPS, shades, strict=True)))


def theme() -> Any:
    """The Gradio theme. Names that end in _dark hold for the dark scheme, which follows the system."""
    tide, stone = _colour("tide", TIDE, "#042524"), _colour("stone", STONE, "#100f0d")
    sizes = gr.themes.sizes
    return gr.themes.Base(
        primary_hue=tide,
        secondary_hue=tide,
        neutral_hue=stone,
        radius_size=sizes.radius_lg,
        spacing_size=sizes.spacing_md,
        text_size=sizes.text_md,
        font=[*SANS, "sans-serif"],
        font_mono=[*MONO, "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="#fffefc",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_shadow="0 1px 2px rgba(20,18,12,.05)",
        block_label_text_weight="600",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="*neutral_100",
        input_background_fill_dark="*neutral_950",
        input_border_width="1px",
        input_border_color="*neutral_500",  # an input's edge is what shows where it is: 3:1 at least
        input_border_color_dark="*neutral_500",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_400",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        button_primary_background_fill_dark="*primary_300",
        button_primary_background_fill_hover_dark="*primary_200",
        button_primary_text_color_dark="*neutral_950",
    )


def css() -> str:
    """Everything the theme's variables cannot say."""
    return (LOOK / "lab.css").read_text(encoding="utf-8")


def head() -> str:
    """Keyboard, deep links and the page's colours for the browser's own chrome."""
    script = (LOOK / "lab.js").read_text(encoding="utf-8")
    return (
        '<meta name="theme-color" content="#faf9f7" media="(prefers-color-scheme: light)">'
        '<meta name="theme-color" content="#100f0d" media="(prefers-color-scheme: dark)">'
        f"<script>{script}</script>"
    )
