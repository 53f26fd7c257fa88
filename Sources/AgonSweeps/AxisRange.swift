import AgonConfiguration
import AgonText
import Foundation

/// Evenly spaced numbers from `from` to `to`, both included.
struct AxisRange: ConfigDecodable, Sendable {
    let from: Double
    let to: Double
    /// The distance between successive numbers; nil for a continuous range, which only random draws can use.
    let step: Double?

    static let countLimit = 100_000
    /// Beyond them decimal numbers cannot be told from 0 or added.
    private static let magnitudes = 1e-100...1e100

    init(from reader: ConfigReader) throws {
        from = try reader.number("from", "The first number.")
        to = try reader.number("to", "The upper limit; included if a step reaches it.")
        step = try reader.optionalNumber(
            "step", in: .positive, "The distance between successive numbers; optional for random draws.")
        for (key, number) in [("from", from), ("to", to), ("step", step ?? 0)] {
            try reader.require(
                number == 0 || Self.magnitudes.contains(abs(number)), key,
                "\(NumberText.shortest(number)) is out of range; expected 0, or a magnitude from 1e-100 to 1e100")
        }
        try reader.require(from <= to, "to", "\(NumberText.shortest(to)) is below 'from', \(NumberText.shortest(from))")
        if let step {
            try reader.require(
                (to - from) / step < Double(Self.countLimit), "step", "makes more than \(Self.countLimit) numbers")
        }
    }

    /// The numbers, computed in decimal arithmetic so that 0.1 + 0.2 is 0.3.
    var values: [ConfigNode]? {
        guard let step else { return nil }
        let (start, end, width) = (Self.decimal(from), Self.decimal(to), Self.decimal(step))
        var values: [ConfigNode] = []
        var value = start
        while value <= end, values.count <= Self.countLimit {
            values.append(ConfigNode((value as NSDecimalNumber).doubleValue))
            value += width
        }
        return values
    }

    func value(at share: Double) -> ConfigNode { Self.rounded(from + (to - from) * share) }

    /// The number rounded to six significant digits.
    static func rounded(_ value: Double) -> ConfigNode {
        ConfigNode(Double(NumberText.significant(value, digits: 6)) ?? value)
    }

    /// The decimal number from which the double was parsed.
    private static func decimal(_ value: Double) -> Decimal {
        Decimal(string: NumberText.shortest(value), locale: Locale(identifier: "en_US_POSIX")) ?? Decimal(value)
    }
}

/// Logarithmically spaced numbers from `from` to `to`, both included.
struct AxisLogRange: ConfigDecodable, Sendable {
    let from: Double
    let to: Double
    /// Nil for a continuous range, which only random draws can use.
    let count: Int?

    init(from reader: ConfigReader) throws {
        from = try reader.number("from", in: .positive, "The first number.")
        to = try reader.number("to", in: .positive, "The last number.")
        count = try reader.optionalInteger(
            "count", in: 2...AxisRange.countLimit, "The number of values with both ends; optional for random draws.")
        try reader.require(from != to, "to", "is the same as 'from'")
    }

    var values: [ConfigNode]? {
        guard let count else { return nil }
        return (0..<count).map { index in
            switch index {
            case 0: ConfigNode(from)
            case count - 1: ConfigNode(to)
            default: value(at: Double(index) / Double(count - 1))
            }
        }
    }

    func value(at share: Double) -> ConfigNode { AxisRange.rounded(exp(log(from) + (log(to) - log(from)) * share)) }
}
