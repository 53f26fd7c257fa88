/// The allowed range of a number. Either end may be open or missing.
public struct Interval<Bound: Comparable> {
    public var lower: Bound?
    public var upper: Bound?
    /// Whether the lower end is excluded.
    public var excludesLower: Bool
    /// Whether the upper end is excluded.
    public var excludesUpper: Bool

    public init(lower: Bound? = nil, upper: Bound? = nil, excludesLower: Bool = false, excludesUpper: Bool = false) {
        self.lower = lower
        self.upper = upper
        self.excludesLower = excludesLower
        self.excludesUpper = excludesUpper
    }

    public func contains(_ value: Bound) -> Bool {
        if let lower, value < lower || (excludesLower && value == lower) { return false }
        if let upper, value > upper || (excludesUpper && value == upper) { return false }
        return true
    }
}

/// An argument for `in:` or `count:` of a reading function: Swift's ranges, an `Interval`, a single
/// integer.
public protocol IntervalExpression<Endpoint> {
    associatedtype Endpoint: Comparable
    var interval: Interval<Endpoint> { get }
}

extension Interval: Sendable where Bound: Sendable {}

extension Interval: IntervalExpression {
    public var interval: Interval<Bound> { self }
}

extension ClosedRange: IntervalExpression {
    public var interval: Interval<Bound> { Interval(lower: lowerBound, upper: upperBound) }
}

extension Range: IntervalExpression {
    public var interval: Interval<Bound> { Interval(lower: lowerBound, upper: upperBound, excludesUpper: true) }
}

extension PartialRangeFrom: IntervalExpression {
    public var interval: Interval<Bound> { Interval(lower: lowerBound) }
}

extension PartialRangeThrough: IntervalExpression {
    public var interval: Interval<Bound> { Interval(upper: upperBound) }
}

extension PartialRangeUpTo: IntervalExpression {
    public var interval: Interval<Bound> { Interval(upper: upperBound, excludesUpper: true) }
}

/// A single integer means exactly that value, as in `count: 3`.
extension Int: IntervalExpression {
    public var interval: Interval<Int> { Interval(lower: self, upper: self) }
}

extension IntervalExpression where Self == Interval<Double> {
    /// Numbers above zero.
    public static var positive: Interval<Double> { Interval(lower: 0, excludesLower: true) }
    /// Numbers above `bound`.
    public static func above(_ bound: Double) -> Interval<Double> { Interval(lower: bound, excludesLower: true) }
    /// Numbers above `lower` and at most `upper`.
    public static func above(_ lower: Double, through upper: Double) -> Interval<Double> {
        Interval(lower: lower, upper: upper, excludesLower: true)
    }
    /// Numbers strictly between two bounds.
    public static func between(_ lower: Double, _ upper: Double) -> Interval<Double> {
        Interval(lower: lower, upper: upper, excludesLower: true, excludesUpper: true)
    }
}

extension Interval<Int> {
    /// The same integers with both ends included.
    var closed: Interval<Int> {
        Interval(
            lower: lower.map { excludesLower ? $0 + 1 : $0 }, upper: upper.map { excludesUpper ? $0 - 1 : $0 })
    }

    func words(_ noun: String) -> String { closed.words(noun, String.init) }

    /// `3 elements`, `at least 1 element`, `1 to 4 elements`.
    var elementWords: String {
        let ends = closed
        func plural(_ count: Int) -> String { count == 1 ? "1 element" : "\(count) elements" }
        return switch (ends.lower, ends.upper) {
        case (let lower?, let upper?) where lower == upper: plural(lower)
        case (let lower?, let upper?): "\(lower) to \(plural(upper))"
        case (let lower?, nil): "at least \(plural(lower))"
        case (nil, let upper?): "at most \(plural(upper))"
        case (nil, nil): "any number of elements"
        }
    }

    /// The placeholder while describing: the allowed value nearest to zero.
    var placeholder: Int {
        let ends = closed
        return min(max(0, ends.lower ?? .min), ends.upper ?? .max)
    }
}

extension Interval<Double> {
    func words(_ noun: String) -> String { words(noun, DecimalText.shortest) }

    var placeholder: Double {
        let nearest = min(max(0, lower ?? -.infinity), upper ?? .infinity)
        if contains(nearest) { return nearest }
        if let lower, let upper { return lower + (upper - lower) / 2 }
        return lower.map { $0 + 1 } ?? upper.map { $0 - 1 } ?? 0
    }
}

extension Interval {
    /// `an integer from 1 to 255`, `a number above 0 and at most 1`.
    fileprivate func words(_ noun: String, _ text: (Bound) -> String) -> String {
        switch (lower, upper) {
        case (nil, nil): return noun
        case (let lower?, let upper?) where !excludesLower && !excludesUpper:
            return lower == upper ? "\(noun) equal to \(text(lower))" : "\(noun) from \(text(lower)) to \(text(upper))"
        default:
            let ends = [
                lower.map { excludesLower ? "above \(text($0))" : "of at least \(text($0))" },
                upper.map {
                    excludesUpper
                        ? "below \(text($0))" : lower == nil ? "of at most \(text($0))" : "at most \(text($0))"
                },
            ]
            return noun + " " + ends.compactMap { $0 }.joined(separator: " and ")
        }
    }
}
