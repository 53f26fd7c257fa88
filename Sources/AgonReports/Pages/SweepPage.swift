import AgonConfiguration
import AgonDiagnostics
import AgonExperiments
import AgonSweeps
import AgonText
import Foundation

/// The report of a sweep.
public struct SweepPage {
    /// After how many seconds a browser reloads the page; nil: never.
    var reloadSeconds: Int?
    /// Where the page will be, from which its links lead to trials; nil: in the sweep's folder.
    var file: String?
    private let sweep: RecordedSweep
    private let rows: [TableRow]
    private let making: TableMaking

    /// The maximum number of rows whose configs are planned for the page.
    private static let mostPlanned = 24

    /// - Parameter inspect: the result of `agon inspect` for a trial's config; nil if not wanted or not available.
    public init(_ sweep: RecordedSweep, inspect: (RecordedRun) -> Inspection? = { _ in nil }) {
        self.sweep = sweep
        rows = TableMaking.usualRows(of: sweep)
        var making = TableMaking(columns: TableMaking.usualColumns(of: sweep.trials), rows: rows, trials: sweep.trials)
        var costs: [String: CostFigures] = [:]
        if rows.count <= Self.mostPlanned {
            for row in rows {
                guard let trial = making.trials(of: row).first, let inspection = inspect(trial.run) else { break }
                costs[row.name] = CostFigures(inspection)
            }
        }
        if costs.count == rows.count, !rows.isEmpty {
            making.columns += Self.costColumns
            making.cost = { [costs] row, _ in costs[row.name] }
        }
        self.making = making
    }

    /// The planned cost of one step.
    private static let costColumns = [
        TableColumn(key: "operations", title: "a step", best: nil, quantity: .cost(.operations, budget: nil)),
        TableColumn(key: "plan", title: "planned memory", best: nil, quantity: .cost(.memory, budget: nil)),
        TableColumn(key: "parameters", title: "parameters", best: nil, quantity: .cost(.parameterCount, budget: nil)),
    ]

    public var text: String {
        let table = making.table(name: sweep.list.name, title: sweep.list.name, definitions: sweep.definitions)
        let body: [Markup] = [
            header, PageParts.tiles(tiles(table)), PageParts.section("Results", PageParts.table(table)),
            PageParts.section("Curves", charts), PageParts.section("Samples through time", galleries),
            PageParts.section("Trials", trialTable), alarms, PageParts.section("Configs", configs), PageParts.footer,
        ]
        return PageStyle.page(title: "\(sweep.list.name) – Agon", reloadSeconds: reloadSeconds, body: body.joined())
            .text
    }

    // MARK: What was run

    private var header: Markup {
        let node = (try? ConfigNode.load(path: sweep.folder.sweepPath)) ?? .null
        let description: Markup = node["description"]?.string.map { "<p class=\"lead\">\($0)</p>" } ?? .empty
        let axes = sweep.list.axes.map { axis -> Markup in
            let values = sweep.trials.compactMap { $0.value(of: axis)?.plainText }.distinct
            let shown =
                values.prefix(6).joined(separator: ", ") + (values.count > 6 ? " and \(values.count - 6) more" : "")
            return "<span>\(axis): \(shown)</span>"
        }
        return """
            <header>
            <p class="eyebrow">Sweep in <code>\(sweep.folder.path)</code></p>
            <h1>\(sweep.list.name)</h1>
            \(description)
            <p class="facts" style="display:block">\(axes.joined(separator: "<br>"))</p>
            </header>
            """
    }

    private func tiles(_ table: ResultTable) -> [PageParts.Tile] {
        let trials = sweep.trials
        var counts: [String] = []
        for state in TrialStatus.State.allCases where state != .done {
            let count = trials.count { $0.status.state == state }
            if count > 0 { counts.append("\(count) \(state == .pruned ? "ended early" : state.rawValue)") }
        }
        var tiles = [
            PageParts.Tile(
                name: "trials done", value: "\(trials.count(where: \.isDone)) of \(sweep.list.entries.count)",
                note: counts.isEmpty ? nil : counts.joined(separator: ", "))
        ]
        for (index, column) in table.columns.enumerated() where column.key.hasPrefix("best ") {
            let best = table.rows.filter { $0.cells[index].isBest }
            guard let row = best.first, let cell = table.texts(of: row.cells[index], column, in: row).first else {
                continue
            }
            let spread = cell.reach.map { "± \($0), " } ?? ""
            tiles.append(
                PageParts.Tile(
                    name: column.title, value: cell.mean,
                    note: spread + (best.count == 1 ? row.name : "\(best.count) rows alike")))
            if tiles.count == 4 { break }
        }
        let seconds = trials.reduce(0) { $0 + ($1.run.seconds ?? 0) }
        tiles.append(PageParts.Tile(name: "training in all", value: DurationText.short(seconds)))
        if let peak = trials.compactMap(\.run.peakMemoryBytes).max() {
            tiles.append(PageParts.Tile(name: "peak memory", value: SizeText.short(peak), note: "of one trial"))
        }
        return tiles
    }

    // MARK: Curves

    /// A chart for each value that differs between trials: metrics first, then losses. A line is the mean over a row's
    /// seeds.
    private var charts: Markup {
        let logged = sweep.trials.flatMap(\.run.history.names).filter { RunCharts.member($0) == nil }
        let wanted = ["loss.", "epoch.logLossRatio", "score."].flatMap { prefix in
            logged.filter { $0.hasPrefix(prefix) }
        }
        let names = (sweep.trials.flatMap(\.run.metrics) + wanted).distinct
        let charts = names.prefix(12).map { name -> Markup in
            let way = FigureDrawing.usualIdentity(of: name, sweep.trials)
            var chart = Chart(
                title: name.hasPrefix("metric.") ? String(name.dropFirst(7)) : RunCharts.title(name),
                series: rows.map { row in
                    let trials = making.trials(of: row)
                    let done = trials.filter(\.isDone)
                    let points = FigureDrawing.points(
                        of: name, .step, done.isEmpty ? trials : done, identity: way)
                    return Chart.Series(
                        name: row.name, points: points.map { ($0.x, $0.mean) },
                        band: points.map { ($0.lowest, $0.highest) }
                    )
                })
            if name == "epoch.logLossRatio" { chart.level = 0 }
            return chart.markup
        }
        guard !charts.isEmpty else { return .empty }
        var notes: [String] = []
        if rows.contains(where: { making.trials(of: $0).count > 1 }) {
            notes.append("line: mean over seeds; band: range over seeds; long curves are smoothed")
        }
        if sweep.trials.contains(where: { !$0.isDone }) {
            notes.append("incomplete trials are left out of rows that have complete ones")
        }
        return "<div class=\"charts\">\(charts.joined())</div>\(PageParts.notes(notes))"
    }

    // MARK: Grids

    private var galleries: Markup {
        let shown = rows.compactMap { row -> (TableRow, RecordedTrial)? in
            let trials = making.trials(of: row).filter { !$0.run.sampleSteps.isEmpty }
            return (trials.first(where: \.isDone) ?? trials.first).map { (row, $0) }
        }
        guard !shown.isEmpty else { return .empty }
        let limit = 48
        // A page of many trials must stay small enough to mail.
        let frames = max(2, min(12, 160 / min(limit, shown.count)))
        let items = shown.prefix(limit).map { row, trial in
            Timeline.Item(run: trial.run, title: row.name, note: trial.seed.map { "seed \($0)" })
        }
        let rest = shown.count - limit
        let timeline = Timeline(items, identifier: "t", frames: frames, bytes: 40 << 10, side: 400)
        return (timeline?.markup ?? .empty) + (rest > 0 ? PageParts.notes(["and \(rest) more in the folders"]) : .empty)
    }

    // MARK: Trials

    /// The trial's ID, which leads to the trial's own page if there is one, else to its folder.
    private func link(_ trial: RecordedTrial) -> Markup {
        let folder = trial.run.folder.path
        guard FileManager.default.fileExists(atPath: folder) else { return "<code>\(trial.id)</code>" }
        let page = folder + "/report.html"
        let target = FileManager.default.fileExists(atPath: page) ? page : folder + "/"
        let address = PageLink.address(of: target, from: file.map(FilePath.parent) ?? sweep.folder.path)
        return "<a href=\"\(address)\"><code>\(trial.id)</code></a>"
    }

    private var trialTable: Markup {
        let axes = sweep.list.axes
        let rows = sweep.trials.map { trial -> [Markup] in
            let settings = axes.map { axis -> Markup in "\(trial.value(of: axis)?.plainText ?? "")" }
            let done = trial.run.step
            return [link(trial)] + settings + [
                PageParts.state(trial.status.state.rawValue),
                "\(NumberText.grouped(done)) / \(NumberText.grouped(trial.status.steps))",
                "\(trial.run.seconds.map(DurationText.short) ?? "")",
                "\(trial.status.reason ?? "")",
            ]
        }
        let words = Set(1...(axes.count + 1))
        var heading = ["trial"] + axes.map(TableMaking.shortName) + ["state", "steps", "time", "why it ended"]
        var cells = rows
        if sweep.trials.allSatisfy({ $0.status.reason == nil }) {
            heading.removeLast()
            cells = rows.map { Array($0.dropLast()) }
        }
        return PageParts.table(heading, cells, words: words.union([axes.count + 4]), long: [axes.count + 4])
    }

    private var alarms: Markup {
        let items = sweep.trials.filter { !$0.run.history.alarms.isEmpty }.prefix(30).map { trial -> Markup in
            let alarms = trial.run.history.alarms
            let first = alarms.first?.text ?? ""
            let more: Markup = alarms.count > 1 ? ", and \(alarms.count - 1) more" : .empty
            return "<li>\(link(trial)) \(first)\(more)</li>"
        }
        return PageParts.section("Alarms", items.isEmpty ? .empty : "<ul class=\"alarms\">\(items.joined())</ul>")
    }

    // MARK: Configs

    /// The first trial's config, and the differences of the others.
    private var configs: Markup {
        guard let first = sweep.trials.first else { return .empty }
        let config = PageParts.listing(
            "Config of trial \(first.id), every default written out", first.run.config.prettyText)
        let others = sweep.trials.dropFirst()
        guard !others.isEmpty else { return config }
        let limit = 200
        let rows = others.prefix(limit).map { trial -> [Markup] in
            let lines = ConfigDifference.between(first.run.config, trial.run.config).map(\.line)
            let shown = lines.prefix(30).map { line -> Markup in "\(line)" }
            let rest: Markup = lines.count > 30 ? "<br>and \(lines.count - 30) more" : .empty
            return [link(trial), "\(shown.joined(separator: "<br>"))\(rest)"]
        }
        let rest = others.count - limit
        return config
            + """
            <details><summary>Differences of the other trials' configs</summary>
            \(PageParts.table(["trial", "in"], rows, words: [1], long: [1]))
            \(rest > 0 ? PageParts.notes(["and \(rest) more in the folders"]) : .empty)
            </details>
            """
    }
}

extension ConfigDifference {
    /// `path: former → new`, long values cut. A value that a config lacks is `none`.
    var line: String {
        let place = path == .root ? "the whole config" : path.description
        return "\(place): \(Self.text(first)) → \(Self.text(second))"
    }

    private static func text(_ node: ConfigNode?) -> String {
        let text = node?.lineText ?? "none"
        return text.count > 90 ? text.prefix(90) + "…" : text
    }
}
