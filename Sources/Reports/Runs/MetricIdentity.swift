import Configuration

/// What a value of a metric depends on beside the samples: extractor, resizer, numbers of samples, split, weights.
///
/// Only values of the same identity may be compared. The seed of the latents is no part of it here: a mean over seeds
/// is a mean over latents as well.
public struct MetricIdentity: Hashable, Sendable {
    /// Keys and values as recorded, in their order.
    public let parts: [Part]
    private let comparison: String

    public struct Part: Hashable, Sendable {
        public let key: String
        public let text: String
    }

    private static let seedKey = "latentSeed"

    init?(_ node: ConfigNode?) {
        guard let object = node?.object, !object.isEmpty else { return nil }
        parts = object.members.compactMap { member in
            member.key == Self.seedKey ? nil : Part(key: member.key, text: member.value.string ?? member.value.lineText)
        }
        var compared = object
        compared[Self.seedKey] = nil
        comparison = ConfigNode(compared).canonicalText
    }

    public static func == (first: Self, second: Self) -> Bool { first.comparison == second.comparison }
    public func hash(into hasher: inout Hasher) { hasher.combine(comparison) }

    /// `extractor lenet-mnist (1a2b3c4d5e6f), 10000 real, 1000 generated, ...`
    public var text: String {
        func part(_ key: String) -> String? { parts.first { $0.key == key }?.text }
        var words: [String] = []
        for item in parts {
            switch item.key {
            case "extractor":
                words.append(item.text + (part("extractorHash").map { " (\(Self.short($0)))" } ?? ""))
            case "dataset": words.append("data \(item.text)" + (part("datasetDigest").map { " (\($0))" } ?? ""))
            case "datasetDigest": if part("dataset") == nil { words.append("data \(item.text)") }
            case "image": words.append("\(item.text) images")
            case "extractorHash": if part("extractor") == nil { words.append(Self.short(item.text)) }
            case "resizer": if item.text != "none" { words.append("resized by \(item.text)") }
            case "realSamples": words.append("\(item.text) real")
            case "generatedSamples": words.append("\(item.text) generated")
            case "split": words.append("\(item.text) split")
            case "weights": words.append("\(item.text) weights")
            case "image8bit": words.append("8 bits by \(item.text)")
            default: words.append("\(item.key) \(item.text)")
            }
        }
        return words.joined(separator: ", ")
    }

    /// The first digits of a hash.
    private static func short(_ hash: String) -> String {
        let digits = hash.hasPrefix("sha256:") ? hash.dropFirst(7) : hash[...]
        return String(digits.prefix(12))
    }
}

/// A value of a metric at a step of a run.
public struct MeasuredValue: Equatable, Sendable {
    public let step: Int
    public let value: Double
    /// Nil where it was not recorded, and for numbers that depend on no extractor.
    public let identity: MetricIdentity?
}
