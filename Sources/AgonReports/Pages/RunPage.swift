import AgonConfiguration
import AgonDiagnostics
import AgonExperiments
import AgonText
import Foundation

/// The report of a run.
public struct RunPage {
    /// After how many seconds a browser reloads the page; nil: never.
    var reloadSeconds: Int?
    private let run: RecordedRun
    private let costs: Inspection?

    /// - Parameter costs: the result of `agon inspect` for the run's config; nil omits the plan.
    public init(_ run: RecordedRun, costs: Inspection? = nil) {
        self.run = run
        self.costs = costs
    }

    public var text: String {
        let charts = RunCharts(run)
        let known = [charts.losses].compactMap { $0 } + charts.metrics + charts.others
        let all = known.filter { chart in chart.series.contains { $0.points.count > 1 } }
        let timeline = Timeline([Timeline.Item(run: run)], identifier: "t", frames: 24, bytes: 96 << 10, side: 640)
        // Two charts are as tall as the image beside them.
        let beside = timeline == nil ? 0 : 2
        let remaining = all.dropFirst(beside)
        let seen: Markup =
            timeline.map {
                "<div class=\"pair\">\n\($0.markup)\n<div class=\"beside\">\(all.prefix(beside).map(\.markup).joined())</div>\n</div>"
            } ?? .empty
        let body: [Markup] = [
            header, PageParts.tiles(tiles), known.isEmpty && timeline == nil ? Self.nothing : .empty,
            PageParts.section("Samples through time", seen),
            PageParts.section(
                "Curves", remaining.isEmpty ? .empty : "<div class=\"charts\">\(remaining.map(\.markup).joined())</div>"
            ),
            PageParts.section("Measured once", Self.once(known)),
            alarms, costs.map { CostsPart($0, run).markup } ?? .empty,
            PageParts.section("Evaluation settings", PageParts.notes(identities)),
            PageParts.section(
                "Config", PageParts.listing("config.json, every default written out", run.config.prettyText) + origin),
            PageParts.footer,
        ]
        return PageStyle.page(title: "\(run.name) – Agon", reloadSeconds: reloadSeconds, body: body.joined()).text
    }

    private static let nothing: Markup = "<p class=\"lead\">Nothing has been logged yet.</p>"

    // MARK: What was run

    /// Values logged once, which make no curve.
    private static func once(_ charts: [Chart]) -> Markup {
        let tiles = charts.filter { chart in chart.series.allSatisfy { $0.points.count == 1 } }.flatMap { chart in
            chart.series.compactMap { series -> PageParts.Tile? in
                guard let only = series.points.first else { return nil }
                let name = chart.series.count == 1 ? chart.title : "\(chart.title), \(series.name)"
                return PageParts.Tile(
                    name: name, value: NumberText.brief(only.y), note: "step \(NumberText.grouped(Int(only.x)))")
            }
        }
        return tiles.isEmpty ? .empty : PageParts.tiles(tiles)
    }

    private var header: Markup {
        let description: Markup = run.config["description"]?.string.map { "<p class=\"lead\">\($0)</p>" } ?? .empty
        let reason: Markup = run.reason.map { "<p class=\"reason\">\($0)</p>" } ?? .empty
        let record = run.record
        var facts: [String] = []
        if let objective = run.config["objective"]?["type"]?.string { facts.append("objective \(objective)") }
        if let dataset = run.config["dataset"]?["name"]?.string { facts.append("data \(dataset)") }
        if let seed = run.seed { facts.append("seed \(seed)") }
        if let started = record?.started { facts.append("started \(PageParts.time(started))") }
        if let brand = record?.processor?.brand {
            let threads = record?.threads.map { ", " + CountText.short($0, "thread") } ?? ""
            facts.append(brand + threads)
        }
        let resumes = record?.resumes ?? 0
        if resumes > 0 { facts.append("resumed \(resumes == 1 ? "once" : "\(resumes) times")") }
        let words = facts.map { fact -> Markup in "<span>\(fact)</span>" }
        return """
            <header>
            <p class="eyebrow">Run in <code>\(run.folder.path)</code></p>
            <h1>\(run.name) \(PageParts.state(run.state))</h1>
            \(description)
            <p class="facts">\(words.joined())</p>
            \(reason)
            </header>
            """
    }

    private var tiles: [PageParts.Tile] {
        var tiles: [PageParts.Tile] = []
        let steps = run.steps ?? run.step
        tiles.append(
            PageParts.Tile(
                name: "steps", value: NumberText.grouped(run.step),
                note: run.step < steps ? "of \(NumberText.grouped(steps))" : nil))
        for name in run.metrics.prefix(4) {
            let values = run.values(of: name)
            guard let best = MetricGoal.usual(for: name).best(of: values), let last = values.last else { continue }
            tiles.append(
                PageParts.Tile(
                    name: "best \(name.dropFirst(7))", value: NumberText.brief(best.value),
                    note: "step \(NumberText.grouped(best.step)); last \(NumberText.brief(last.value))"))
        }
        for name in ["loss.generator", "loss.discriminator"] {
            guard let last = run.history[name].last else { continue }
            tiles.append(PageParts.Tile(name: "\(name), last", value: NumberText.brief(last.value)))
        }
        if let seconds = run.seconds {
            let throughput = run.record?.stepsPerSecond.map { "\(NumberText.significant($0, digits: 3)) steps/s" }
            tiles.append(PageParts.Tile(name: "training time", value: DurationText.short(seconds), note: throughput))
        }
        if let bytes = run.peakMemoryBytes {
            tiles.append(PageParts.Tile(name: "peak memory", value: SizeText.short(bytes)))
        }
        if !run.history.alarms.isEmpty {
            tiles.append(PageParts.Tile(name: "alarms", value: "\(run.history.alarms.count)"))
        }
        return tiles
    }

    private var alarms: Markup {
        let alarms = run.history.alarms
        guard !alarms.isEmpty else { return .empty }
        let most = 40
        let items = alarms.prefix(most).map { alarm -> Markup in "<li>\(alarm.text)</li>" }
        let rest: Markup = alarms.count > most ? "<li>and \(alarms.count - most) more, in metrics.jsonl</li>" : .empty
        return PageParts.section("Alarms", "<ul class=\"alarms\">\(items.joined())\(rest)</ul>")
    }

    /// Metrics measured in the same way share a line. Values measured in other ways are not shown, only counted.
    private var identities: [String] {
        let ways = run.metrics.grouped { run.values(of: $0).last?.identity?.text }
        let shown = ways.compactMap { text, names in
            text.map { "\(names.map { $0.dropFirst(7) }.joined(separator: ", ")): \($0)" }
        }
        return shown + run.metrics.flatMap(others)
    }

    private func others(of name: String) -> [String] {
        let shown = run.values(of: name).last?.identity
        return run.otherCurves(of: name).map { curve in
            let differences = shown.flatMap { curve.identity.differences(from: $0) } ?? []
            let count = curve.points.count
            return "\(name.dropFirst(7)): \(CountText.short(count, "value")) measured in another way "
                + "\(count == 1 ? "is" : "are") not shown (\(differences.joined(separator: ", ")))"
        }
    }

    private var origin: Markup {
        let record = run.record
        var rows: [[Markup]] = []
        func add(_ name: String, _ value: String?) { if let value { rows.append(["\(name)", "\(value)"]) } }
        add("command", record.flatMap { $0.commandLine.isEmpty ? nil : Provenance.shell($0.commandLine) })
        add("config digest", run.digest)
        add("commit", record?.git.map { $0.commit + ($0.isDirty ? ", with changes" : "") })
        add("Agon", record?.versions?.agon)
        add("Swift", record?.versions?.swift)
        add("OpenBLAS", record?.versions?.blas.map { $0 + (record?.blas?.coreType.map { ", \($0)" } ?? "") })
        add("system", record?.versions?.system)
        add("started", record?.started.map(PageParts.time))
        add("ended", record?.ended.map(PageParts.time))
        guard !rows.isEmpty else { return .empty }
        return "<details><summary>Origin</summary>\(PageParts.table(["", ""], rows, words: [1], long: [1]))</details>"
    }
}

/// The planned cost of one step.
struct CostsPart {
    let markup: Markup

    init(_ inspection: Inspection, _ run: RecordedRun) {
        let memory = inspection.memory
        let parts = [
            ("parameters", memory.parameters), ("optimizer state", memory.optimizerState),
            ("activations", memory.activations), ("workspace", memory.workspace),
            ("other state", memory.statistics + memory.loopState), ("checkpoint copy", memory.checkpointCopy),
            ("program", memory.program),
        ].filter { $0.1 > 0 }
        let total = parts.reduce(0) { $0 + $1.1 }
        let bars = parts.enumerated().map { index, part -> Markup in
            "<i style=\"flex:\(1000 * Double(part.1) / Double(max(1, total))) 0 0;background:var(--c\(index))\"></i>"
        }
        let legend = parts.enumerated().map { index, part -> Markup in
            "<li><i style=\"background:var(--c\(index))\"></i>\(part.0)<b>\(SizeText.short(part.1))</b></li>"
        }
        let peak = run.peakMemoryBytes.map { "; peak memory of the process \(SizeText.short($0))" } ?? ""
        let dataset = inspection.datasetBytes.map { ", and \(SizeText.short($0)) of data" } ?? ""
        let networks = Self.alike(inspection.networks).map { group -> [Markup] in
            let network = group[0]
            let name = group.count == 1 ? network.name : "\(network.name) and \(group.count - 1) like it, each"
            return [
                "\(name)", "\(network.inputShape.description)", "\(NumberText.grouped(network.parameterCount))",
                "\(NumberText.significant(Double(network.floatingPointOperations) / 1e6)) MFLOP",
            ]
        }
        let phases = inspection.phases.filter { $0.repeats > 0 }.map { phase -> [Markup] in
            [
                "phase \(phase.name)", "\(phase.repeats == 1 ? "once" : "\(phase.repeats) times")", .empty,
                "\(NumberText.significant(Double(phase.floatingPointOperations) / 1e9)) GFLOP",
            ]
        }
        markup = PageParts.section(
            "Costs",
            """
            <div class="pair"><div>
            <p>Planned memory \(SizeText.short(total))\(dataset)\(peak).</p>
            <div class="bar" style="margin-top:10px">\(bars.joined(separator: ""))</div>
            <ul class="legend">\(legend.joined(separator: ""))</ul>
            </div><div>
            \(PageParts.table(["network, phase", "input", "parameters", "per sample, per step"], networks + phases))
            </div></div>
            """)
    }

    /// Consecutive networks with equal inputs and costs, such as copies of a discriminator.
    private static func alike(_ networks: [Inspection.NetworkTable]) -> [[Inspection.NetworkTable]] {
        var groups: [[Inspection.NetworkTable]] = []
        for network in networks {
            if let last = groups.last?.first, last.inputShape == network.inputShape,
                last.parameterCount == network.parameterCount,
                last.floatingPointOperations == network.floatingPointOperations
            {
                groups[groups.count - 1].append(network)
            } else {
                groups.append([network])
            }
        }
        return groups
    }
}
