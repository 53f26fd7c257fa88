import AgonConfiguration
import AgonRuns
import AgonTensors
import Foundation

/// A table with its figures and provenance, ready to be written.
public struct TableResults {
    public let table: ResultTable
    let making: TableMaking
    let work: TableWork
    let provenance: Provenance

    /// Whether every trial is complete.
    public var isComplete: Bool { making.trials.allSatisfy(\.isDone) }

    /// The table and the verdicts on claims, for people.
    public var text: String {
        var parts = [MarkdownTable.text(table)]
        if !table.notes.isEmpty { parts.append(table.notes.map { "- " + MarkdownTable.escaped($0) + "\n" }.joined()) }
        if !table.judgements.isEmpty {
            parts.append(MarkdownTable.claims(table.judgements, source: work.configuration.source))
        }
        return parts.joined(separator: "\n")
    }

    /// Writes table.md, table.csv, trials.csv, table.tex, provenance.json and the figures into a folder.
    ///
    /// - Returns: notes for the user, such as that figures lack PNG files.
    ///
    /// Throws `ReportsError`, `RunError.cannotMakeFolder`, `TensorsError.cannotWrite`.
    public func write(to folder: String) throws -> [String] {
        try RunFolder.makeFolders(folder + "/figures")
        let label = "\(table.name)-\(work.budget)"
        let figures = figures
        try AtomicFile.write(path: folder + "/table.md", text: markdown(figures))
        try AtomicFile.write(path: folder + "/table.csv", text: CommaSeparatedTable.text(table))
        try AtomicFile.write(
            path: folder + "/trials.csv", text: CommaSeparatedTable.trials(making, rows: making.rows))
        try AtomicFile.write(
            path: folder + "/table.tex", text: LaTeXTable.text(table, label: label, origin: provenance.lines))
        try AtomicFile.write(path: folder + "/provenance.json", text: provenance.node.prettyText)
        for figure in figures { try FigureFiles.write(figure.svg, to: "\(folder)/figures/\(figure.name)") }
        if figures.isEmpty || FigureFiles.hasConverter { return [] }
        return ["rsvg-convert is missing, so figures have no PNG files; \(FigureFiles.remedy)"]
    }

    private var figures: [(name: String, title: String, svg: String)] {
        work.configuration.figures.compactMap { figure in
            FigureDrawing(figure, making: making, table: table, footer: footer).svg.map {
                (figure.name, figure.title, $0)
            }
        }
    }

    private var footer: String {
        let processors = Set(making.trials.compactMap { $0.run.record?.processor?.brand }).sorted()
        let configs = work.sweeps.map { String($0.sweep.resolved.digest.prefix(12)) }
        return
            (["agon table \(table.name) --budget \(work.budget)", "Agon \(AgonVersion.current)"] + processors
            + ["config \(configs.joined(separator: ", "))"]).joined(separator: " · ")
    }

    private func markdown(_ figures: [(name: String, title: String, svg: String)]) -> String {
        let configuration = work.configuration
        var text = "# \(MarkdownTable.escaped(configuration.title))\n\n"
        if let description = configuration.description { text += MarkdownTable.escaped(description) + "\n\n" }
        if let source = configuration.source { text += "Published: \(MarkdownTable.escaped(source)).\n\n" }
        text += MarkdownTable.text(table) + "\n"
        text += table.notes.map { "- " + MarkdownTable.escaped($0) + "\n" }.joined()
        if !table.judgements.isEmpty {
            text +=
                "\n## What was published\n\n"
                + MarkdownTable.claims(table.judgements, source: work.configuration.source)
        }
        if !figures.isEmpty { text += "\n## Figures\n" }
        for figure in figures {
            let title = MarkdownTable.escaped(figure.title)
            text += "\n![\(title)](figures/\(figure.name).svg)\n\n\(title)"
            text += FigureFiles.hasConverter ? " ([PNG](figures/\(figure.name).png))\n" : "\n"
        }
        text += "\n## Origin\n\n" + provenance.lines.joined(separator: " ") + "\n"
        return text
    }
}
