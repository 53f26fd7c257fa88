import AgonConfiguration
import AgonText

/// Errors of tables and reports. Errors in a table's file are `ConfigError`.
public enum ReportsError: Error, Equatable, Sendable {
    /// Neither a run's folder nor a sweep's.
    case noRun(path: String)
    /// No table has this name.
    case unknownTable(String, folder: String, existing: [String])
    /// The table does not define this budget.
    case unknownBudget(String, table: String, existing: [String])
    /// No trial of the table has been run.
    case nothingRun(folder: String, table: String, budget: String)
    /// No trial of a recorded sweep has been run.
    case nothingRunIn(sweep: String)
    /// Keys that a table wants and no trial of a sweep has, each with what wants it and the nearest existing key.
    case missingKeys([MissingKey], sweep: String, table: String)
    /// No trial of a sweep belongs to a row of the table.
    case noTrialInRows(sweep: String, table: String)
    /// The values are of another table or budget.
    case foreignValues(String, wanted: String, file: String?)
    /// No project with tables and kept results was found.
    case noResults(folder: String)
    case toolFailed(String, reason: String)
    /// The report would overwrite a file that is not an HTML page.
    case notAPage(path: String)

    public struct MissingKey: Equatable, Sendable {
        let key: String
        /// Such as `row 'small'`.
        let place: String
        let nearest: String?
    }
}

extension ReportsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noRun(let path): "\(path): contains neither a run (config.json) nor a sweep (trials.json)"
        case .unknownTable(let name, let folder, let existing):
            "\(name): no such table in \(folder), and no such file."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" } ?? "")
                + (existing.isEmpty ? "" : " Available: \(existing.joined(separator: ", "))")
        case .unknownBudget(_, let table, let existing) where existing.isEmpty:
            "table \(table) has no budgets, so it runs nothing; --sweep tabulates an existing sweep: "
                + CommandText.agon("table FILE --sweep DIR")
        case .unknownBudget(let name, let table, let existing):
            "table \(table) has no budget '\(name)'; it has \(existing.joined(separator: ", "))"
        case .nothingRun(let folder, let table, let budget):
            "\(folder): no trial of this sweep has been run; run it with: "
                + CommandText.agon("table \(table) --budget \(budget)")
        case .nothingRunIn(let sweep):
            "\(sweep): no trial of this sweep has been run; run it with: " + CommandText.shell("make -C \(sweep) -k")
        case .missingKeys(let missing, let sweep, let table):
            "\(sweep): its trials lack \(missing.count == 1 ? "a key" : "keys") of table \(table): "
                + missing.map { item in
                    "'\(item.key)' (\(item.place)" + (item.nearest.map { "; did you mean '\($0)'?" } ?? "") + ")"
                }.joined(separator: ", ")
                + ". List their keys with: " + CommandText.agon("runs \(sweep) --keys")
        case .noTrialInRows(let sweep, let table):
            "\(sweep): no trial of this sweep belongs to a row of table \(table); tabulate it by its axes with: "
                + CommandText.agon("table --sweep \(sweep)")
        case .foreignValues(let found, let wanted, let file):
            (file.map { "\($0): " } ?? "") + "the values are of table \(found), not of \(wanted)"
        case .noResults(let folder):
            "\(folder): no results of tables are kept here; the verdicts come with Agon's sources, so run this in a "
                + "checkout of Agon. List the tables with: " + CommandText.agon("table --list")
        case .toolFailed(let name, let reason): "\(name): \(reason)"
        case .notAPage(let path):
            "\(path): not the name of an HTML page; choose one that ends in .html, such as \(path).html"
        }
    }
}
