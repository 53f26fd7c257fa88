extension StoredImages {
    /// The shape of a CIFAR image.
    static let cifarShape = ImageShape(height: 32, width: 32, channels: 3)

    /// Images of CIFAR-10's binary version: records of one label byte and 3072 pixel bytes, channel by channel.
    /// Format: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and the dataset's homepage.
    ///
    /// Throws: `DatasetError.unreadable`, `.badCIFAR`, `.badLabel`.
    public static func readCIFAR(batches paths: [String], classNames: [String]) throws -> StoredImages {
        let plane = 32 * 32
        let recordBytes = 1 + 3 * plane
        var pixels: [UInt8] = []
        var labels: [Int32] = []
        for path in paths {
            let stream = try ByteStream(path: path)
            var bytes: [UInt8] = []
            // In pieces, because the size of a compressed file says little about that of its contents.
            let piece = 1 << 24
            while bytes.count % piece == 0, case let next = try stream.read(count: piece), !next.isEmpty {
                bytes += next
                // 2³¹ bytes are 700 thousand images.
                guard bytes.count < 1 << 31 else {
                    throw DatasetError.badCIFAR(path: path, reason: "it is too large for a batch of images")
                }
            }
            guard !bytes.isEmpty, bytes.count % recordBytes == 0 else {
                throw DatasetError.badCIFAR(
                    path: path, reason: "its \(bytes.count) bytes are not a multiple of the record size \(recordBytes)")
            }
            pixels.reserveCapacity(pixels.count + bytes.count)
            for record in 0..<bytes.count / recordBytes {
                let start = record * recordBytes
                guard Int(bytes[start]) < classNames.count else {
                    throw DatasetError.badLabel(
                        path: path, index: record, label: Int(bytes[start]), classes: classNames.count)
                }
                labels.append(Int32(bytes[start]))
                for pixel in start + 1..<start + 1 + plane {
                    pixels.append(bytes[pixel])
                    pixels.append(bytes[pixel + plane])
                    pixels.append(bytes[pixel + 2 * plane])
                }
            }
        }
        let origin = paths.count == 1 ? paths[0] : "\(paths.first ?? "") and \(paths.count - 1) more"
        return StoredImages(
            origin: origin, shape: cifarShape, pixels: pixels, labels: labels, classNames: classNames)
    }
}
