import AgonConfiguration
import AgonText

/// What a config file describes, by the keys that only this kind has.
package enum FileKind: Sendable {
    case experiment, sweep, table, classifier

    /// Nil if the keys do not tell.
    package init?(of node: ConfigNode) {
        guard let object = node.object else { return nil }
        func has(_ keys: String...) -> Bool { keys.contains { object[$0] != nil } }
        if has("objective", "generator", "discriminator", "discriminators") {
            self = .experiment
        } else if has("budgets", "columns") {
            self = .table
        } else if has("axes", "base", "seeds") {
            self = .sweep
        } else if has("architecture") {
            self = .classifier
        } else {
            return nil
        }
    }

    package var noun: String {
        switch self {
        case .experiment: "the config of one training"
        case .sweep: "a sweep"
        case .table: "a table"
        case .classifier: "the config of a classifier"
        }
    }

    /// The command that takes such a file.
    package var command: String {
        switch self {
        case .experiment: CommandText.agon("run")
        case .sweep: CommandText.agon("sweep run")
        case .table: CommandText.agon("table")
        case .classifier: CommandText.agon("classifier train")
        }
    }
}
