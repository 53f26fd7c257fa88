import AgonConfiguration

/// A safetensors file: named arrays, and string metadata by name.
///
/// Opening reads only the header and checks it against the file's size, so that later reads and allocations are
/// bounded by existing bytes. Format: https://huggingface.co/docs/safetensors.
public struct SafetensorsFile: Sendable {
    /// An array in the file.
    public struct Entry: Equatable, Sendable {
        public let name: String
        public let type: ElementType
        public let shape: Shape
        /// The byte range of its elements, from the end of the header.
        public let bytes: Range<Int>
    }

    /// An array to write.
    public struct Content: Equatable, Sendable {
        public enum Values: Equatable, Sendable {
            case float32([Float])
            case int64([Int64])
            case uint8([UInt8])
        }

        public let name: String
        public let shape: Shape
        public let values: Values

        public init(name: String, shape: Shape, values: Values) {
            self.name = name
            self.shape = shape
            self.values = values
            precondition(shape.count == count, "'\(name)': shape \(shape) needs \(shape.count) values, not \(count)")
        }

        public init(name: String, tensor: Tensor) {
            self.init(name: name, shape: tensor.shape, values: .float32(tensor.values))
        }

        var count: Int {
            switch values {
            case .float32(let values): values.count
            case .int64(let values): values.count
            case .uint8(let values): values.count
            }
        }

        var type: ElementType {
            switch values {
            case .float32: .float32
            case .int64: .int64
            case .uint8: .uint8
            }
        }
    }

    public let path: String
    public let metadata: [String: String]
    /// The arrays, in the order of their data.
    public let entries: [Entry]
    private let indices: [String: Int]
    private let file: InputFile
    private let dataStart: Int

    /// Whether the file contains a checksum, which was verified.
    public let isSealed: Bool

    /// Opens a file and checks its header, and its checksum if it has one: a sealed file is read to its end.
    ///
    /// - Throws: ``TensorsError/cannotRead(path:code:)`` or ``TensorsError/malformed(path:format:problem:)``.
    public init(path: String) throws(TensorsError) {
        let file = try InputFile(path: path)
        let failure = { (problem: String) in
            TensorsError.malformed(path: path, format: "safetensors", problem: problem)
        }
        guard file.size >= 8 else { throw failure("it has \(file.size) bytes, too few for a header's length") }
        let length = UInt64(littleEndian: try file.read(UInt64.self, count: 1, at: 0)[0])
        guard length <= UInt64(SafetensorsHeader.maximumSize) else {
            let first = try file.read(UInt8.self, count: 8, at: 0)
            if let kind = Self.foreignKind(first) { throw failure("it is \(kind)") }
            throw failure("its header claims \(length) bytes, more than the \(SafetensorsHeader.maximumSize) allowed")
        }
        guard Int(length) <= file.size - 8 else {
            throw failure("its header claims \(length) bytes, the file has \(file.size) (truncated?)")
        }
        dataStart = 8 + Int(length)
        let text = try file.read(UInt8.self, count: Int(length), at: 8)
        let header = try SafetensorsHeader(parsing: text, dataSize: file.size - dataStart, path: path)
        isSealed = try SafetensorsSeal.verify(header: text, metadata: header.metadata, in: file)
        self.path = path
        self.file = file
        metadata = header.metadata
        entries = header.entries
        indices = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    }

    /// What a file with these first bytes is, if it is of another kind in which weights are stored.
    private static func foreignKind(_ bytes: [UInt8]) -> String? {
        let kinds: [([UInt8], String)] = [
            (Array("PK\u{3}\u{4}".utf8), "a zip, such as NumPy's .npz or PyTorch's .pt"),
            ([0x89] + Array("HDF".utf8), "an HDF5 file (.h5)"),
            (Array("GGUF".utf8), "a GGUF file"),
            ([0x93] + Array("NUMPY".utf8), "a NumPy array (.npy)"),
            (Array("{".utf8), "JSON, such as the index of weights in several files; name one of those files"),
            (Array("<".utf8), "a web page"),
            (Array("version ".utf8), "a Git LFS pointer"),
            ([0x80], "a Python pickle, such as an old PyTorch file"),
        ]
        if let kind = kinds.first(where: { bytes.starts(with: $0.0) })?.1 { return kind }
        // Protocol buffers have no signature. A model begins with its version and then its producer.
        return bytes[0] == 8 && bytes[1] < 32 && bytes[2] == 0x12 ? "an ONNX model" : nil
    }

    /// Whether there is an array of this name.
    public func contains(_ name: String) -> Bool { indices[name] != nil }

    /// The array of this name.
    ///
    /// - Throws: ``TensorsError/noTensor(path:name:existing:)``.
    public func entry(_ name: String) throws(TensorsError) -> Entry {
        guard let index = indices[name] else {
            throw .noTensor(path: path, name: name, existing: entries.map(\.name))
        }
        return entries[index]
    }

    /// The elements of an array in single precision; other types are converted, with rounding if needed.
    ///
    /// - Throws: ``TensorsError/noTensor(path:name:existing:)``, ``TensorsError/wrongType(path:name:type:wanted:)`` or
    ///   ``TensorsError/cannotRead(path:code:)``.
    public func tensor(_ name: String) throws(TensorsError) -> Tensor {
        let entry = try entry(name)
        let values: [Float] =
            switch entry.type {
            case .float32: try elements(Float.self, of: entry)
            case .float64: try elements(Double.self, of: entry).map { Float($0) }
            case .float16: try elements(UInt16.self, of: entry).map(float(half:))
            case .bfloat16: try elements(UInt16.self, of: entry).map(float(brain:))
            case .int64: try elements(Int64.self, of: entry).map { Float($0) }
            case .int32: try elements(Int32.self, of: entry).map { Float($0) }
            case .int16: try elements(Int16.self, of: entry).map { Float($0) }
            case .int8: try elements(Int8.self, of: entry).map { Float($0) }
            case .uint64: try elements(UInt64.self, of: entry).map { Float($0) }
            case .uint32: try elements(UInt32.self, of: entry).map { Float($0) }
            case .uint16: try elements(UInt16.self, of: entry).map { Float($0) }
            case .uint8: try elements(UInt8.self, of: entry).map { Float($0) }
            case .bool: try elements(UInt8.self, of: entry).map { $0 == 0 ? 0 : 1 }
            case .float8E4M3, .float8E5M2, .complex64:
                throw .wrongType(
                    path: path, name: name, type: entry.type.rawValue, wanted: "F32 or another type that can become F32"
                )
            }
        return Tensor(shape: entry.shape, values: values)
    }

    /// The elements of an array of 64-bit integers, exactly.
    ///
    /// - Throws: ``TensorsError/wrongType(path:name:type:wanted:)``, or as ``tensor(_:)``.
    public func integers(_ name: String) throws(TensorsError) -> [Int64] {
        let entry = try entry(name)
        guard entry.type == .int64 else {
            throw .wrongType(path: path, name: name, type: entry.type.rawValue, wanted: ElementType.int64.rawValue)
        }
        return try elements(Int64.self, of: entry)
    }

    /// The memory of an array of any type, little-endian.
    ///
    /// - Throws: as ``tensor(_:)``.
    public func bytes(_ name: String) throws(TensorsError) -> [UInt8] {
        let entry = try entry(name)
        return try file.read(UInt8.self, count: entry.bytes.count, at: dataStart + entry.bytes.lowerBound)
    }

    private func elements<Element: BitwiseCopyable>(
        _ type: Element.Type, of entry: Entry
    ) throws(TensorsError) -> [Element] {
        try file.read(type, count: entry.shape.count, at: dataStart + entry.bytes.lowerBound)
    }

    // MARK: - Writing

    /// Writes arrays and metadata to a file, whole or not at all (``AtomicFile``).
    ///
    /// The bytes depend only on the content: arrays are sorted by descending element size, then by name, so that
    /// each is aligned, and metadata by name.
    ///
    /// - Parameter isSealed: whether to record a checksum of the file in its metadata.
    /// - Throws: ``TensorsError/cannotWrite(path:code:)``.
    public static func write(
        path: String, _ contents: [Content], metadata: [String: String] = [:], isSealed: Bool = false
    ) throws {
        let sorted = contents.sorted {
            $0.type.byteCount != $1.type.byteCount
                ? $0.type.byteCount > $1.type.byteCount : precedes($0.name, $1.name)
        }
        let header =
            isSealed
            ? SafetensorsSeal.sealed(headerText(of: sorted, metadata: SafetensorsSeal.open(metadata)), sorted)
            : headerText(of: sorted, metadata: metadata)
        try AtomicFile.write(path: path) { output in
            try output.write(elements: [UInt64(header.utf8.count).littleEndian])
            try output.write(header)
            for content in sorted {
                switch content.values {
                case .float32(let values): try output.write(elements: values)
                case .int64(let values): try output.write(elements: values)
                case .uint8(let values): try output.write(values)
                }
            }
        }
    }

    private static func headerText(of contents: [Content], metadata: [String: String]) -> String {
        var names: Set<String> = ["__metadata__"]
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { precedes($0.key, $1.key) }.map { quoted($0) + ":" + quoted($1) }
            members.append("\"__metadata__\":{" + pairs.joined(separator: ",") + "}")
        }
        var offset = 0
        for content in contents {
            precondition(names.insert(content.name).inserted, "two tensors are named '\(content.name)'")
            let end = offset + content.count * content.type.byteCount
            let shape = content.shape.dimensions.map(String.init).joined(separator: ",")
            let name = quoted(content.name)
            let type = content.type.rawValue
            members.append(
                "\(name):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        let text = "{" + members.joined(separator: ",") + "}"
        return text + String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
    }

    /// Order by UTF-8 bytes, independent of the locale.
    private static func precedes(_ first: String, _ second: String) -> Bool {
        first.utf8.lexicographicallyPrecedes(second.utf8)
    }

    private static func quoted(_ text: String) -> String { ConfigNode(text).lineText }
}
