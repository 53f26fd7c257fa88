import AgonConfiguration
import Foundation

/// Numbers as people write them.
package enum DecimalNumber {
    package static func text(_ value: Double) -> String { ConfigNode(value).lineText }

    /// The decimal that the double was written as.
    package static func exact(_ value: Double) -> Decimal {
        Decimal(string: text(value), locale: Locale(identifier: "en_US_POSIX")) ?? Decimal(value)
    }

    /// The number in six significant digits.
    package static func short(_ value: Double) -> ConfigNode {
        ConfigNode(Double(String(format: "%.6g", value)) ?? value)
    }

    /// Four significant digits.
    package static func shown(_ value: Double) -> String {
        value.isFinite ? ConfigNode(Double(String(format: "%.4g", value)) ?? value).lineText : "\(value)"
    }
}
