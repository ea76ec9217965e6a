"""`python -m nma13.training lexicon | screen`: fit what is shipped again, from the texts that are shipped."""

from __future__ import annotations

import sys

from nma13.training import lexicon, screen

WORK = {"lexicon": lexicon.main, "screen": screen.main}

if __name__ == "__main__":
    wanted = sys.argv[1:] or sorted(WORK)
    if unknown := [name for name in wanted if name not in WORK]:
        sys.exit(f"There is nothing called {', '.join(unknown)} to fit; there are {', '.join(sorted(WORK))}.")
    sys.exit(max(WORK[name]() for name in wanted))
