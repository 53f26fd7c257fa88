import AgonConfiguration

/// A difference between two configs.
public struct ConfigDifference: Sendable {
    /// A path of keys; empty if the roots differ in kind.
    public let path: ConfigPath
    /// Both values; nil if a config has none.
    public let first: ConfigNode?
    public let second: ConfigNode?

    /// The differences of two configs, in their order. The order of keys does not count.
    public static func between(_ first: ConfigNode, _ second: ConfigNode) -> [ConfigDifference] {
        var found: [ConfigDifference] = []
        collect(first, second, at: .root, &found)
        return found
    }

    private static func collect(
        _ first: ConfigNode?, _ second: ConfigNode?, at path: ConfigPath, _ found: inout [ConfigDifference]
    ) {
        switch (first?.content, second?.content) {
        case (.object(let first), .object(let second)):
            for key in first.keys + second.keys.filter({ first[$0] == nil }) {
                collect(first[key], second[key], at: path.key(key), &found)
            }
        case (.array(let first), .array(let second)) where first.count == second.count:
            for (index, pair) in zip(first, second).enumerated() {
                collect(pair.0, pair.1, at: path.index(index), &found)
            }
        default:
            guard first?.canonicalText != second?.canonicalText else { return }
            found.append(ConfigDifference(path: path, first: first, second: second))
        }
    }
}
