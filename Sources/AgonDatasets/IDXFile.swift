/// Arrays of bytes in the IDX format, plain or gzip: a magic number `0, 0, type, rank`, the extents as big-endian
/// 32-bit numbers, then the values. Format: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
public struct IDXFile: Sendable {
    public let extents: [Int]
    public let values: [UInt8]

    /// The array in a file.
    ///
    /// The sizes in the header are checked against the file size before memory is allocated.
    ///
    /// Throws: `DatasetError.unreadable`, `.badIDX`.
    ///
    /// - Parameter rank: the required rank: 3 for images, 1 for labels.
    public init(path: String, rank: Int) throws {
        func bad(_ reason: String) -> DatasetError { .badIDX(path: path, reason: reason) }
        let stream = try ByteStream(path: path)
        let magic = try stream.read(count: 4)
        guard magic.count == 4 else { throw bad("it ends in its header, after \(magic.count) bytes") }
        guard magic[0] == 0, magic[1] == 0 else {
            if let kind = Self.foreignKind(magic) { throw bad("it is \(kind)") }
            throw bad("it starts with \(magic.map(String.init).joined(separator: " ")), not with 0 0 8 \(rank)")
        }
        guard magic[2] == 8 else {
            let types: [UInt8: String] = [9: "int8", 11: "int16", 12: "int32", 13: "float32", 14: "float64"]
            throw bad("its values are \(types[magic[2]] ?? "of unknown type \(magic[2])"), expected uint8")
        }
        guard Int(magic[3]) == rank else { throw bad("its array has rank \(magic[3]), expected \(rank)") }
        let header = try stream.read(count: 4 * rank)
        guard header.count == 4 * rank else { throw bad("it ends in its header, after \(4 + header.count) bytes") }
        let extents = (0..<rank).map { axis in
            (0..<4).reduce(0) { $0 << 8 | Int(header[4 * axis + $1]) }
        }
        var total = 1
        for extent in extents {
            let (product, overflow) = total.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw bad("its header promises \(Self.text(extents)) values, which overflows") }
            total = product
        }
        guard UInt64(total) <= stream.limit else {
            throw bad("its header promises \(Self.text(extents)) values, more than the file can hold")
        }
        let values = try stream.read(count: total)
        guard values.count == total else {
            throw bad("its header promises \(Self.text(extents)) = \(total) values, but it contains \(values.count)")
        }
        guard try stream.isAtEnd() else {
            throw bad("it contains more than the \(Self.text(extents)) = \(total) values that its header promises")
        }
        self.extents = extents
        self.values = values
    }

    /// What a file with these first bytes is, if it is something that is often saved under another's name.
    private static func foreignKind(_ magic: [UInt8]) -> String? {
        let kinds = [
            ("<", "a web page"), ("vers", "a Git LFS pointer"), ("PK\u{3}\u{4}", "a zip archive"), ("%PDF", "a PDF"),
        ]
        return kinds.first { magic.starts(with: $0.0.utf8) }?.1
    }

    private static func text(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: " x ") }
}

extension StoredImages {
    /// Greyscale images and their labels from a pair of IDX files.
    ///
    /// Throws: `DatasetError.unreadable`, `.badIDX`, `.labelCount`, `.badLabel`.
    ///
    /// - Parameter classNames: the names of the classes; a label without a name is an error. If there are no names, the
    ///   class names are their numbers.
    public static func readIDX(images: String, labels: String?, classNames: [String] = []) throws -> StoredImages {
        let file = try IDXFile(path: images, rank: 3)
        guard file.extents.allSatisfy({ $0 > 0 }) else {
            throw DatasetError.badIDX(path: images, reason: "it contains no images")
        }
        let shape = ImageShape(height: file.extents[1], width: file.extents[2], channels: 1)
        guard let labels else {
            return StoredImages(
                origin: images, shape: shape, pixels: file.values, labels: nil, classNames: [])
        }
        let classes = try IDXFile(path: labels, rank: 1).values
        guard classes.count == file.extents[0] else {
            throw DatasetError.labelCount(path: labels, labels: classes.count, images: file.extents[0])
        }
        let names = classNames.isEmpty ? (0...Int(classes.max() ?? 0)).map(String.init) : classNames
        if let index = classes.firstIndex(where: { Int($0) >= names.count }) {
            throw DatasetError.badLabel(path: labels, index: index, label: Int(classes[index]), classes: names.count)
        }
        return StoredImages(
            origin: images, shape: shape, pixels: file.values, labels: classes.map { Int32($0) },
            classNames: names)
    }
}
