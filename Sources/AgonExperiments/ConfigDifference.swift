import AgonConfiguration

/// A place at which two configs differ.
public struct ConfigDifference: Sendable {
    /// A path of keys; empty where nothing is alike.
    public let path: ConfigPath
    /// The values of both; nil where a config has none.
    public let first: ConfigNode?
    public let second: ConfigNode?

    /// Where two configs differ, in their order. The order of keys is no difference.
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
