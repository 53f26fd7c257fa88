import AgonConfiguration
import AgonText

/// Errors of querying and comparing recorded runs.
public enum RunIndexError: Error, Equatable, Sendable {
    /// A query with a syntax error; columns count from 1.
    case malformedQuery(text: String, column: Int, problem: String)
    /// A curve that none of the runs has.
    case unknownCurve(String, runs: [String], existing: [String])
    /// A query that SQLite does not take, such as one that is nested too deeply.
    case refused(reason: String)
    /// SQLite failed, even in memory.
    case failed(reason: String)
}

extension RunIndexError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedQuery(let text, let column, let problem): pointing(problem, text, column)
        case .unknownCurve(let name, let runs, let existing):
            "no curve '\(name)' in \(runs.joined(separator: " or "))."
                + (nearestName(to: name, in: existing).map { " Did you mean '\($0)'?" }
                    ?? (existing.isEmpty ? " None were recorded" : " Available: \(existing.joined(separator: ", "))"))
        case .refused(let reason): "the index of runs cannot answer this query: \(reason); use a shorter one"
        case .failed(let reason): "the index of runs failed: \(reason)"
        }
    }
}
