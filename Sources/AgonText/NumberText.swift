import AgonConfiguration
import Foundation

/// Formats numbers for messages, tables and charts.
package enum NumberText {
    /// A fixed number of decimals; powers of ten for very large or small numbers.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        let text = String(format: "%.\(max(0, decimals))f", value)
        // No "-0.00".
        return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) }) ? String(text.dropFirst()) : text
    }

    /// A number in a table cell: fixed decimals, commas in large whole numbers, and powers of ten where the digits
    /// would be too many or all zero.
    package static func cell(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        let size = abs(value)
        if decimals == 0, size >= 1e4, size < 1e12 { return grouped(Int(value.rounded())) }
        return size >= 1e7 || (value != 0 && size < 1e-4) ? significant(value) : fixed(value, decimals: decimals)
    }

    /// A deviation with the mean's decimals; a value that would round to zero keeps one digit.
    package static func deviation(_ value: Double, decimals: Int) -> String {
        let text = cell(value, decimals: decimals)
        return value != 0 && Double(text) == 0 ? significant(value, digits: 1) : text
    }

    /// The shortest digits that read back as the same number: `10`, `0.25`.
    package static func shortest(_ value: Double) -> String { value.isFinite ? ConfigNode(value).lineText : "\(value)" }

    /// A fixed number of significant digits: `0.01234`, `12.34`, `1234`, `1.234e7`.
    package static func significant(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        let magnitude = exponent(of: value, digits: digits)
        if magnitude >= 7 || magnitude < -4 {
            let share = value / pow(10, Double(magnitude))
            return fixed(share, decimals: digits - 1) + "e\(magnitude)"
        }
        return fixed(value, decimals: max(0, digits - 1 - magnitude))
    }

    /// At most the given number of significant digits, without trailing zeros: `8`, `0.25`, `0.3333`, `1.2e7`.
    package static func brief(_ value: Double, digits: Int = 4) -> String {
        let text = significant(value, digits: digits)
        let power = text.firstIndex(of: "e") ?? text.endIndex
        guard text[..<power].contains(".") else { return text }
        let kept = text[..<power].reversed().drop { $0 == "0" }
        return String((kept.first == "." ? kept.dropFirst() : kept).reversed()) + text[power...]
    }

    /// Two digits and an exponent, for errors: `3.1e-07`.
    package static func scientific(_ value: Double) -> String { String(format: "%.1e", value) }

    /// A fraction as a percentage: `12.50 %`.
    package static func percent(_ share: Double) -> String { fixed(100 * share, decimals: 2) + " %" }

    /// Decimals that show two significant digits of a deviation, or four of a mean without one.
    package static func decimals(mean: Double, deviation: Double?) -> Int {
        if let deviation, deviation > 0, deviation.isFinite {
            return min(6, max(0, 1 - exponent(of: deviation, digits: 2)))
        }
        guard mean != 0, mean.isFinite else { return 0 }
        // Counts.
        if mean == mean.rounded(), abs(mean) < 1e6, deviation != nil || abs(mean) < 1000 { return 0 }
        return min(6, max(0, 3 - exponent(of: mean, digits: 4)))
    }

    /// Decimals for all values of a column: those that suit most, and enough that no deviation rounds to zero and
    /// every mean keeps two digits. Nil if the magnitudes differ too much.
    package static func decimals(ofColumn values: [(mean: Double, deviation: Double?)]) -> Int? {
        // Others are shown as powers of ten.
        let values = values.filter { abs($0.mean) < 1e7 && ($0.mean == 0 || abs($0.mean) >= 1e-4) }
        func isWhole(_ value: (mean: Double, deviation: Double?)) -> Bool {
            value.mean == value.mean.rounded() && (value.deviation ?? 0) == 0
        }
        // Whole numbers among fractions are not counts, and are ignored.
        let voters = values.allSatisfy(isWhole) ? values : values.filter { !isWhole($0) }
        let own = voters.map { decimals(mean: $0.mean, deviation: $0.deviation) }.sorted()
        let all = values.filter { $0.mean != 0 }.map { decimals(mean: $0.mean, deviation: $0.deviation) }
        if let least = all.min(), let most = all.max(), most - least > 3 { return nil }
        guard !own.isEmpty else { return nil }
        let needed = values.map { value in
            let ofMean = value.mean == 0 || own.last == 0 ? 0 : 1 - exponent(of: value.mean, digits: 2)
            let ofDeviation = value.deviation.map { $0 > 1e-4 ? -exponent(of: $0, digits: 1) : 0 } ?? 0
            return max(ofMean, ofDeviation)
        }
        return min(6, max(own[own.count / 2], needed.max() ?? 0))
    }

    /// A whole number with commas: `1,234,567`.
    package static func grouped(_ number: Int) -> String { grouped(String(number)) }

    /// A fixed number of decimals, with thousands separators: `1,234.50`.
    package static func grouped(_ value: Double, decimals: Int) -> String { grouped(fixed(value, decimals: decimals)) }

    private static func grouped(_ text: String) -> String {
        let point = text.firstIndex(of: ".") ?? text.endIndex
        var whole = ""
        for (place, digit) in text[..<point].reversed().enumerated() {
            if place > 0, place % 3 == 0, digit != "-" { whole.append(",") }
            whole.append(digit)
        }
        return String(whole.reversed()) + text[point...]
    }

    /// The power of ten of the first digit after rounding to the given digits.
    private static func exponent(of value: Double, digits: Int) -> Int {
        let magnitude = Int(log10(abs(value)).rounded(.down))
        let rounded = abs(value) / pow(10, Double(magnitude - digits + 1))
        return rounded.rounded() >= pow(10, Double(digits)) ? magnitude + 1 : magnitude
    }
}
