"""Seven stations think about one matter in rounds: the engine that the loops and the Inner House share."""

from nma13.deliberation.checks import Checked, check_output
from nma13.deliberation.engine import Answer, Mode, Output, Transcript, arbitrate, deliberate
from nma13.deliberation.programme import Field, Programme, ProgrammeError, Question, Round, load_programme
from nma13.deliberation.prompts import Block, Case

__all__ = [
    "Answer",
    "Block",
    "Case",
    "Checked",
    "Field",
    "Mode",
    "Output",
    "Programme",
    "ProgrammeError",
    "Question",
    "Round",
    "Transcript",
    "arbitrate",
    "check_output",
    "deliberate",
    "load_programme",
]
