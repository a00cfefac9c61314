"""The backtest as one HTML file that needs nothing else: the table, the saving day by day, and every slot to look into."""

import json
from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from app.domain.site import Site
from app.replay.backtest import Row
from app.replay.outcome import share
from app.replay.study import NO_BATTERY, Study

COLOURS = {"self_use": "#7f9c96", "force_charge": "#2f6fde", "force_discharge": "#e0701f", "feed_in_first": "#d8a900", "hold": "#8a63c9"}
WORDS = {"self_use": "self-use", "force_charge": "charge", "force_discharge": "discharge", "feed_in_first": "feed in first", "hold": "hold"}
SHOWN_DAYS = 7
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:1200px;
margin:2rem auto;padding:0 1rem;color:#1d2426;background:#fff}}
table{{border-collapse:collapse}}
th,td{{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #dde3e4}}
th:first-child,td:first-child{{text-align:left}}tr.ours{{font-weight:600}}tr.bound{{color:#5d6a6e}}
.wide{{overflow-x:auto}}h2{{margin:2.2rem 0 .3rem}}
p{{max-width:75ch}}</style><h1>{title}</h1><p>{lead}</p><div class="wide">{table}</div><p>{note}</p>
<h2>Saved so far against no battery</h2><div id="saved"></div><h2>Saved each week</h2><div id="weeks"></div>
<h2>Every slot</h2><p>Drag to move, scroll or use the slider below to look into a day. Bars are coloured by what the inverter was told.</p>
<div id="slots"></div><script>{library}</script><script>
const layout = (more) => Object.assign({{font:{{family:"system-ui,sans-serif"}},margin:{{l:60,r:60,t:40,b:40}},hovermode:"x unified",
legend:{{orientation:"h",x:0,y:1.02,yanchor:"bottom"}}}}, more);
const config = {{responsive:true,displaylogo:false,scrollZoom:true}};
for (const [id, figure] of Object.entries({figures})) Plotly.newPlot(id, figure.data, layout(figure.layout), config);
</script></html>
"""
NOTE = (
    "“Published” is the bound that comparisons usually print: a linear program that knows everything and may buy and sell in the same "
    "moment, which earns money from nothing where selling pays more than buying; no house can reach it. “Possible” forbids that. "
    "Load and sun stand at their means within a slot, for every policy alike."
)


def report(path: Path, found: Study, site: Site, *, title: str, lead: str) -> None:
    """Write the report."""
    ours = next(name for name in reversed(found.rows) if name not in _baselines(found))
    figures = {"saved": _saved(found, site), "weeks": _weeks(found, site), "slots": _slots(found.rows[ours], site)}
    path.write_text(
        PAGE.format(
            title=escape(title),
            lead=escape(lead),
            table=_table(found, site),
            note=escape(NOTE),
            library=_library(),
            figures=json.dumps(figures, separators=(",", ":")).replace("</", "<\\/"),
        )
    )


def _baselines(found: Study) -> Sequence[str]:
    return list(found.rows)[:3]


def _library() -> str:
    """Return the chart library out of the plotly package, which is not imported for it."""
    spec = find_spec("plotly")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the plotly package is not installed")
    return (Path(spec.submodule_search_locations[0]) / "package_data" / "plotly.min.js").read_text().replace("</script", "<\\/script")


def _table(found: Study, site: Site) -> str:
    nothing = found.outcome(NO_BATTERY).cost
    cells = [
        [
            each.name,
            f"{each.cost:.2f}",
            f"{nothing - each.cost:.2f}",
            *_shares(found, each.cost),
            "" if each.name in _baselines(found) else "ours",
        ]
        for each in found.outcomes
    ]
    bounds = (("perfect foresight, published", found.at_once), ("perfect foresight, possible", found.honest))
    cells += [[name, f"{cost:.2f}", f"{nothing - cost:.2f}", *_shares(found, cost), "bound"] for name, cost in bounds if cost is not None]
    head = "".join(f"<th>{word}</th>" for word in ("", f"cost, {site.currency}", "saved", "% of published", "% of possible"))
    body = "".join(f'<tr class="{row[-1]}">' + "".join(f"<td>{escape(cell)}</td>" for cell in row[:-1]) + "</tr>" for row in cells)
    return f"<table><tr>{head}</tr>{body}</table>"


def _shares(found: Study, cost: float) -> list[str]:
    nothing = found.outcome(NO_BATTERY).cost
    shares = [None if perfect is None else share(cost, nothing=nothing, perfect=perfect) for perfect in (found.at_once, found.honest)]
    return ["" if each is None else f"{100 * each:.1f}" for each in shares]


def _by(rows: Sequence[Row], site: Site, form: str) -> dict[str, float]:
    """Return cost by local day or week, wear included."""
    total: dict[str, float] = {}
    for row in rows:
        key = row.start.astimezone(site.zone).strftime(form)
        total[key] = total.get(key, 0.0) + row.cost + row.wear
    return total


def _saved(found: Study, site: Site) -> dict[str, Any]:
    nothing = _by(found.rows[NO_BATTERY], site, "%Y-%m-%d")
    data = []
    for name, rows in found.rows.items():
        if name != NO_BATTERY:
            so_far, line = 0.0, []
            for day, cost in _by(rows, site, "%Y-%m-%d").items():
                so_far += nothing[day] - cost
                line.append(round(so_far, 2))
            data.append({"x": [_end(day) for day in nothing], "y": line, "name": name, "type": "scatter", "mode": "lines"})
    return {"data": data, "layout": {"yaxis": {"title": {"text": site.currency}}, "height": 420}}


def _end(day: str) -> str:
    """Return the midnight that ends a day: what a day saved is known then, and a chart would draw the date at its beginning."""
    return f"{date.fromisoformat(day) + timedelta(days=1)} 00:00"


def _weeks(found: Study, site: Site) -> dict[str, Any]:
    nothing = _by(found.rows[NO_BATTERY], site, "%G-W%V")
    data = [
        {
            "x": list(nothing),
            "y": [round(nothing[w] - cost, 2) for w, cost in _by(rows, site, "%G-W%V").items()],
            "name": name,
            "type": "bar",
        }
        for name, rows in found.rows.items()
        if name != NO_BATTERY
    ]
    return {
        "data": data,
        "layout": {"yaxis": {"title": {"text": site.currency}}, "barmode": "group", "height": 380, "xaxis": {"type": "category"}},
    }


def _slots(rows: Sequence[Row], site: Site) -> dict[str, Any]:
    at = [f"{row.start.astimezone(site.zone):%Y-%m-%d %H:%M}" for row in rows]
    hours = (rows[1].start - rows[0].start).total_seconds() / 3600 if len(rows) > 1 else 0.5
    data: list[dict[str, Any]] = []
    for mode, colour in COLOURS.items():
        kw = [round((row.charge_kwh - row.discharge_kwh) / hours, 3) if row.command.mode == mode else None for row in rows]
        data.append({"x": at, "y": kw, "name": f"battery kW: {WORDS[mode]}", "type": "bar", "marker": {"color": colour}, "yaxis": "y2"})
    lines = (
        ("load kW", [round(row.load_kwh / hours, 3) for row in rows], "#333333", "y2"),
        ("sun kW", [round(row.solar_kwh / hours, 3) for row in rows], "#f2b705", "y2"),
        ("charge %", [round(site.battery.pct(row.stored_end_kwh), 1) for row in rows], "#2a9d62", "y3"),
        (f"buy {site.currency}/kWh", [row.import_per_kwh for row in rows], "#b3261e", "y"),
        (f"sell {site.currency}/kWh", [row.export_per_kwh for row in rows], "#e58b86", "y"),
    )
    for name, values, colour, axis in lines:
        line = {"color": colour, "width": 1.4, "shape": "linear" if axis == "y3" else "hv"}
        data.append({"x": at, "y": values, "name": name, "type": "scatter", "mode": "lines", "line": line, "yaxis": axis})
    last = at[min(len(at) - 1, round(24 / hours) * SHOWN_DAYS)]
    layout = {
        "height": 820,
        "barmode": "relative",
        "bargap": 0,
        "dragmode": "pan",
        "xaxis": {"range": [at[0], last], "rangeslider": {"visible": True, "thickness": 0.06}, "anchor": "y"},
        "yaxis": {"domain": [0.0, 0.28], "title": {"text": "price"}},
        "yaxis2": {"domain": [0.36, 0.7], "title": {"text": "kW"}},
        "yaxis3": {"domain": [0.76, 1.0], "title": {"text": "charge %"}, "range": [0, 102]},
    }
    return {"data": data, "layout": layout}
