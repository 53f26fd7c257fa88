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

    /// The command that takes a file of this kind.
    package func command(for file: String) -> String {
        switch self {
        case .experiment: CommandText.agon("run \(file)")
        case .sweep: CommandText.agon("sweep run \(file)")
        case .table: CommandText.agon("table \(file)")
        case .classifier: CommandText.agon("classifier train \(file)")
        }
    }
}
