/** The page's style: the picture's classes repainted for a dark screen, tables that scroll on a narrow one. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#111827;--soft:#4b5563;--rule:#e5e7eb;--alarm:#b91c1c}
@media (prefers-color-scheme:dark){
:root{--paper:#15181d;--ink:#e7e9ee;--soft:#a3abb8;--rule:#2c323b}
svg .paper{fill:var(--paper)}svg .ink{fill:var(--ink)}svg .soft{fill:var(--soft)}svg .halo{stroke:var(--paper)}
svg .grid{stroke:var(--rule)}svg .axis{stroke:var(--soft)}svg .line{stroke:var(--ink)}svg .under{stroke:var(--paper)}
svg .layer,svg .key rect{filter:brightness(1.35)}svg .now rect{stroke:var(--soft)}
}
*{box-sizing:border-box}[hidden]{display:none!important}
body{margin:0 auto;max-width:1280px;padding:20px 24px 48px;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
.unseen{position:absolute;clip-path:inset(50%)}h2{font-size:16px;margin:32px 0 6px}
p{margin:4px 0}.soft-text,caption,figcaption{color:var(--soft)}
.controls{display:flex;flex-wrap:wrap;gap:6px 18px;margin:14px 0 8px;align-items:center}
.unit{position:absolute;opacity:0}
.unit+label{display:inline-block;border:1px solid var(--soft);border-radius:4px;padding:3px 12px;margin:14px 6px 0 0;cursor:pointer}
.unit:checked+label{background:var(--ink);color:var(--paper)}
.unit:focus-visible+label{outline:2px solid #6d5bd0;outline-offset:2px}
figure{margin:10px 0;overflow-x:auto}figure svg{display:block;width:100%;min-width:900px;height:auto}
.driver{display:none}#unit-driver:checked~figure .driver{display:block}#unit-driver:checked~figure .usd{display:none}
#readout{min-height:4.5em;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule);padding:6px 0;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:3px 12px 3px 0;text-align:left;white-space:nowrap;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--soft)}.right{text-align:right}.wrap{white-space:normal;min-width:16em}
.mono{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px}.bad{color:var(--alarm);font-weight:600}
@media (prefers-color-scheme:dark){.bad{color:#f87171}}
details{margin:6px 0}summary{cursor:pointer}
@media print{.controls,#readout,.unit,.unit+label{display:none}}
`
