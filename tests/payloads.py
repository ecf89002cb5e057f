"""What people write who want a page to run something, or to tell somebody something."""

from __future__ import annotations

E = "http://evil.example"
PAYLOADS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    f"<img src={E}/a.png>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    f"<iframe src={E}></iframe>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    f"<object data={E}></object><embed src={E}>",
    f"<form action={E}><input name=q autofocus onfocus=window.pwned=1></form>",
    f"<style>body{{background:url({E}/b.png)}}</style>",
    f"<div style='background:url({E}/c.png);position:fixed;inset:0'>x</div>",
    f"<link rel=stylesheet href={E}/d.css>",
    f"<meta http-equiv=refresh content='0;url={E}'>",
    f"<base href={E}/>",
    f"<video src={E}/e.mp4 autoplay></video><audio src={E}/f.mp3 autoplay></audio>",
    "<a href='javascript:window.pwned=1'>click</a>",
    "<a href='data:text/html,<script>opener.pwned=1</script>'>click</a>",
    "<details open ontoggle=window.pwned=1>x</details>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
    '"><script>window.pwned=1</script>',
    "'-window.pwned=1-'",
    "</textarea><script>window.pwned=1</script>",
    "</template><script>window.pwned=1</script>",
    f"![picture]({E}/g.png)",
    f"[link]({E}/?q=secret) <{E}> {E}/h",
    "[x](javascript:window.pwned=1)",
    "```mermaid\ngraph TD; A[<img src=x onerror=window.pwned=1>]\n```",
    "$\\href{javascript:window.pwned=1}{x}$ $$\\includegraphics{http://evil.example/i.png}$$",
    "{{7*7}} {% raw %} ${window.pwned=1} <%= 7*7 %>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\u202e<script>window.pwned=1</script>\u200b",
)
