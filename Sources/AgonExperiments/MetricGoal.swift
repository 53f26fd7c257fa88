/// Whether lower or higher values of a metric are better.
public enum MetricGoal: String, CaseIterable, Sendable {
    case minimize, maximize

    /// The goal of a metric by its key, such as `metric.fid-lenet` or `metric.fid-lenet.last`; nil for
    /// unknown metrics.
    public static func known(_ key: String) -> MetricGoal? {
        var name = key.hasPrefix("metric.") ? key.dropFirst(7) : key[...]
        name = name.prefix { $0 != "@" }
        if name.hasSuffix(".last") { name = name.dropLast(5) }
        return switch EvaluationMetric.giving(String(name)) {
        case .frechet, .kernel, .similarity: .minimize
        case .score, .neighbours: .maximize
        case .modes: name == "modes-kl" ? .minimize : .maximize
        case nil: name == "accuracy" ? .maximize : nil
        }
    }

    /// The goal of a known metric; minimize for losses and unknown quantities.
    public static func usual(for key: String) -> MetricGoal { known(key) ?? .minimize }

    /// The element with the best value; the first of several.
    public func best<Element>(of elements: [Element], by value: (Element) -> Double) -> Element? {
        elements.reduce(nil) { best, element in
            guard let best else { return element }
            return isBetter(value(element), than: value(best)) ? element : best
        }
    }

    /// Whether the first of two values is better.
    public func isBetter(_ first: Double, than second: Double) -> Bool {
        self == .minimize ? first < second : first > second
    }
}
