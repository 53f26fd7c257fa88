import AgonConfiguration

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
    /// The values are of another table or budget.
    case foreignValues(String, wanted: String)
    case toolFailed(String, reason: String)
    /// The report would overwrite a file that is not an HTML page.
    case notAPage(path: String)
}

extension ReportsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noRun(let path): "\(path): holds neither a run (config.json) nor a sweep (trials.json)"
        case .unknownTable(let name, let folder, let existing):
            "\(name): no such table in \(folder), and no such file."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" } ?? "")
                + (existing.isEmpty ? "" : " Available: \(existing.joined(separator: ", "))")
        case .unknownBudget(let name, let table, let existing):
            "table \(table) has no budget '\(name)'; it has \(existing.joined(separator: ", "))"
        case .nothingRun(let folder, let table, let budget):
            "\(folder): no trial of this sweep has been run; run it with: agon table \(table) --budget \(budget)"
        case .foreignValues(let found, let wanted): "the values are of table \(found), not of \(wanted)"
        case .toolFailed(let name, let reason): "\(name): \(reason)"
        case .notAPage(let path):
            "\(path): exists and is not an HTML page; choose another name with --out, such as \(path).html"
        }
    }
}
