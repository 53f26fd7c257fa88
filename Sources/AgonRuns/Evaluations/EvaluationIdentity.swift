import AgonConfiguration

/// Everything that a metric's value depends on besides the generator: classifier and the hash of its weights, resizer,
/// dataset, split, sample counts, raw or averaged weights, latent seed. Values with different identities must not be
/// compared.
///
/// `evaluate.seed` is independent of the run's seed. By default, trials that were trained with different seeds are
/// therefore measured with the same latents and remain comparable.
public struct EvaluationIdentity: RecordValue, Hashable, Sendable {
    /// A JSON object with a member for each property.
    public let node: ConfigNode
    /// Independent of the order of the members.
    private let canonicalText: String

    public init(_ names: ConfigObject) {
        node = ConfigNode(names)
        canonicalText = node.canonicalText
    }

    /// Nil for JSON that is not an object.
    public init?(node: ConfigNode) {
        guard let names = node.object else { return nil }
        self.init(names)
    }

    public static func == (first: Self, second: Self) -> Bool { first.canonicalText == second.canonicalText }
    public func hash(into hasher: inout Hasher) { hasher.combine(canonicalText) }

    /// 12 hexadecimal digits.
    public var hash: String { String(node.digest.prefix(12)) }

    /// Whether it has all members of `wanted`, with the same values.
    public func holds(_ wanted: ConfigObject) -> Bool {
        wanted.members.allSatisfy { node[$0.key]?.canonicalText == $0.value.canonicalText }
    }

    /// Whether it equals another identity, whatever the values of some keys.
    package func equals(_ other: EvaluationIdentity, besides keys: Set<String>) -> Bool {
        func rest(_ identity: EvaluationIdentity) -> String {
            var object = identity.node.object ?? ConfigObject()
            for key in keys { object[key] = nil }
            return ConfigNode(object).canonicalText
        }
        return rest(self) == rest(other)
    }

    // MARK: Text

    /// The properties whose values differ, with both values: `generatedSamples 500 instead of 1000`.
    public func differences(from other: EvaluationIdentity) -> [String] {
        let (mine, theirs) = (node.object ?? ConfigObject(), other.node.object ?? ConfigObject())
        func text(_ value: ConfigNode?) -> String { value.map(Self.text) ?? "none" }
        return (mine.keys + theirs.keys.filter { mine[$0] == nil }).compactMap { key in
            mine[key] == theirs[key] ? nil : "\(key) \(text(mine[key])) instead of \(text(theirs[key]))"
        }
    }

    /// `lenet-mnist (1a2b3c4d5e6f), 10000 real, 1000 generated, test split, raw weights, latents of seed 0`
    public var text: String {
        let object = node.object ?? ConfigObject()
        func part(_ key: String) -> String? { object[key].map(Self.text) }
        var words: [String] = []
        for member in object.members {
            let text = Self.text(member.value)
            switch member.key {
            case "extractor": words.append(text + (part("extractorHash").map { " (\($0))" } ?? ""))
            case "extractorHash": if part("extractor") == nil { words.append(text) }
            case "dataset": words.append("data \(text)" + (part("datasetDigest").map { " (\($0))" } ?? ""))
            case "datasetDigest": if part("dataset") == nil { words.append("data \(text)") }
            case "datasetContents": words.append("contents \(text)")
            case "image": words.append("\(text) images")
            case "resizer": if text != "none" { words.append("resized by \(text)") }
            case "realSamples": words.append("\(text) real")
            case "generatedSamples": words.append("\(text) generated")
            case "split": words.append("\(text) split")
            case "weights": words.append("\(text) weights")
            case "standingStatistics": words.append("standing statistics of \(text) batches")
            case "latentSeed": words.append("latents of seed \(text)")
            case "image8bit": words.append("8 bits by \(text)")
            default: words.append("\(member.key) \(text)")
            }
        }
        return words.joined(separator: ", ")
    }

    /// SHA-256 digests are shortened to 12 digits.
    private static func text(_ value: ConfigNode) -> String {
        let text = value.string ?? value.lineText
        return text.count == 64 ? String(text.prefix(12)) : text
    }
}
