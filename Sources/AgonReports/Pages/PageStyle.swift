import Foundation

/// The skeleton and style of a page: light and dark, wide and narrow, screen and paper.
enum PageStyle {
    private static func reload(_ seconds: Int?) -> Markup {
        seconds.map { "\n<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? ""
    }

    /// A whole page. Its content security policy forbids scripts and external resources.
    ///
    /// - Parameter reloadSeconds: after how many seconds a browser reloads the page; nil: never.
    static func page(title: String, reloadSeconds: Int?, body: Markup) -> Markup {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark">\(reload(reloadSeconds))
        <title>\(title)</title>
        <style>
        \(style)
        \(Timeline.rules)
        </style>
        </head>
        <body>
        <main>
        \(body)
        </main>
        </body>
        </html>

        """
    }

    /// The light colour scheme. Curves use Okabe and Ito's colour-blind-safe palette, the pale colours
    /// darkened.
    private static let light: Markup =
        """
        --ground:#fff;--panel:#f5f7f9;--ink:#181b1f;--soft:#5a6470;--line:#dde2e7;--accent:#0b63c5;--good:#13703a;\
        --bad:#b3261e;--warn:#8a5a00;--shade:rgba(0,0,0,.3);--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#aa4499;\
        --c4:#cc8800;--c5:#3399cc;--c6:#666;--c7:#882255
        """

    /// The style of charts in pages and figures.
    static let chart: Markup = """
        svg text{fill:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
        svg .grid{stroke:var(--line);stroke-width:1}
        svg polyline{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
        svg .raw{stroke-width:1;opacity:.3}svg .thin{stroke-width:1.1}
        svg .band{opacity:.16}svg .area{opacity:.85;stroke:var(--ground);stroke-width:.4}
        svg .mark{stroke:var(--bad);stroke-width:1;stroke-dasharray:2 3}
        svg .level{stroke:var(--soft);stroke-width:1;stroke-dasharray:5 4}
        svg .spot{fill:var(--ground);stroke:var(--ink);stroke-width:1.6}
        """

    /// A standalone drawing, with the light colours in place of CSS variables.
    static func standalone(_ drawing: Markup) -> String {
        light.text.split(separator: ";").reduce(drawing.text) { text, entry in
            let parts = entry.split(separator: ":")
            return text.replacingOccurrences(of: "var(\(parts[0]))", with: parts[1])
        }
    }

    /// Tables too wide for their box show a fixed shadow at the edge that hides columns; a cover of the
    /// background colour scrolls away from it with the content.
    private static let style: Markup = """
        :root{\(light)}
        @media (prefers-color-scheme:dark){:root{--ground:#121417;--panel:#1b1f24;--ink:#e7eaee;--soft:#9aa5b1;
        --line:#30363d;--accent:#6cb0ff;--good:#5fd38d;--bad:#ff8a80;--warn:#f0b849;--shade:rgba(255,255,255,.3);
        --c0:#4aa8e0;--c1:#ff8a3d;--c2:#2fc79b;
        --c3:#d77fc5;--c4:#e6b04d;--c5:#85c8f2;--c6:#a5a5a5;--c7:#d46a99}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--ground);color:var(--ink);
        font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif}
        main{max-width:1240px;margin:0 auto;padding:clamp(20px,4vw,48px) clamp(16px,3vw,40px) 56px}
        h1,h2,h3,p,figure,ul,dl,dd{margin:0}
        h1{font-size:clamp(1.6rem,1.1rem + 2vw,2.3rem);line-height:1.15;letter-spacing:-.015em;overflow-wrap:anywhere}
        h2{font-size:1.25rem;letter-spacing:-.01em;margin:0 0 14px}
        h3{font-size:.95rem;font-weight:600}
        section{margin-top:44px}
        a{color:var(--accent)}
        .eyebrow{color:var(--soft);font-size:.85rem;margin-bottom:6px}
        .lead{margin-top:10px;max-width:70ch;color:var(--soft)}
        .facts{margin-top:12px;color:var(--soft);font-size:.9rem;display:flex;flex-wrap:wrap;gap:2px 18px}
        .facts span{overflow-wrap:anywhere}
        .state{display:inline-block;font-size:.8rem;font-weight:600;padding:2px 10px;border-radius:99px;
        border:1px solid currentColor;vertical-align:middle;white-space:nowrap}
        .state.done{color:var(--good)}.state.failed,.state.died,.state.damaged{color:var(--bad)}
        .state.stopped,.state.pruned,.state.waiting{color:var(--warn)}.state.running{color:var(--accent)}
        .reason{margin-top:12px;padding:10px 14px;border-left:3px solid var(--bad);background:var(--panel);
        overflow-wrap:anywhere}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:1px;margin-top:24px;
        border:1px solid var(--line);border-radius:10px;overflow:hidden}
        .tiles>div{padding:14px 16px;box-shadow:0 0 0 1px var(--line)}
        .tiles dt{color:var(--soft);font-size:.8rem;overflow-wrap:anywhere}
        .tiles dd{font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3}
        .tiles dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft);line-height:1.35}
        .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:28px;align-items:start}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,350px),1fr));gap:28px 32px}
        .chart{min-width:0;break-inside:avoid}
        .chart figcaption p{font-size:.8rem;color:var(--soft);overflow-wrap:anywhere}
        .chart svg{display:block;width:100%;height:auto;margin-top:6px;overflow:visible}
        \(chart)
        @media (min-width:980px){.pair svg text{font-size:9.5px}.pair svg polyline{stroke-width:1.4}}
        .pair .chart+.chart{margin-top:26px}
        .legend{list-style:none;padding:0;margin-top:8px;display:flex;flex-wrap:wrap;gap:2px 16px;font-size:.8rem}
        .legend li{display:flex;align-items:center;gap:6px;min-width:0;overflow-wrap:anywhere}
        .legend i{flex:none;width:12px;height:4px;border-radius:2px}
        .legend b{font-weight:400;color:var(--soft);font-variant-numeric:tabular-nums;white-space:nowrap}
        .legend.many{display:grid;grid-template-columns:repeat(auto-fill,minmax(84px,1fr));gap:0 10px}
        .legend.many b{display:none}
        .galleries{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,210px),1fr));gap:24px}
        .galleries>div{max-width:400px}
        .galleries h3{overflow-wrap:anywhere;margin-bottom:8px}
        .galleries h3 small{display:block;font-weight:400;color:var(--soft)}
        .time{position:relative;min-width:0}.pair .time,.galleries .time{max-width:560px}
        .time>input{position:absolute;opacity:0;width:1px;height:1px;pointer-events:none}
        .frame{display:none}
        .frame img{display:block;width:100%;height:auto;border-radius:6px;background:var(--panel)}
        .frame img.small{image-rendering:pixelated}
        .frame figcaption{font-size:.85rem;color:var(--soft);margin-top:6px;font-variant-numeric:tabular-nums}
        .track{display:flex;margin-top:4px}
        .track label{flex:1;height:30px;cursor:pointer;position:relative}
        .track label::before{content:"";position:absolute;left:1px;right:1px;top:13px;height:5px;background:var(--line);
        border-radius:3px}
        .track label::after{content:"";position:absolute;right:0;top:7px;width:17px;height:17px;border-radius:50%;
        background:var(--accent);border:3px solid var(--ground);opacity:0}
        .track label:hover::before{background:var(--soft)}
        .time>input:focus-visible~.track{outline:2px solid var(--accent);outline-offset:2px;border-radius:6px}
        .jump{display:none;align-items:center;justify-content:center;gap:8px;font-variant-numeric:tabular-nums}
        .jump b{min-width:9em;text-align:center;font-weight:600}
        .jump label,.jump i{width:48px;height:44px;display:grid;place-items:center}
        .jump label{font:1.6rem/1 serif;border-radius:10px;border:1px solid var(--line);color:var(--accent);
        cursor:pointer;user-select:none;-webkit-user-select:none}
        .jump label:hover{background:var(--panel)}
        .ends{display:flex;justify-content:space-between;gap:12px;font-size:.8rem;color:var(--soft)}
        .pair>*{min-width:0}.pair th[scope=row]{min-width:8em}
        .scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background-color:var(--ground);
        background-image:linear-gradient(to right,var(--ground) 16px,transparent),
        linear-gradient(to left,var(--ground) 16px,transparent),linear-gradient(to right,var(--shade),transparent),
        linear-gradient(to left,var(--shade),transparent);background-position:left,right,left,right;
        background-size:44px 100%,44px 100%,16px 100%,16px 100%;background-repeat:no-repeat;
        background-attachment:local,local,scroll,scroll}
        table{border-collapse:separate;border-spacing:0;width:100%;font-size:.88rem;font-variant-numeric:tabular-nums}
        th,td{padding:8px 14px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
        th{font-weight:600;color:var(--soft);background:var(--panel);vertical-align:bottom}
        tr:last-child td,tr:last-child th[scope=row]{border-bottom:0}
        td.words,th.words{text-align:left}
        thead th:first-child{position:sticky;left:0}
        th[scope=row]{text-align:left;color:var(--ink);background:var(--ground);font-weight:500;position:sticky;left:0;
        white-space:normal;min-width:min(15em,38vw);max-width:22em;overflow-wrap:anywhere}
        td.long{white-space:normal;min-width:16em;max-width:46em;overflow-wrap:anywhere}
        td b{font-weight:700}td .pm{color:var(--soft)}td .none{color:var(--soft)}
        .notes{margin-top:10px;padding-left:18px;font-size:.85rem;color:var(--soft);max-width:100ch;overflow-wrap:anywhere}
        .bar{display:flex;height:22px;border-radius:6px;overflow:hidden;background:var(--panel)}
        .bar i{display:block;min-width:2px}
        details{border:1px solid var(--line);border-radius:10px;margin-top:12px;background:var(--panel)}
        summary{cursor:pointer;padding:10px 14px;font-weight:600;overflow-wrap:anywhere}
        pre{margin:0;padding:4px 16px 16px;overflow-x:auto;font:.8rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,
        "Liberation Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
        code{font:.92em ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
        .alarms{padding-left:20px}.alarms li{overflow-wrap:anywhere}
        footer{margin-top:56px;padding-top:16px;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem;
        overflow-wrap:anywhere}
        @media (max-width:560px){.tiles{grid-template-columns:1fr 1fr}.tiles>div{padding:11px 13px}
        .tiles dd{font-size:1.15rem}section{margin-top:34px}th,td{padding:7px 10px}th[scope=row]{max-width:11em}.galleries{grid-template-columns:1fr 1fr;gap:18px 12px}}
        @media print{:root{\(light);--ink:#000;--soft:#444;--line:#ccc}
        body{font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}main{max-width:none;padding:0}
        section{margin-top:22pt}.pair{display:block}.charts,.pair>.beside{display:grid;grid-template-columns:1fr 1fr;gap:14pt 18pt}
        .pair>.beside{margin-top:14pt}.pair .chart+.chart{margin-top:0}svg text{font-size:12px!important}
        .time{max-width:none}.track,.jumps,.ends{display:none}.frames{display:grid;grid-template-columns:repeat(auto-fit,minmax(76pt,1fr));gap:8pt}
        .frames .frame{max-width:170pt}
        .frames .frame{display:block!important;break-inside:avoid}.galleries{grid-template-columns:1fr 1fr}
        .galleries>div{max-width:none;break-inside:avoid}.pair>div+div{margin-top:12pt}footer{margin-top:16pt}
        details{border:0;background:none;margin-top:10pt}details::details-content{content-visibility:visible;height:auto}
        details>:not(summary){display:block}summary{list-style:none;padding:4pt 0}
        pre{columns:2;column-gap:16pt;padding:0;font-size:6.5pt;line-height:1.35}
        .scroll{overflow:visible;border:0;background:none}table{font-size:.7rem}th,td{padding:3pt;white-space:normal}
        thead th,th[scope=row]{overflow-wrap:anywhere}th[scope=row]{position:static;min-width:6em}
        h2,h3{break-after:avoid}tr,.tiles>div{break-inside:avoid}}
        """
}
