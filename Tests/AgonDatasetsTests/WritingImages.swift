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
