/// The JSON object at the head of a safetensors file, parsed and checked against the size of the data that follow it.
///
/// The parser takes just the JSON that the format allows: one object whose members are `__metadata__` (strings by name)
/// and tensors `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
/// Format: https://huggingface.co/docs/safetensors, "Format".
struct SafetensorsHeader: Equatable {
    /// The largest header that the format's reference implementation accepts, in bytes.
    static let maximumSize = 100_000_000
    /// More axes than any array has; bounds what a lying shape can make the parser hold.
    static let maximumRank = 64

    var metadata: [String: String] = [:]
    /// In the order of their data.
    var entries: [SafetensorsFile.Entry] = []

    /// - Throws: ``TensorsError/malformed(path:format:problem:)``.
    init(parsing bytes: [UInt8], dataSize: Int, path: String) throws(TensorsError) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .malformed(path: path, format: "safetensors", problem: "its header is not UTF-8 text")
        }
        var parser = SafetensorsHeaderParser(bytes: bytes, path: path)
        try parser.parse(into: &self)
        try checkLayout(dataSize: dataSize, path: path)
    }

    /// The data must be the tensors one after the other: nothing shared, nothing left over.
    private mutating func checkLayout(dataSize: Int, path: String) throws(TensorsError) {
        entries.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound, $0.name) < ($1.bytes.lowerBound, $1.bytes.upperBound, $1.name)
        }
        var end = 0
        for entry in entries {
            let start = entry.bytes.lowerBound
            if start != end {
                let problem = start < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw .malformed(
                    path: path, format: "safetensors",
                    problem: "tensor '\(entry.name)' starts at data byte \(start) and \(problem), which ends at \(end)")
            }
            end = entry.bytes.upperBound
            guard end <= dataSize else {
                throw .malformed(
                    path: path, format: "safetensors",
                    problem: "tensor '\(entry.name)' ends at data byte \(end), the file holds \(dataSize) (truncated?)")
            }
        }
        guard end == dataSize else {
            throw .malformed(
                path: path, format: "safetensors",
                problem: "\(dataSize - end) bytes follow the last tensor, which ends at data byte \(end)")
        }
    }
}

struct SafetensorsHeaderParser {
    let bytes: [UInt8]
    let path: String
    var position = 0

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    mutating func parse(into header: inout SafetensorsHeader) throws(TensorsError) {
        guard bytes.first == UInt8(ascii: "{") else { throw failure("its header does not begin with '{'") }
        var names: Set<String> = []
        try parseObject { (parser, key) throws(TensorsError) in
            guard names.insert(key).inserted else { throw parser.failure("two members are named '\(key)'") }
            if key == "__metadata__" {
                header.metadata = try parser.parseMetadata()
            } else {
                header.entries.append(try parser.parseEntry(named: key))
            }
        }
        skipSpace()
        guard position == bytes.count else { throw failure("text after the header's end, at byte \(position)") }
    }

    // MARK: - The members

    private mutating func parseMetadata() throws(TensorsError) -> [String: String] {
        var metadata: [String: String] = [:]
        try parseObject { (parser, key) throws(TensorsError) in
            let value = try parser.parseString()
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw parser.failure("two members of __metadata__ are named '\(key)'")
            }
        }
        return metadata
    }

    private mutating func parseEntry(named name: String) throws(TensorsError) -> SafetensorsFile.Entry {
        var type: ElementType?
        var shape: [Int]?
        var offsets: [Int]?
        try parseObject { (parser, key) throws(TensorsError) in
            switch key {
            case "dtype" where type == nil:
                let text = try parser.parseString()
                type = ElementType(rawValue: text)
                guard type != nil else {
                    let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
                    throw parser.failure("tensor '\(name)' has the unknown dtype '\(text)' (known: \(known))")
                }
            case "shape" where shape == nil:
                shape = try parser.parseIntegers(limit: SafetensorsHeader.maximumRank, of: "shape of '\(name)'")
            case "data_offsets" where offsets == nil:
                offsets = try parser.parseIntegers(limit: 2, of: "data_offsets of '\(name)'")
            case "dtype", "shape", "data_offsets":
                throw parser.failure("tensor '\(name)' has two members '\(key)'")
            default:
                throw parser.failure("tensor '\(name)' has the unknown member '\(key)'")
            }
        }
        guard let type else { throw failure("tensor '\(name)' has no dtype") }
        guard let shape else { throw failure("tensor '\(name)' has no shape") }
        guard let offsets, offsets.count == 2 else { throw failure("tensor '\(name)' needs two data_offsets") }
        guard offsets[0] <= offsets[1] else {
            throw failure("tensor '\(name)' ends before it starts (data_offsets \(offsets))")
        }
        guard let size = checkedByteCount(of: shape, type) else {
            throw failure("the size of tensor '\(name)' of shape \(shape) overflows")
        }
        guard offsets[1] - offsets[0] == size else {
            throw failure(
                "tensor '\(name)' of shape \(shape) and dtype \(type.rawValue) needs \(size) bytes, "
                    + "its data_offsets \(offsets) hold \(offsets[1] - offsets[0])")
        }
        return SafetensorsFile.Entry(name: name, type: type, shape: Shape(shape), bytes: offsets[0]..<offsets[1])
    }

    // MARK: - JSON

    /// Calls `member` at each value with its key.
    private mutating func parseObject(
        _ member: (inout SafetensorsHeaderParser, String) throws(TensorsError) -> Void
    ) throws(TensorsError) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try parseString()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    private mutating func parseIntegers(limit: Int, of what: String) throws(TensorsError) -> [Int] {
        var integers: [Int] = []
        try expect("[")
        if take("]") { return integers }
        repeat {
            guard integers.count < limit else { throw failure("more than \(limit) numbers in the \(what)") }
            integers.append(try parseInteger())
        } while take(",")
        try expect("]")
        return integers
    }

    private mutating func parseInteger() throws(TensorsError) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(digit))
            guard !overflow, !carry else { throw failure("the number at header byte \(start) overflows") }
            value = sum
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
        let hasMore = position < bytes.count && [".", "e", "E"].contains(Character(UnicodeScalar(bytes[position])))
        guard position > start, !hasLeadingZero, !hasMore else {
            throw failure("header byte \(start): expected a whole number of 0 or more")
        }
        return value
    }

    private mutating func parseString() throws(TensorsError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try parseEscape()).utf8)
            case 0..<0x20: throw failure("header byte \(position - 1): a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("its header ends within a string")
    }

    private mutating func parseEscape() throws(TensorsError) -> Character {
        guard position < bytes.count else { throw failure("its header ends within a string") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var code = try parseHexadecimal()
            if code & 0xfc00 == 0xd800, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try parseHexadecimal()
                guard low & 0xfc00 == 0xdc00 else { throw failure("header byte \(position): a lone surrogate") }
                code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
            }
            guard let scalar = UnicodeScalar(code) else { throw failure("header byte \(position): a lone surrogate") }
            return Character(scalar)
        default:
            throw failure("header byte \(position - 1): an unknown escape")
        }
    }

    private mutating func parseHexadecimal() throws(TensorsError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("its header ends within a string") }
        var code: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw failure("header byte \(position): \\u needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
        }
        position += 4
        return code
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TensorsError) {
        guard !take(character) else { return }
        let found = position < bytes.count ? "'\(UnicodeScalar(bytes[position]))'" : "its end"
        throw failure("header byte \(position): expected '\(character)', found \(found)")
    }

    private func failure(_ problem: String) -> TensorsError {
        .malformed(path: path, format: "safetensors", problem: problem)
    }
}

/// The bytes of an array, or nil when their number, or that of the elements, overflows.
///
/// The extents are multiplied in the order of `Shape.count`, so that this cannot overflow after the check.
func checkedByteCount(of shape: [Int], _ type: ElementType) -> Int? {
    var product = 1
    for extent in shape {
        let (next, overflow) = product.multipliedReportingOverflow(by: extent)
        if overflow { return nil }
        product = next
    }
    let (size, overflow) = product.multipliedReportingOverflow(by: type.byteCount)
    return overflow ? nil : size
}
