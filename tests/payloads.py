"""Payloads: malicious strings that try to run a script, load something from another host or change the page."""

from __future__ import annotations

EVIL = "http://evil.example"
PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    f"<img src={EVIL}/a.png>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    f"<iframe src={EVIL}></iframe>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    f"<object data={EVIL}></object><embed src={EVIL}>",
    f"<form action={EVIL}><input name=q autofocus onfocus=window.pwned=1></form>",
    f"<style>body{{background:url({EVIL}/b.png)}}</style>",
    f"<div style='background:url({EVIL}/c.png);position:fixed;inset:0'>x</div>",
    f"<link rel=stylesheet href={EVIL}/d.css>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    f"<base href={EVIL}/>",
    f"<video src={EVIL}/e.mp4 autoplay></video><audio src={EVIL}/f.mp3 autoplay></audio>",
    "<a href='javascript:window.pwned=1'>click</a>",
    "<a href='data:text/html,<script>opener.pwned=1</script>'>click</a>",
    "<details open ontoggle=window.pwned=1>x</details>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
    '"><script>window.pwned=1</script>',
    "'-window.pwned=1-'",
    "</textarea><script>window.pwned=1</script>",
    "</template><script>window.pwned=1</script>",
    f"![picture]({EVIL}/g.png)",
    f"[link]({EVIL}/?q=secret) <{EVIL}> {EVIL}/h",
    "[x](javascript:window.pwned=1)",
    "```mermaid\ngraph TD; A[<img src=x onerror=window.pwned=1>]\n```",
    "$\\href{javascript:window.pwned=1}{x}$ $$\\includegraphics{http://evil.example/i.png}$$",
    "{{7*7}} {% raw %} ${window.pwned=1} <%= 7*7 %>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\u202e<script>window.pwned=1</script>\u200b",
)
