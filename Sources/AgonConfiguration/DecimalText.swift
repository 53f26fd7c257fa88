/// A JSON number split into digits and exponent, so that whole numbers are read exactly rather than through a double.
struct DecimalText {
    private var isNegative = false
    /// Significant digits without leading or trailing zeros; empty for zero.
    private var digits: [UInt8] = []
    /// The power of ten that multiplies the digits as a whole number.
    private var exponent = 0

    init(_ text: String) {
        var exponentText: [UInt8] = []
        var isFraction = false
        var isExponent = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "-") where !isExponent: isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): isExponent = true
            case _ where isExponent: exponentText.append(byte)
            default:
                digits.append(byte - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            }
        }
        if !exponentText.isEmpty {
            // An exponent that does not fit an Int belongs to zero or to a number far below one: the text is finite.
            let written = String(decoding: exponentText, as: UTF8.self)
            let value = Int(written) ?? (written.hasPrefix("-") ? -1_000_000_000 : 1_000_000_000)
            exponent += min(max(value, -1_000_000_000), 1_000_000_000)
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        let leading = digits.prefix { $0 == 0 }.count
        digits.removeFirst(leading)
    }

    /// The exact value if it is whole and fits 64 bits.
    var integer: Int? {
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, digits.count + exponent <= 19 else { return nil }
        var result = 0
        for position in 0..<(digits.count + exponent) {
            let digit = position < digits.count ? Int(digits[position]) : 0
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            // Accumulated as a negative number, because that range has one more value.
            let (difference, underflow) = product.subtractingReportingOverflow(digit)
            guard !overflow, !underflow else { return nil }
            result = difference
        }
        if isNegative { return result }
        return result == .min ? nil : -result
    }

    /// Whether the value is whole, of any size.
    var isWhole: Bool { digits.isEmpty || exponent >= 0 }

    /// The shortest decimal text of a finite double, whole numbers without a fraction: `0.0002`, `1`, `1e-05`.
    static func shortest(_ value: Double) -> String {
        let text = value.description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// A canonical spelling of the value, for hashing: `2e4`, `20000.0` and `20000` are all `20000`.
    static func canonical(_ text: String) -> String {
        if let integer = DecimalText(text).integer { return String(integer) }
        return Double(text).map(shortest) ?? text
    }
}
