/// Errors of classifiers. Errors in their configs are `ConfigError`.
public enum ClassifierError: Error, Equatable, Sendable {
    /// No config has the name.
    case unknown(String, nearest: String?, available: [String])
    /// Images or classes that do not match a classifier.
    case doesNotFit(classifier: String, reason: String)
    /// A signal ended its training; the state is saved.
    case stopped(String, step: Int, steps: Int)
}

extension ClassifierError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknown(let name, let nearest, let available):
            "unknown classifier '\(name)'." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
                + (available.isEmpty
                    ? " None were found: run Agon within its project, or give the path of a classifier's config"
                    : " Available: \(available.joined(separator: ", ")); or give the path of a config")
        case .doesNotFit(let classifier, let reason): "classifier '\(classifier)' does not fit: \(reason)"
        case .stopped(let name, let step, let steps):
            "classifier '\(name)': stopped after step \(step) of \(steps); training will resume from there"
        }
    }
}
