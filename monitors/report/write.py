"""Reports as files: Markdown with its figures beside it, a DOCX, or one HTML page that needs nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from html import escape

from monitors.report.drawing import png, svg
from monitors.report.parts import OPEN, Figure, Heading, Paragraph, Part, Report, Signal, Table

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 52rem; background: #fff; color: #262420;
  font: 1rem/1.6 ui-sans-serif, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
h1, h2 { font-family: ui-serif, "New York", "Iowan Old Style", Georgia, serif; font-weight: 600; line-height: 1.25; }
h1 { font-size: 2rem; margin: 0 0 .2rem; } h2 { font-size: 1.35rem; margin: 2.4rem 0 .6rem; }
.about, figcaption, caption { color: #575146; font-size: .9rem; }
table { width: 100%; border-collapse: collapse; margin: 1.2rem 0;
  font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-top: 1px solid #e6e2da; vertical-align: top; }
thead th { border-top: 0; font-weight: 400; color: #575146; }
figure { margin: 1.4rem 0; } figure svg { width: 100%; height: auto; }
.signal { margin: 1.6rem 0 1rem; padding: 1rem 1.2rem; border: 1px solid #ecd3a2; border-radius: 12px;
  background: #fdf8ec; }
.signal h3 { margin: 0 0 .4rem; font-size: 1.08rem; } .signal p { margin: .4rem 0 0; }
.open { display: inline-block; margin-right: .6rem; padding: 0 .55rem; border: 1px solid #7a4a06; border-radius: 99px;
  color: #7a4a06; font-size: .78rem; letter-spacing: .06em; vertical-align: .12em; }
@media print { body { padding: 0; } .signal, figure, tr { break-inside: avoid; } }
"""


def markdown(report: Report) -> bytes:
    """A folder in one file: report.md and its figures."""
    lines = [f"# {report.title}", "", report.about, ""]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as folder:
        for part in report.parts:
            lines += [*_markdown(part), ""]
            if isinstance(part, Figure):
                folder.writestr(f"figures/{part.name}.svg", svg(part.drawing))
        folder.writestr("report.md", "\n".join(lines))
    return out.getvalue()


def html(report: Report) -> bytes:
    """One page: styles and figures inside it, no script."""
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return f"{head}{view}<style>{STYLE}</style></head><body>{body(report)}</body></html>".encode()


def body(report: Report) -> str:
    """The report without its page."""
    parts = "\n".join(_html(part) for part in report.parts)
    return f'<h1>{escape(report.title)}</h1><p class="about">{escape(report.about)}</p>\n{parts}'


def docx(report: Report) -> bytes:
    """For word processors, with the figures as pictures."""
    import docx as library
    from docx.shared import Cm, Pt

    document = library.Document()
    document.styles["Normal"].font.size = Pt(10.5)
    document.add_heading(report.title, 0)
    document.add_paragraph(report.about)
    for part in report.parts:
        match part:
            case Heading(words, level):
                document.add_heading(words, level - 1)
            case Paragraph(words):
                document.add_paragraph(words)
            case Table(head, rows, caption):
                document.add_paragraph(caption, style="Caption")
                table = document.add_table(1, len(head), style="Light List Accent 1")
                for cell, words in zip(table.rows[0].cells, head, strict=True):
                    cell.text = words
                for row in rows:
                    for cell, words in zip(table.add_row().cells, row, strict=True):
                        cell.text = words
                document.add_paragraph()
            case Figure(_, drawing, caption):
                document.add_picture(io.BytesIO(png(drawing)), width=Cm(15.5))
                document.add_paragraph(caption, style="Caption")
            case Signal(title, noticed, now, not_shown):
                document.add_heading(f"{OPEN} · {title}", 2)
                for label, words in _signal_lines(noticed, now, not_shown):
                    paragraph = document.add_paragraph()
                    paragraph.add_run(f"{label} ").bold = True
                    paragraph.add_run(words)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


WRITERS: dict[str, tuple[str, Callable[[Report], bytes]]] = {
    "Markdown": ("zip", markdown),
    "DOCX": ("docx", docx),
    "HTML": ("html", html),
}


def _signal_lines(noticed: str, now: str, not_shown: str) -> tuple[tuple[str, str], ...]:
    return ("Noticed.", noticed), ("In these cycles.", now), ("What this does not show.", not_shown)


def _markdown(part: Part) -> list[str]:
    match part:
        case Heading(words, level):
            return [f"{'#' * level} {words}"]
        case Paragraph(words):
            return [words]
        case Table(head, rows, caption):
            lines = [f"*{caption}*", "", _row(head), _row(["---"] * len(head))]
            return [*lines, *(_row(row) for row in rows)]
        case Figure(name, _, caption):
            return [f"![{caption}](figures/{name}.svg)", "", f"*{caption}*"]
        case Signal(title, noticed, now, not_shown):
            lines = [f"### {OPEN} · {title}"]
            for label, words in _signal_lines(noticed, now, not_shown):
                lines += ["", f"**{label}** {words}"]
            return lines


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _html(part: Part) -> str:
    match part:
        case Heading(words, level):
            return f"<h{level}>{escape(words)}</h{level}>"
        case Paragraph(words):
            return f"<p>{escape(words)}</p>"
        case Table(head, rows, caption):
            top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
            body_ = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
            inside = f"<thead><tr>{top}</tr></thead><tbody>{body_}</tbody>"
            return f"<table><caption>{escape(caption)}</caption>{inside}</table>"
        case Figure(_, drawing, caption):
            return f"<figure>{svg(drawing)}<figcaption>{escape(caption)}</figcaption></figure>"
        case Signal(title, noticed, now, not_shown):
            lines = "".join(
                f"<p><b>{label}</b> {escape(words)}</p>" for label, words in _signal_lines(noticed, now, not_shown)
            )
            return f'<section class="signal"><h3><span class="open">{OPEN}</span>{escape(title)}</h3>{lines}</section>'
