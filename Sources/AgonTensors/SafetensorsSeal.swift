/// The checksum that a safetensors file may contain: the CRC-32C of all its bytes, with the checksum's own eight digits
/// taken as zeros, under a key of the metadata. Other readers of the format see one more metadata entry.
enum SafetensorsSeal {
    static let key = "agon.crc32c"
    private static let zeros = "00000000"
    /// What precedes the digits in a header. Quotes in names are escaped there, so nothing else matches.
    private static let start = Array("\"\(key)\":\"".utf8)

    /// Metadata with a place for the checksum.
    static func open(_ metadata: [String: String]) -> [String: String] {
        metadata.merging([key: zeros]) { $1 }
    }

    /// A header with the checksum in the place that it has for one.
    ///
    /// - Parameter contents: the arrays in the order of the file.
    static func sealed(_ header: String, _ contents: [SafetensorsFile.Content]) -> String {
        var bytes = Array(header.utf8)
        var sum = CRC32C()
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { sum.update($0) }
        sum.update(bytes)
        for content in contents {
            switch content.values {
            case .float32(let values): values.withUnsafeBytes { sum.update($0) }
            case .int64(let values): values.withUnsafeBytes { sum.update($0) }
            case .uint8(let values): sum.update(values)
            }
        }
        guard let place = place(in: bytes) else { preconditionFailure("a header without a place for its checksum") }
        bytes.replaceSubrange(place, with: sum.digits.utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a file is sealed.
    ///
    /// - Parameter header: its bytes, without the length before them.
    /// - Throws: ``TensorsError/malformed(path:format:problem:)`` if the checksum does not match,
    ///   ``TensorsError/cannotRead(path:code:)``.
    static func verify(
        header: [UInt8], metadata: [String: String], in file: InputFile
    ) throws(TensorsError) -> Bool {
        guard let stated = metadata[key] else { return false }
        var sum = CRC32C()
        if let place = place(in: header) {
            var open = header
            open.replaceSubrange(place, with: zeros.utf8)
            withUnsafeBytes(of: UInt64(header.count).littleEndian) { sum.update($0) }
            sum.update(open)
            try file.forEachPiece(from: 8 + header.count) { sum.update($0) }
            if stated == sum.digits { return true }
        }
        throw .malformed(
            path: file.path, format: "safetensors",
            problem: "it is damaged: its checksum is \(sum.digits), not '\(stated)' as recorded")
    }

    /// Where the digits are.
    private static func place(in header: [UInt8]) -> Range<Int>? {
        var from = 0
        while let quote = header[from...].firstIndex(of: start[0]) {
            let digits = quote + start.count
            guard digits + zeros.utf8.count < header.count else { return nil }
            if header[quote..<digits].elementsEqual(start) {
                let end = digits + zeros.utf8.count
                return header[end] == UInt8(ascii: "\"") ? digits..<end : nil
            }
            from = quote + 1
        }
        return nil
    }
}
