"""How a chart looks: a style sheet that names no font to fetch, and has its colours for light and for dark.

Plain rules, no variables: converters to PDF know those. The two colours of the lines are told apart also by people
who see no red or green, and on paper the old version's dots are hollow.
"""

from collections.abc import Mapping

_LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2430",
    "muted": "#5d6675",
    "grid": "#e4e7ec",
    "old": "#2563a8",
    "new": "#c2410c",
    "other": "#667a2e",
    "bad": "#b42318",
    "good": "#18794e",
}
_DARK = {
    "paper": "#161a22",
    "ink": "#e7eaf0",
    "muted": "#a0a9b8",
    "grid": "#2b313c",
    "old": "#74b3f7",
    "new": "#ff9457",
    "other": "#b8c974",
    "bad": "#ff8379",
    "good": "#62cf9b",
}


def _colours(c: Mapping[str, str]) -> str:
    rules = [
        f".chart .paper{{fill:{c['paper']};stroke:{c['grid']}}}",
        f".chart .title,.chart .name,.chart .label.limit{{fill:{c['ink']}}}",
        f".chart .tick,.chart .flag{{fill:{c['muted']}}}",
        f".chart .grid{{stroke:{c['grid']}}}.chart .axis,.chart .pole{{stroke:{c['muted']}}}",
        f".chart .level.limit{{stroke:{c['ink']}}}.chart .over{{fill:{c['bad']}}}",
        f".chart .level.baseline{{stroke:{c['old']}}}.chart .label.baseline{{fill:{c['old']}}}",
        f".chart .dot.old{{fill:{c['paper']}}}",
    ]
    for role in ("old", "new", "other"):
        rules.append(f".chart .line.{role},.chart .dot.{role}{{stroke:{c[role]}}}")
    for role in ("new", "other"):
        rules.append(f".chart .dot.{role}{{fill:{c[role]}}}")
    for role in ("bad", "good"):
        rules.append(f".chart .flag.{role}{{fill:{c[role]}}}.chart .pole.{role}{{stroke:{c[role]}}}")
    return "".join(rules)


STYLE = (
    ".chart{max-width:100%;height:auto}"
    ".chart text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
    ".chart .title{font-size:15px;font-weight:600}.chart .flag.bad{font-weight:600}"
    ".chart .end{text-anchor:end}.chart .middle{text-anchor:middle}"
    ".chart path{fill:none}.chart .line{stroke-width:2;stroke-linejoin:round}.chart .dot{stroke-width:1.5}"
    ".chart .level{stroke-width:1.5}.chart .level.limit{stroke-dasharray:7 4}"
    ".chart .level.baseline{stroke-dasharray:2 3}.chart .over{opacity:.07}.chart .pole{stroke-dasharray:1 3}"
    + _colours(_LIGHT)
    + f"@media screen and (prefers-color-scheme:dark){{{_colours(_DARK)}}}"
)
"""For the `style` element of a chart. Every rule is for what is inside `.chart`: it may stand in a page too."""
