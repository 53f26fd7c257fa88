import AgonConfiguration

/// What can go wrong with tables and reports. Faults of a table's file are `ConfigError`.
public enum ReportsError: Error, Equatable, Sendable {
    /// Neither a run's folder nor a sweep's.
    case noRun(path: String)
    /// A table by a name that no file has.
    case unknownTable(String, folder: String, existing: [String])
    /// A budget that the table has not.
    case unknownBudget(String, table: String, existing: [String])
    /// A table is to be made of what was run, and nothing was.
    case nothingRun(folder: String, table: String, budget: String)
    case toolFailed(String, reason: String)
    /// A report was to be written over something that is no page.
    case notAPage(path: String)
}

extension ReportsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noRun(let path): "\(path): holds neither a run (config.json) nor a sweep (trials.json)"
        case .unknownTable(let name, let folder, let existing):
            "\(name): no such table in \(folder), and no such file."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" } ?? "")
                + (existing.isEmpty ? "" : " There are: \(existing.joined(separator: ", "))")
        case .unknownBudget(let name, let table, let existing):
            "table \(table) has no budget '\(name)'; it has \(existing.joined(separator: ", "))"
        case .nothingRun(let folder, let table, let budget):
            "\(folder): nothing of this sweep was run; run it with: agon table \(table) --budget \(budget)"
        case .toolFailed(let name, let reason): "\(name): \(reason)"
        case .notAPage(let path):
            "\(path): exists and is no page (.html); choose another name with --out, such as \(path).html"
        }
    }
}
