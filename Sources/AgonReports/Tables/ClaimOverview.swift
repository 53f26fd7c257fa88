import AgonConfiguration
import AgonTensors
import AgonText
import Foundation

/// The claims of every table with their verdicts, from values that are kept with the project.
public enum ClaimOverview {
    /// The folder of kept results: a folder for each table with its values, table and figures.
    public static let folder = "Documentation/results"

    /// A Markdown table of all claims.
    ///
    /// - Parameter root: the project's folder; nil: the nearest that has tables and results.
    ///
    /// Throws `ReportsError.noResults`, `ConfigError`, `SweepError`.
    public static func markdown(root: String? = nil) throws -> String {
        guard let root = root ?? projectFolder() else { throw ReportsError.noResults(folder: folder) }
        let tables = "\(root)/\(TableWork.standardFolder)"
        var text = TextTable(
            [
                "source", "claim", "verdict", "effect, 95 % interval", "seeds", "of the published steps", "published",
                "page",
            ])
        let names = ProjectFiles.jsonNames(in: [tables])
        guard !names.isEmpty else { throw ReportsError.noResults(folder: "\(root)/\(folder)") }
        for name in names {
            let file = "\(tables)/\(name).json"
            let place = "\(folder)/\(name)"
            let path = "\(root)/\(place)/\(TableValues.fileName)"
            let hasValues = FileManager.default.fileExists(atPath: path)
            let judgements =
                hasValues ? try self.judgements(file, TableValues(path: path)) : try untested(file)
            let page =
                hasValues ? "[\(name)](\(place)/table.md)" : "[\(name)](\(TableWork.standardFolder)/\(name).json)"
            for judgement in judgements {
                text.add([
                    MarkdownTable.escaped(judgement.source ?? ""), MarkdownTable.escaped(judgement.claim),
                    MarkdownTable.verdict(judgement),
                    MarkdownTable.lines(judgement.effects.map { "\($0.text); confirmed \($0.margin)" }),
                    judgement.countText, judgement.shareText, MarkdownTable.escaped(judgement.published ?? "–"), page,
                ])
            }
        }
        return text.markdown(words: [0, 1, 2, 3, 6, 7])
    }

    /// The nearest folder that has both tables and results: the working folder, a folder above it, or Agon's own.
    static func projectFolder(workingFolder: String = FileManager.default.currentDirectoryPath) -> String? {
        ProjectFiles.places(of: TableWork.standardFolder, workingFolder: workingFolder).map { place in
            String(place.dropLast(TableWork.standardFolder.count + 1))
        }.first { FileManager.default.fileExists(atPath: "\($0)/\(folder)") }
    }

    private static func judgements(_ file: String, _ values: TableValues) throws -> [Judgement] {
        try TableWork(table: file, budget: values.budget).results(of: values).table.judgements
    }

    /// The judgements of a table that was not run.
    private static func untested(_ file: String) throws -> [Judgement] {
        let configuration = try TableConfiguration(path: file)
        let assembly = TableAssembly(
            columns: configuration.columns, rows: configuration.rows,
            values: TableValues(table: configuration.name, budget: "", rows: []))
        let judge = ClaimJudge(table: assembly.table(name: "", title: ""), convergence: nil)
        return configuration.claims.map { claim in
            var judgement = judge.judge(claim, source: configuration.source)
            if claim.rule != nil { judgement.verdict = .notTested(": no run yet") }
            return judgement
        }
    }
}
