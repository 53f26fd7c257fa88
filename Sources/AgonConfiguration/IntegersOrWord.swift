/// One integer, several, or a word: for example padding as `1`, `[0, 2]` or `"same"`.
public enum IntegersOrWord: Hashable, Sendable {
    /// A single integer is a list of one.
    case integers([Int])
    case word(String)
}

extension ConfigReader {
    /// One integer, an array whose length is one of the `counts`, or one of the words.
    public func integersOrWord<Range: IntervalExpression<Int>>(
        _ key: String, counts: [Int], in range: Range = Interval<Int>(), words: [String] = [],
        default node: ConfigNode? = nil, affects effect: ConfigEffect = .result, _ doc: String
    ) throws -> IntegersOrWord {
        try value(
            key, .integersOrWord(range.interval, counts: counts, words: words), default: node, affects: effect, doc)
    }
}

extension ValueForm<IntegersOrWord> {
    static func integersOrWord(_ interval: Interval<Int>, counts: [Int], words: [String]) -> ValueForm {
        let one = ValueForm<Int>.integer(interval)
        let word = words.isEmpty ? nil : ValueForm<String>.choice(words)
        let numbers = counts.map(String.init).joined(separator: " or ")
        return ValueForm(
            decode: { node, path in
                switch node.content {
                case .number:
                    let (value, resolved) = try one.decode(node, path)
                    return (.integers([value]), resolved)
                case .array(let elements):
                    guard counts.contains(elements.count) else {
                        throw ConfigError.wrongCount(
                            node.source, path, found: elements.count,
                            expected: counts.isEmpty ? "an integer" : "an integer, or \(numbers) of them")
                    }
                    let decoded = try elements.enumerated().map { try one.decode($0.element, path.index($0.offset)) }
                    return (
                        .integers(decoded.map(\.value)),
                        ConfigNode(.array(decoded.map(\.resolved)), source: node.source)
                    )
                case .string:
                    guard let word else { fallthrough }
                    let (value, resolved) = try word.decode(node, path)
                    return (.word(value), resolved)
                default:
                    let arrays = counts.isEmpty ? [] : ["an array of \(numbers) integers"]
                    let forms = ["an integer"] + arrays + words.map { "\"\($0)\"" }
                    throw ConfigError.wrongType(
                        node.source, path, expected: forms.joined(separator: ", or "), found: node.summary)
                }
            },
            placeholder: { _ in .integers([interval.placeholder]) },
            schema: { context in
                let single = try one.schema(context)
                var forms = [single]
                for count in counts {
                    forms.append(
                        [
                            "type": "array", "items": single, "minItems": ConfigNode(count),
                            "maxItems": ConfigNode(count),
                        ])
                }
                if let word { forms.append(try word.schema(context)) }
                return ["anyOf": ConfigNode(forms)]
            })
    }
}
