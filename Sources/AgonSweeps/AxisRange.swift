import AgonConfiguration
import AgonText
import Foundation

/// Numbers from one end to the other, a step apart; both ends belong to it.
struct AxisRange: ConfigDecodable, Sendable {
    let from: Double
    let to: Double
    /// Nil: any number between, for random draws.
    let step: Double?

    static let countLimit = 100_000

    init(from reader: ConfigReader) throws {
        from = try reader.number("from", "The first number.")
        to = try reader.number("to", "The last number, if steps lead there.")
        step = try reader.optionalNumber(
            "step", in: .positive, "From one number to the next; random draws may do without.")
        try reader.require(from <= to, "to", "\(NumberText.shortest(to)) is below 'from', \(NumberText.shortest(from))")
        if let step {
            try reader.require(
                (to - from) / step < Double(Self.countLimit), "step", "makes more than \(Self.countLimit) numbers")
        }
    }

    /// The numbers, reckoned in decimals so that 0.1 + 0.2 is 0.3.
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

    /// The number in six significant digits.
    static func rounded(_ value: Double) -> ConfigNode {
        ConfigNode(Double(NumberText.significant(value, digits: 6)) ?? value)
    }

    /// The decimal that the double was written as.
    private static func decimal(_ value: Double) -> Decimal {
        Decimal(string: NumberText.shortest(value), locale: Locale(identifier: "en_US_POSIX")) ?? Decimal(value)
    }
}

/// Numbers from one end to the other, each the same factor above the one before; both ends belong to it.
struct AxisLogRange: ConfigDecodable, Sendable {
    let from: Double
    let to: Double
    /// Nil: any number between, for random draws.
    let count: Int?

    init(from reader: ConfigReader) throws {
        from = try reader.number("from", in: .positive, "The first number.")
        to = try reader.number("to", in: .positive, "The last number.")
        count = try reader.optionalInteger(
            "count", in: 2...AxisRange.countLimit, "How many numbers, both ends with them; random draws may do without."
        )
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
