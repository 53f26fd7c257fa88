import AgonDatasets
import AgonTestFiles

extension TemporaryFolder {
    /// Writes an image of one value.
    @discardableResult
    func writeImage(
        _ name: String, value: UInt8, height: Int = 2, width: Int = 2, channels: Int = 3
    ) throws -> String {
        let file = try write([], to: name)
        let shape = ImageShape(height: height, width: width, channels: channels)
        try ImageFile.writePNG(
            Image(shape: shape, pixels: [UInt8](repeating: value, count: shape.count)), path: file)
        return file
    }
}

/// Bytes of an IDX file.
func idx(_ extents: [Int], _ values: [UInt8], type: UInt8 = 8, rank: Int? = nil) -> [UInt8] {
    [0, 0, type, UInt8(rank ?? extents.count)]
        + extents.flatMap { extent in (0..<4).map { UInt8(truncatingIfNeeded: extent >> (24 - 8 * $0)) } } + values
}
