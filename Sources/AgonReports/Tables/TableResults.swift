import AgonConfiguration
import AgonRuns
import AgonTensors
import Foundation

/// A table with its verdicts, figures and provenance, ready to be written.
///
/// The table and its verdicts follow from the values and the table's file alone; only figures need the runs.
public struct TableResults {
    public let table: ResultTable
    let work: TableWork
    let values: TableValues
    /// Nil if the table was made from a file of values.
    private let runs: (making: TableMaking, provenance: Provenance)?
    private let figures: [(name: String, svg: String)]
    /// What users should know that is not a part of the table.
    public internal(set) var warnings: [String] = []

    init(
        work: TableWork, values: TableValues, rows: [TableRow], runs: (making: TableMaking, provenance: Provenance)?
    ) throws {
        let configuration = work.configuration
        let assembly = TableAssembly(
            columns: configuration.columns, rows: rows, values: values, publishedSteps: configuration.publishedSteps)
        var table = assembly.table(name: configuration.name, title: configuration.title)
        table.notes = assembly.notes(of: table) + [work.note].compactMap { $0 }
        let judge = ClaimJudge(table: table, convergence: configuration.convergence)
        table.judgements = configuration.claims.map { judge.judge($0, source: configuration.source) }
        self.table = table
        self.work = work
        self.runs = runs
        figures =
            runs.map { runs in
                configuration.figures.compactMap { figure in
                    FigureDrawing(figure, making: runs.making, table: table, footer: Self.footer(work, runs.making)).svg
                        .map { (figure.name, $0) }
                }
            } ?? []
        var values = values
        if runs != nil { values.figures = figures.map(\.name) }
        self.values = values
    }

    /// Whether a trial failed or died, in a row or in none, and was completed nowhere else.
    public var hasFailures: Bool {
        let inRows = values.rows.flatMap(\.trials).map { (id: $0.id, state: $0.state) }
        let trials = inRows + (runs?.making.trials ?? []).map { ($0.id, $0.status.state) }
        // Another sweep or machine may have completed what failed here.
        let done = Set(trials.filter { $0.state == .done }.map(\.id)).union(work.added.flatMap(\.ids))
        return trials.contains { ($0.state == .failed || $0.state == .died) && !done.contains($0.id) }
    }

    /// Whether nothing is left to run.
    public var isComplete: Bool {
        let trials = values.rows.flatMap(\.trials)
        // Trials may be in no row.
        let others = runs?.making.trials.filter(\.status.state.isFinal).map(\.id) ?? []
        let known = Set(trials.map(\.id)).union(others).union(work.added.flatMap(\.ids))
        return work.plannedIDs.isSubset(of: known) && trials.allSatisfy(\.state.isFinal)
    }

    /// The table and the verdicts on claims, for people.
    public var text: String {
        var parts = [MarkdownTable.text(table)]
        if !table.notes.isEmpty { parts.append(table.notes.map { "- " + MarkdownTable.escaped($0) + "\n" }.joined()) }
        if !table.judgements.isEmpty {
            parts.append(MarkdownTable.claims(table.judgements, source: work.configuration.source))
        }
        return parts.joined(separator: "\n")
    }

    /// Writes table.md, table.csv, table.tex and values.json into a folder, and from runs also trials.csv,
    /// provenance.json and the figures.
    ///
    /// - Returns: notes for the user, such as that figures lack PNG files.
    ///
    /// Throws `ReportsError`, `RunError.cannotMakeFolder`, `TensorsError.cannotWrite`.
    public func write(to folder: String) throws -> [String] {
        try RunFolder.makeFolders(folder)
        try AtomicFile.write(path: folder + "/table.md", text: markdown)
        try AtomicFile.write(path: folder + "/table.csv", text: CommaSeparatedTable.text(table))
        try AtomicFile.write(
            path: folder + "/table.tex", text: LaTeXTable.text(table, label: work.label, origin: values.origin))
        // Without a budget there is no command that reads values.
        if work.recorded == nil {
            try AtomicFile.write(path: "\(folder)/\(TableValues.fileName)", text: values.node.prettyText)
        }
        guard let runs else { return warnings }
        try RunFolder.makeFolders(folder + "/figures")
        try AtomicFile.write(
            path: folder + "/trials.csv", text: CommaSeparatedTable.trials(runs.making, rows: runs.making.rows))
        try AtomicFile.write(path: folder + "/provenance.json", text: runs.provenance.node.prettyText)
        for figure in figures { try FigureFiles.write(figure.svg, to: "\(folder)/figures/\(figure.name)") }
        if figures.isEmpty || FigureFiles.hasConverter { return warnings }
        return warnings + ["rsvg-convert is missing, so figures have no PNG files; \(FigureFiles.remedy)"]
    }

    private static func footer(_ work: TableWork, _ making: TableMaking) -> String {
        let processors = Set(making.trials.compactMap { $0.run.record?.processor?.brand }).sorted()
        let configs = work.sources.map { String($0.config.prefix(12)) }
        return
            ([work.command, "Agon \(AgonVersion.current)"]
            + processors + ["config \(configs.joined(separator: ", "))"]).joined(separator: " · ")
    }

    /// The page of the table: the same bytes from runs and from their values.
    var markdown: String {
        let configuration = work.configuration
        var text = "# \(MarkdownTable.escaped(configuration.title))\n\n"
        if let description = configuration.description { text += MarkdownTable.escaped(description) + "\n\n" }
        if let source = configuration.source { text += "Published: \(MarkdownTable.escaped(source)).\n\n" }
        if !table.judgements.isEmpty {
            text +=
                "## Claims\n\n" + MarkdownTable.claims(table.judgements, source: configuration.source) + "\n"
                + Self.explanation + "\n## Values\n\n"
        }
        text += MarkdownTable.text(table) + "\n"
        text += table.notes.map { "- " + MarkdownTable.escaped($0) + "\n" }.joined()
        let drawn = configuration.figures.filter { values.figures.contains($0.name) }
        if !drawn.isEmpty { text += "\n## Figures\n" }
        for figure in drawn {
            let title = MarkdownTable.escaped(figure.title)
            text += "\n![\(title)](figures/\(figure.name).svg)\n\n\(title)\n"
        }
        text += "\n## Origin\n\n" + values.origin.joined(separator: " ")
        guard work.recorded == nil else { return text + " `\(work.command)` makes the table again.\n" }
        let file = TableValues.fileName
        return text + " The table and its verdicts follow from \(file): `\(work.command) --values \(file)`.\n"
    }

    /// How verdicts come about.
    static let explanation = """
        An effect is a difference of means over seeds, or the ratio of geometric means where values are distances, times or
        sizes, with its 95 % interval: by Welch's t, or in pairs where rows share their seeds and pairs give the narrower
        interval. A claim is confirmed where all its effects lie on the claimed side of the margin, refuted where one lies on
        the other, with Holm's correction for their number, and else undecided. Rows decide nothing with fewer than
        \(ClaimJudge.fewestSeeds) seeds or before all their trials are done, and quality is judged only at the published length or where
        the reference is near the distance between real sets. What follows from the configs alone needs no seeds.

        """
}
