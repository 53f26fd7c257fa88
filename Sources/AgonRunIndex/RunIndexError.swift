import AgonConfiguration
import AgonText

/// What can go wrong when recorded runs are queried and compared.
public enum RunIndexError: Error, Equatable, Sendable {
    /// A query that breaks the grammar; the column is counted from 1.
    case malformedQuery(text: String, column: Int, problem: String)
    /// A curve that none of the runs has.
    case unknownCurve(String, runs: [String], existing: [String])
}

extension RunIndexError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedQuery(let text, let column, let problem): pointing(problem, text, column)
        case .unknownCurve(let name, let runs, let existing):
            "no curve '\(name)' in \(runs.joined(separator: " or "))."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" }
                    ?? (existing.isEmpty ? " There are none" : " There are: \(existing.joined(separator: ", "))"))
        }
    }
}
