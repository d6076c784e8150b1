"""How a page looks on a screen, in light and in dark, and on paper. It names nothing to fetch."""

STYLE = """
:root { --paper: #fff; --ink: #1f2430; --muted: #5d6675; --line: #dfe3e9; --soft: #f5f6f8;
  --ok: #18794e; --warn: #9a6700; --fail: #b42318; --skip: #5d6675; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #0f1218; --ink: #e7eaf0; --muted: #a0a9b8; --line: #2b313c; --soft: #161a22;
    --ok: #62cf9b; --warn: #e3b341; --fail: #ff8379; --skip: #a0a9b8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header { border-left: 5px solid var(--muted); padding-left: 1.1rem; }
header.ok { border-color: var(--ok); } header.warn { border-color: var(--warn); }
header.fail { border-color: var(--fail); }
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
p { margin: .5rem 0; overflow-wrap: anywhere; }
code, pre { font: .88em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { background: var(--soft); padding: .1em .35em; border-radius: 4px; overflow-wrap: anywhere; }
pre { background: var(--soft); padding: .8rem 1rem; border-radius: 6px; overflow-x: auto; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem; margin: 1.1rem 0; }
dl > div { background: var(--soft); border-radius: 6px; padding: .7rem .9rem; }
dt { color: var(--muted); font-size: .85rem; }
dd { margin: 0; color: var(--muted); font-size: .85rem; line-height: 1.4; }
dd.some, dd.none { font-size: 1.45rem; font-weight: 600; }
dd.some { color: var(--ink); } dd.none { font-weight: 400; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .6rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
td { font-variant-numeric: tabular-nums; min-width: 4.8em; }
td:first-child { white-space: nowrap; overflow-wrap: normal; }
th { color: var(--muted); font-weight: 500; white-space: nowrap; }
table.facts { width: auto; } table.facts th { padding-right: 1.6rem; }
.badge { font-size: .74rem; letter-spacing: .03em; white-space: nowrap;
  border: 1px solid; border-radius: 4px; padding: .05rem .35rem; }
.badge.ok { color: var(--ok); } .badge.warn { color: var(--warn); } .badge.fail { color: var(--fail); }
.badge.skip { color: var(--skip); }
.blank { border: 1px dashed var(--muted); border-radius: 6px; padding: .6rem .9rem; color: var(--muted); }
.blank code { display: block; margin-top: .3rem; background: none; padding: 0; }
figure { margin: 1rem 0; }
figure svg { display: block; width: 100%; }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, dl, figure, tr, .blank { break-inside: avoid; } h2 { break-after: avoid; }
  pre { white-space: pre-wrap; } .blank code { display: none; }
  .wide { overflow-x: visible; }
}
"""
"""For the `style` element of a page. Drawings bring their own."""
