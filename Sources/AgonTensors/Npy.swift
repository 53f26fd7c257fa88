/// An array in NumPy's `.npy` format: float32 or float64, little-endian, row-major.
///
/// Format: NumPy Enhancement Proposal 1 and `numpy.lib.format`; versions 1 and 2 are read (2 allows longer headers),
/// version 1 is written.
public struct NpyArray: Equatable, Sendable {
    public enum Values: Equatable, Sendable {
        case float32([Float])
        case float64([Double])

        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .float64(let values): values.count
            }
        }
    }

    public let shape: Shape
    public let values: Values

    public init(shape: Shape, values: Values) {
        precondition(shape.count == values.count, "shape \(shape) needs \(shape.count) values, not \(values.count)")
        self.shape = shape
        self.values = values
    }

    public init(_ tensor: Tensor) { self.init(shape: tensor.shape, values: .float32(tensor.values)) }

    /// The values in double precision.
    public var doubles: [Double] {
        switch values {
        case .float32(let values): values.map { Double($0) }
        case .float64(let values): values
        }
    }

    /// The array in single precision, rounded if needed.
    public var tensor: Tensor {
        switch values {
        case .float32(let values): Tensor(shape: shape, values: values)
        case .float64(let values): Tensor(shape: shape, values: values.map { Float($0) })
        }
    }

    // MARK: - Files

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Bytes; real headers have about a hundred.
    private static let maximumHeaderSize = 1 << 20

    /// Reads a file.
    ///
    /// - Throws: ``TensorsError/cannotRead(path:code:)`` or ``TensorsError/malformed(path:format:problem:)``.
    public init(path: String) throws(TensorsError) {
        let failure = { (problem: String) in TensorsError.malformed(path: path, format: "npy", problem: problem) }
        let file = try InputFile(path: path)
        let start = try file.read(UInt8.self, count: min(12, file.size), at: 0)
        guard start.starts(with: Self.magic) else { throw failure("it does not start with \\x93NUMPY") }
        guard start.count == 12 else { throw failure("it has \(file.size) bytes, too few for a header (truncated?)") }
        let (version, short) = (start[6], Int(start[8]) | Int(start[9]) << 8)
        guard version == 1 || version == 2 else { throw failure("its version is \(version), expected 1 or 2") }
        let headerStart = version == 1 ? 10 : 12
        let length = version == 1 ? short : short | Int(start[10]) << 16 | Int(start[11]) << 24
        guard length <= Self.maximumHeaderSize else {
            throw failure("its header claims \(length) bytes, more than the \(Self.maximumHeaderSize) allowed")
        }
        guard length <= file.size - headerStart else {
            throw failure("its header claims \(length) bytes, the file has \(file.size) (truncated?)")
        }
        var parser = NpyHeaderParser(bytes: try file.read(UInt8.self, count: length, at: headerStart), failure: failure)
        let (type, shape) = try parser.parse()
        guard let size = checkedByteCount(of: shape, type) else {
            throw failure("the size of shape \(shape) overflows")
        }
        let dataStart = headerStart + length
        guard file.size - dataStart == size else {
            throw failure("shape \(shape) needs \(size) bytes of data, the file holds \(file.size - dataStart)")
        }
        self.shape = Shape(shape)
        switch type {
        case .float64: values = .float64(try file.read(Double.self, count: self.shape.count, at: dataStart))
        default: values = .float32(try file.read(Float.self, count: self.shape.count, at: dataStart))
        }
    }

    /// Writes a file, whole or not at all (``AtomicFile``).
    ///
    /// - Throws: ``TensorsError/cannotWrite(path:code:)``.
    public func write(path: String) throws {
        try AtomicFile.write(path: path) { output in
            try output.write(header)
            switch values {
            case .float32(let values): try output.write(elements: values)
            case .float64(let values): try output.write(elements: values)
            }
        }
    }

    /// The contents of a file with this array.
    public var fileBytes: [UInt8] {
        func bytes<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        return switch values {
        case .float32(let values): header + bytes(values)
        case .float64(let values): header + bytes(values)
        }
    }

    private var header: [UInt8] {
        let type = if case .float64 = values { "<f8" } else { "<f4" }
        // A tuple of one is written with a comma, the empty one without.
        let extents = shape.dimensions.map(String.init).joined(separator: ", ") + (shape.rank == 1 ? "," : "")
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
        let unpadded = Self.magic.count + 4 + header.utf8.count + 1
        header += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        let length = header.utf8.count
        precondition(length <= 0xffff, "shape of rank \(shape.rank) is too long for version 1")
        return Self.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(header.utf8)
    }
}

/// Parses the literal of a Python dictionary with exactly the format's three keys, in any order.
struct NpyHeaderParser {
    let bytes: [UInt8]
    let failure: (String) -> TensorsError
    var position = 0

    init(bytes: [UInt8], failure: @escaping (String) -> TensorsError) {
        self.bytes = bytes
        self.failure = failure
    }

    mutating func parse() throws(TensorsError) -> (type: ElementType, shape: [Int]) {
        var type: ElementType?
        var shape: [Int]?
        var isColumnMajor: Bool?
        try expect("{")
        while !take("}") {
            let key = try parseString()
            try expect(":")
            switch key {
            case "descr" where type == nil:
                let text = try parseString()
                type = text == "<f4" ? .float32 : text == "<f8" ? .float64 : nil
                guard type != nil else {
                    throw failure("its dtype is '\(text)'; save it as float32 or float64 ('<f4', '<f8')")
                }
            case "fortran_order" where isColumnMajor == nil: isColumnMajor = try parseBool()
            case "shape" where shape == nil: shape = try parseTuple()
            default: throw failure("its header has an unknown or duplicate key '\(key)'")
            }
            guard take(",") else {
                try expect("}")
                break
            }
        }
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0a { position += 1 }
        guard position == bytes.count else { throw failure("text after the header's dictionary") }
        guard let type, let shape, let isColumnMajor else {
            throw failure("its header lacks one of descr, fortran_order and shape")
        }
        guard !isColumnMajor else {
            throw failure("it is in Fortran order; save it with numpy.ascontiguousarray")
        }
        return (type, shape)
    }

    private mutating func parseString() throws(TensorsError) -> String {
        let quote: Unicode.Scalar = take("\"") ? "\"" : "'"
        if quote == "'" { try expect("'") }
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: quote)) else {
            throw failure("its header ends within a string")
        }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    private mutating func parseBool() throws(TensorsError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw failure("header byte \(position): expected True or False")
    }

    private mutating func parseTuple() throws(TensorsError) -> [Int] {
        var extents: [Int] = []
        try expect("(")
        while !take(")") {
            guard extents.count < SafetensorsHeader.maximumRank else { throw failure("its shape has too many axes") }
            extents.append(try parseInteger())
            guard take(",") else {
                try expect(")")
                break
            }
        }
        return extents
    }

    private mutating func parseInteger() throws(TensorsError) -> Int {
        skipSpace()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty else { throw failure("header byte \(position): expected an extent of 0 or more") }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
            throw failure("the extent at header byte \(position) overflows")
        }
        position = digits.endIndex
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] == 0x20 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(TensorsError) {
        guard take(character) else { throw failure("header byte \(position): expected '\(character)'") }
    }
}
