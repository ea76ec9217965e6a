"""The sign-in page. It names nothing: a stranger learns only that there is a door."""

from __future__ import annotations

from html import escape

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>Sign in</title>
<style>
:root {{ --paper:#faf9f7; --card:#fffefc; --ink:#262420; --soft:#575146; --line:#d1cbbf; --field:#8a8172;
  --go:#0f766e; --on:#fff; --bad:#9b2c2c }}
@media (prefers-color-scheme:dark) {{ :root {{ --paper:#100f0d; --card:#191815; --ink:#f3f1ec; --soft:#a8a091;
  --line:#403b33; --field:#857c6d; --go:#70d6c6; --on:#100f0d; --bad:#f2a7a0 }} }}
* {{ box-sizing:border-box }}
body {{ margin:0; min-height:100vh; display:grid; place-items:center; padding:1rem; color:var(--ink);
  background:var(--paper);
  font:16px/1.5 ui-sans-serif,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif }}
main {{ width:min(24rem,100%); background:var(--card); border:1px solid var(--line); border-radius:14px;
  padding:1.75rem }}
h1 {{ font:600 1.5rem/1.2 ui-serif,"New York","Iowan Old Style",Georgia,serif; margin:0 0 .25rem }}
p {{ margin:0 0 1rem; color:var(--soft) }} p[role=alert] {{ color:var(--bad) }}
label {{ display:block; font-weight:600; margin-bottom:.3rem }}
input,button {{ width:100%; font:inherit; border-radius:10px; padding:.65rem .8rem; min-height:44px }}
input {{ border:1px solid var(--field); background:var(--paper); color:inherit; margin-bottom:1rem }}
button {{ border:0; background:var(--go); color:var(--on); font-weight:600; cursor:pointer }}
:focus-visible {{ outline:3px solid var(--go); outline-offset:2px }}
</style>
</head>
<body>
<main>
<h1>Sign in</h1>
<p>The token was printed where this was started.</p>
{notice}<form method="post" action="/sign-in">
<input type="hidden" name="next" value="{target}">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>
</main>
</body>
</html>
"""


def sign_in_page(target: str, notice: str = "") -> bytes:
    """The page, leading to `target` afterwards."""
    line = f'<p role="alert">{escape(notice)}</p>\n' if notice else ""
    return _PAGE.format(notice=line, target=escape(target)).encode()
