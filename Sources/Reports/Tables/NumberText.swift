import Foundation

/// Numbers as tables and charts show them.
enum NumberText {
    /// So many decimals; of very large or small numbers, powers of ten.
    static func fixed(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        let text = String(format: "%.\(max(0, decimals))f", value)
        // No "-0.00".
        return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) }) ? String(text.dropFirst()) : text
    }

    /// So many significant digits: `0.01234`, `12.34`, `1234`, `1.234e+07`.
    static func significant(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return "\(value)" }
        guard value != 0 else { return "0" }
        let magnitude = exponent(of: value, digits: digits)
        if magnitude >= 7 || magnitude < -4 { return String(format: "%.\(digits - 1)e", value) }
        return fixed(value, decimals: max(0, digits - 1 - magnitude))
    }

    /// Decimals that show two significant digits of a deviation, or four of a mean without one.
    static func decimals(mean: Double, deviation: Double?) -> Int {
        if let deviation, deviation > 0, deviation.isFinite {
            return min(6, max(0, 1 - exponent(of: deviation, digits: 2)))
        }
        guard mean != 0, mean.isFinite else { return 0 }
        // Counts.
        if mean == mean.rounded(), abs(mean) < 1e6, deviation != nil || abs(mean) < 1000 { return 0 }
        return min(6, max(0, 3 - exponent(of: mean, digits: 4)))
    }

    /// A whole number with commas: `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (place, digit) in String(number.magnitude).reversed().enumerated() {
            if place > 0, place % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// The power of ten of the first digit, after rounding to so many digits.
    private static func exponent(of value: Double, digits: Int) -> Int {
        let magnitude = Int(log10(abs(value)).rounded(.down))
        let rounded = abs(value) / pow(10, Double(magnitude - digits + 1))
        return rounded.rounded() >= pow(10, Double(digits)) ? magnitude + 1 : magnitude
    }
}
